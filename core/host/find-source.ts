/** Where a value that is no number came from: the program once more, equation by equation. */
import { type Aval, showAval, sizeOf, stridesOf } from '../base/aval.ts';
import { isFloat, type TypedArray } from '../base/dtype.ts';
import type { EnerjaxError } from '../base/errors.ts';
import { fromRaw } from '../base/half.ts';
import type { HostData } from '../ir/host-function.ts';
import type {
  BranchLowering,
  ControlLowering,
  RepeatLowering,
  WhileLowering,
} from '../ir/lowering.ts';
import { type Eqn, lookup, type Program, type Var } from '../ir/program.ts';
import type { Checks } from './checks.ts';
import { badResult, badValue } from './errors.ts';

/** Runs a program on elements on the host. */
export type RunOnHost = (program: Program, inputs: readonly HostData[]) => readonly HostData[];

/** The position of the first element that the checks refuse, or −1. */
export function firstBad({ nans, infs }: Checks, aval: Aval, raw: TypedArray): number {
  if (!isFloat(aval.dtype)) return -1;
  const data = fromRaw(raw, aval.dtype);
  for (let i = 0; i < data.length; i++) {
    const x = data[i] ?? 0;
    if ((nans && Number.isNaN(x)) || (infs && (x === Infinity || x === -Infinity))) return i;
  }
  return -1;
}

/** The error that names the first equation that makes such a value of operands without one. */
export function sourceError(
  program: Program,
  inputs: readonly HostData[],
  checks: Checks,
  run: RunOnHost,
): EnerjaxError {
  const search = new Search(checks, run);
  return search.inProgram(program, inputs, '').error ?? badResult(kindOf(checks));
}

const kindOf = ({ nans, infs }: Checks): string =>
  nans && infs ? 'NaN or infinity' : nans ? 'NaN' : 'infinity';

interface Found {
  readonly outputs: readonly HostData[];
  readonly error: EnerjaxError | null;
}

class Search {
  readonly #checks: Checks;
  readonly #run: RunOnHost;

  constructor(checks: Checks, run: RunOnHost) {
    this.#checks = checks;
    this.#run = run;
  }

  /** @param where - In which turn or branch, for the message. */
  inProgram(program: Program, inputs: readonly HostData[], where: string): Found {
    const env = new Map<Var, HostData>();
    program.inputs.forEach((variable, i) => {
      const input = inputs[i];
      if (input !== undefined) env.set(variable, input);
    });
    for (const eqn of program.eqns) {
      const operands = eqn.inputs.map((variable) => lookup(env, variable));
      const { outputs, error } = this.#inEqn(eqn, operands, where);
      if (error !== null) return { outputs, error };
      eqn.outputs.forEach((variable, i) => {
        const output = outputs[i];
        if (output !== undefined) env.set(variable, output);
      });
    }
    return { outputs: program.outputs.map((variable) => lookup(env, variable)), error: null };
  }

  #isBad = ({ aval, data }: HostData): boolean => firstBad(this.#checks, aval, data) !== -1;

  #inEqn(eqn: Eqn, operands: readonly HostData[], where: string): Found {
    const alone = { inputs: eqn.inputs, eqns: [eqn], outputs: eqn.outputs };
    const distinct = [...new Set(eqn.inputs)];
    const given = distinct.map((variable) => operands[eqn.inputs.indexOf(variable)]);
    const outputs = this.#run(
      { ...alone, inputs: distinct },
      given.filter((operand) => operand !== undefined),
    );
    const bad = outputs.findIndex(this.#isBad);
    if (bad === -1 || operands.some(this.#isBad)) return { outputs, error: null };
    const inside = this.#inside(eqn, operands, where);
    return { outputs, error: inside ?? this.#describe(eqn, operands, outputs, bad, where) };
  }

  /** The error of an equation inside the programs that this one runs, if that is where it comes from. */
  #inside(eqn: Eqn, operands: readonly HostData[], where: string): EnerjaxError | null {
    const lowering = eqn.primitive.lower(
      eqn.inputs.map((v) => v.aval),
      eqn.params,
      eqn.outputs.map((v) => v.aval),
    );
    if (lowering.kind === 'call') return this.inProgram(lowering.program, operands, where).error;
    const isControl =
      lowering.kind === 'repeat' || lowering.kind === 'while' || lowering.kind === 'branch';
    return isControl ? this.#inControl(lowering, operands, where) : null;
  }

  #inControl(
    lowering: ControlLowering,
    operands: readonly HostData[],
    where: string,
  ): EnerjaxError | null {
    switch (lowering.kind) {
      case 'repeat':
        return this.#inRepeat(lowering, operands, where);
      case 'while':
        return this.#inWhile(lowering, operands, where);
      case 'branch':
        return this.#inBranch(lowering, operands, where);
    }
  }

  #inRepeat(
    { body, count, consts, carries, isReversed }: RepeatLowering,
    operands: readonly HostData[],
    where: string,
  ): EnerjaxError | null {
    const stacks = operands.slice(consts + carries);
    let carry = operands.slice(consts, consts + carries);
    for (let turn = 0; turn < count; turn++) {
      const position = isReversed ? count - 1 - turn : turn;
      const slices = stacks.map((stack) => sliceAt(stack, position));
      const inputs = [...operands.slice(0, consts), ...carry, ...slices];
      const { outputs, error } = this.inProgram(
        body,
        inputs,
        `${where}, in turn ${turn} of a loop`,
      );
      if (error !== null) return error;
      carry = outputs.slice(0, carries);
    }
    return null;
  }

  #inWhile(
    { condition, body, conditionConsts, bodyConsts, bound }: WhileLowering,
    operands: readonly HostData[],
    where: string,
  ): EnerjaxError | null {
    const forTest = operands.slice(0, conditionConsts);
    const forBody = operands.slice(conditionConsts, conditionConsts + bodyConsts);
    let carry = operands.slice(conditionConsts + bodyConsts);
    for (let turn = 0; turn < (bound ?? Number.POSITIVE_INFINITY); turn++) {
      const inTurn = `${where}, in turn ${turn} of a loop`;
      const test = this.inProgram(condition, [...forTest, ...carry], inTurn);
      if (test.error !== null || test.outputs[0]?.data[0] === 0) return test.error;
      const { outputs, error } = this.inProgram(body, [...forBody, ...carry], inTurn);
      if (error !== null) return error;
      carry = [...outputs];
    }
    return null;
  }

  #inBranch(
    { branches }: BranchLowering,
    [index, ...operands]: readonly HostData[],
    where: string,
  ): EnerjaxError | null {
    const chosen = index?.data[0] ?? 0;
    const branch = branches[chosen];
    if (branch === undefined) return null;
    return this.inProgram(branch, operands, `${where}, in branch ${chosen}`).error;
  }

  #describe(
    eqn: Eqn,
    operands: readonly HostData[],
    outputs: readonly HostData[],
    bad: number,
    where: string,
  ): EnerjaxError {
    const output = outputs[bad];
    if (output === undefined) return badResult(kindOf(this.#checks));
    const at = firstBad(this.#checks, output.aval, output.data);
    const value = String(fromRaw(output.data, output.aval.dtype)[at]);
    const place = `${showAval(output.aval)}${positionOf(at, output.aval)}`;
    const from = operands
      .map(({ aval, data: raw }) => {
        const data = fromRaw(raw, aval.dtype);
        const isAlike = aval.shape.join() === output.aval.shape.join();
        const x = isAlike ? data[at] : data.length === 1 ? data[0] : undefined;
        return x === undefined ? showAval(aval) : String(x);
      })
      .join(', ');
    return badValue.at({ site: eqn.site }, eqn.primitive.name, value, place, from, where);
  }
}

function positionOf(index: number, { shape }: Aval): string {
  if (shape.length === 0) return '';
  const strides = stridesOf(shape);
  const position = shape.map((size, axis) => Math.floor(index / (strides[axis] ?? 1)) % size);
  return ` at [${position.join(', ')}]`;
}

function sliceAt({ aval, data }: HostData, position: number): HostData {
  const shape = aval.shape.slice(1);
  const size = sizeOf(shape);
  return { aval: { ...aval, shape }, data: data.slice(position * size, (position + 1) * size) };
}
