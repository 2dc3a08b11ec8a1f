/** Loops of known length. */
import { showAval } from '../../core/base/aval.ts';
import { flatten, type Structure } from '../../core/base/pytree.ts';
import { staged } from '../../core/host/runtime.ts';
import { inline } from '../../core/ir/interpret.ts';
import type { Program } from '../../core/ir/program.ts';
import { traceClosed } from '../../core/ir/trace.ts';
import type { Value, ValueLike } from '../../core/ir/value.ts';
import { concatenate, reshape, slice } from '../../core/primitives/index.ts';
import { labelOf } from '../label.ts';
import { type AnyFunction, call } from '../stage.ts';
import type { Output } from '../types.ts';
import { itemAt } from '../values.ts';
import { type Body, checkCarry, leavesOf, settleCarry, stageBody } from './body.ts';
import { needsCarryPair, scanLength } from './errors.ts';
import { cut } from './lists.ts';
import { bindScan } from './scan-primitive.ts';
import type { Arrays, ArraysLike } from './types.ts';

/** How a loop of known length runs. */
export interface ScanOptions {
  /** The number of turns; needed if there is nothing to run over. */
  readonly length?: number;
  /** Starts with the last slice; results are stacked where their slice was. */
  readonly reverse?: boolean;
  /** Turns that are written out one after the other in one turn of the loop; true for all. Default: 1. */
  readonly unroll?: number | boolean;
}

/**
 * The last carry and all outputs of a loop over slices along axis 0.
 *
 * @param f - One turn: from the carry and one slice of `xs` to the next carry and an output.
 * @param init - The first carry, a tree. Plain numbers take the type in which they come back.
 * @param xs - A tree of arrays dtype[length, …]; null if there is nothing to run over.
 * @returns `[carry, outputs]`, where every output dtype[…] of a turn became a stack dtype[length, …].
 * @throws `carry-mismatch`, `scan-needs-pair`, `scan-length`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.lax.scan.html
 * @example
 * const [total, sums] = lax.scan((c: np.Array, x: np.Array) => [c.add(x), c.add(x)], 0, np.ones([8]));
 */
export function scan<X, Y extends Output>(
  f: (carry: Value, x: Arrays<X>) => readonly [carry: ValueLike, output: Y],
  init: ValueLike,
  xs: X,
  options?: ScanOptions,
): [carry: Value, outputs: Arrays<Y>];
export function scan<C, X, Y extends Output>(
  f: (carry: Arrays<C>, x: Arrays<X>) => readonly [carry: ArraysLike<C>, output: Y],
  init: C,
  xs: X,
  options?: ScanOptions,
): [carry: Arrays<C>, outputs: Arrays<Y>];
export function scan(
  f: AnyFunction,
  init: unknown,
  xs: unknown,
  options: ScanOptions = {},
): [carry: unknown, outputs: unknown] {
  const label = `scan of ${labelOf(f)}`;
  const slices = leavesOf(label, xs, 2);
  const length = lengthOf(label, slices.values, slices.structure, options.length);
  const first = leavesOf(label, init, 1);
  const sliceAvals = slices.values.map(({ aval }) => ({ ...aval, shape: aval.shape.slice(1) }));
  const stageWith = (avals: readonly Value['aval'][]) => {
    const body = stageBody(
      label,
      (...trees: readonly unknown[]) => checkedPair(label, call(f, trees)),
      [first.structure, slices.structure],
      [...avals, ...sliceAvals],
    );
    const carried = body.outTree.children[0];
    const returned = body.program.outputs.slice(0, carried?.size ?? 0).map((v) => v.aval);
    return { body, returned };
  };
  const { values: init0, body } = settleCarry(first.values, stageWith);
  const [carryTree, outTree] = [body.outTree.child(0), body.outTree.child(1)];
  checkCarry(
    label,
    first.structure,
    init0.map((value) => value.aval),
    {
      structure: carryTree,
      avals: body.program.outputs.slice(0, carryTree.size).map((v) => v.aval),
    },
  );
  const results = runTurns(body, init0, slices.values, length, options);
  const [last, stacks] = cut(results, [init0.length]);
  return [carryTree.unflatten(last), outTree.unflatten(stacks)];
}

function checkedPair(label: string, result: unknown): unknown {
  if (Array.isArray(result) && result.length === 2) return result;
  throw needsCarryPair(label, flatten(result).structure.toString());
}

function lengthOf(
  label: string,
  stacks: readonly Value[],
  structure: Structure,
  given: number | undefined,
): number {
  const name = (i: number): string => {
    const path = structure.paths()[i] ?? '';
    const where = path === '' ? 'xs' : `xs at '${path}'`;
    return `${where} is ${showAval(itemAt(stacks, i).aval)}`;
  };
  const scalar = stacks.findIndex(({ ndim }) => ndim === 0);
  if (scalar !== -1) throw scanLength(label, `${name(scalar)}, which has no axis to run over`);
  const length = given ?? stacks[0]?.shape[0];
  if (length === undefined) throw scanLength(label, 'neither xs nor length says how long it is');
  const odd = stacks.findIndex(({ shape }) => shape[0] !== length);
  if (odd === -1) return length;
  const expected = given === undefined ? name(0) : `length is ${given}`;
  throw scanLength(label, `${expected}, but ${name(odd)}`);
}

/** The loop, with some turns written out if so asked. */
function runTurns(
  { program, consts }: Body,
  init: readonly Value[],
  stacks: readonly Value[],
  length: number,
  { reverse = false, unroll = 1 }: ScanOptions,
): Value[] {
  const carries = init.length;
  const params = { length, reverse, consts: consts.length, carries };
  const wanted =
    unroll === true ? length : Math.max(1, Math.min(length, Math.floor(Number(unroll))));
  if (wanted <= 1) return bindScan([...consts, ...init, ...stacks], { ...params, body: program });
  return staged('scan', [...consts, ...init, ...stacks], (inputs) => {
    const [c, k, x] = cut(inputs, [consts.length, carries]);
    return unrolled({ program, turns: wanted, consts: c, init: k, stacks: x, length, reverse });
  });
}

interface Unrolled {
  readonly program: Program;
  readonly turns: number;
  readonly consts: readonly Value[];
  readonly init: readonly Value[];
  readonly stacks: readonly Value[];
  readonly length: number;
  readonly reverse: boolean;
}

/** A loop over blocks of turns; what is left over at the end is written out. */
function unrolled({ program, turns, consts, init, stacks, length, reverse }: Unrolled): Value[] {
  const whole = length - (length % turns);
  const rest = length - whole;
  // The turns that are left over are the last to run.
  const [blockStart, restStart] = reverse ? [rest, 0] : [0, whole];
  const carries = init.length;
  const body = traceClosed(
    (inputs) => {
      const [c, k, blocks] = cut(inputs, [consts.length, carries]);
      return writtenOut(program, c, k, blocks, turns, reverse);
    },
    [
      ...[...consts, ...init].map((v) => v.aval),
      ...stacks.map(({ aval }) => ({ ...aval, shape: [turns, ...aval.shape.slice(1)] })),
    ],
    'scan',
  );
  const blocks = stacks.map((stack) =>
    reshape(part(stack, blockStart, whole), [whole / turns, turns, ...stack.shape.slice(1)]),
  );
  const params = { length: whole / turns, reverse, consts: consts.length, carries, body };
  const [middle, written] = cut(bindScan([...consts, ...init, ...blocks], params), [carries]);
  const stacked = written.map((y) => reshape(y, [whole, ...y.shape.slice(2)]));
  if (rest === 0) return [...middle, ...stacked];
  const ends = stacks.map((stack) => part(stack, restStart, rest));
  const [last, extra] = cut(writtenOut(program, consts, middle, ends, rest, reverse), [carries]);
  const joined = stacked.map((y, i) => {
    const end = itemAt(extra, i);
    return concatenate(reverse ? [end, y] : [y, end], 0);
  });
  return [...last, ...joined];
}

const part = (stack: Value, start: number, length: number): Value =>
  slice(
    stack,
    [start, ...stack.shape.slice(1).map(() => 0)],
    [start + length, ...stack.shape.slice(1)],
  );

/** Some turns one after the other: the last carries and the stacked outputs. */
function writtenOut(
  program: Program,
  consts: readonly Value[],
  init: readonly Value[],
  stacks: readonly Value[],
  turns: number,
  reverse: boolean,
): Value[] {
  let carry = init;
  const rows: Value[][] = [];
  for (let turn = 0; turn < turns; turn++) {
    const position = reverse ? turns - 1 - turn : turn;
    const slices = stacks.map((stack) => reshape(part(stack, position, 1), stack.shape.slice(1)));
    const [next, outputs] = cut(inline(program, [...consts, ...carry, ...slices]), [init.length]);
    carry = next;
    rows[position] = outputs;
  }
  const stacked = (rows[0] ?? []).map((_, k) =>
    concatenate(
      rows.map((row) => {
        const value = itemAt(row, k);
        return reshape(value, [1, ...value.shape]);
      }),
      0,
    ),
  );
  return [...carry, ...stacked];
}
