/** Equations that stand for a program are replaced by it. */
import { invariant } from '../base/errors.ts';
import type { ControlLowering, Lowering } from '../ir/lowering.ts';
import { type Eqn, lookup, makeVar, type Program, type Var } from '../ir/program.ts';
import { verify } from '../ir/verify.ts';
import { controlForGpu } from './gpu-control.ts';
import type { Target } from './plan.ts';
import { isPacked, widened } from './widen-steps.ts';

/**
 * The program without calls. Loops and branches stay, in the form that the device can run: their programs are
 * compiled on their own.
 */
export function inlineCalls(program: Program, target: Target): Program {
  const isCall = (eqn: Eqn): boolean => {
    const lowering = lowered(eqn);
    return (
      lowering.kind === 'call' ||
      (lowering.kind === 'steps' && isPacked(eqn)) ||
      (target.device === 'webgpu' && isControl(lowering))
    );
  };
  if (!program.eqns.some(isCall)) return program;
  const inliner = new Inliner(target, new Set(program.inputs));
  const place = new Map<Var, Var>(program.inputs.map((variable) => [variable, variable]));
  inliner.write(program, place, undefined);
  const outputs = program.outputs.map((variable) => lookup(place, variable));
  return verify({ inputs: program.inputs, eqns: inliner.eqns, outputs });
}

const lowered = ({ primitive, inputs, params, outputs }: Eqn): Lowering =>
  primitive.lower(
    inputs.map((v) => v.aval),
    params,
    outputs.map((v) => v.aval),
  );

const isControl = (lowering: Lowering): lowering is ControlLowering =>
  lowering.kind === 'repeat' || lowering.kind === 'while' || lowering.kind === 'branch';

class Inliner {
  readonly eqns: Eqn[] = [];
  #regions = 0;
  readonly #target: Target;
  readonly #inputs: ReadonlySet<Var>;

  constructor(target: Target, inputs: ReadonlySet<Var>) {
    this.#target = target;
    this.#inputs = inputs;
  }

  /** Appends the equations; `place` says which variable each of the program's is, and learns the new ones. */
  write(program: Program, place: Map<Var, Var>, region: number | undefined): void {
    for (const eqn of program.eqns) {
      const inputs = eqn.inputs.map((variable) => lookup(place, variable));
      const lowering = this.#forTarget(eqn, lowered(eqn), inputs);
      if (lowering.kind !== 'call') {
        this.#copy(eqn, inputs, place, region);
        continue;
      }
      const own = lowering.isApart ? ++this.#regions : region;
      const inner = new Map<Var, Var>();
      lowering.program.inputs.forEach((variable, i) => {
        const input = inputs[i];
        invariant(input !== undefined, `${eqn.primitive.name} passes too few operands`);
        inner.set(variable, input);
      });
      this.write(lowering.program, inner, own);
      eqn.outputs.forEach((variable, i) => {
        const output = lowering.program.outputs[i];
        invariant(output !== undefined, `${eqn.primitive.name} has too few results`);
        place.set(variable, lookup(inner, output));
      });
    }
  }

  #forTarget(eqn: Eqn, lowering: Lowering, inputs: readonly Var[]): Lowering {
    if (lowering.kind === 'steps' && isPacked(eqn)) {
      return { kind: 'call', program: widened(eqn), isApart: false };
    }
    if (this.#target.device !== 'webgpu' || !isControl(lowering)) return lowering;
    if (lowering.kind === 'repeat' && lowering.isIndexed) return lowering;
    const isShared = inputs.map(
      (v) => this.#inputs.has(v) || inputs.indexOf(v) < inputs.lastIndexOf(v),
    );
    return { kind: 'call', program: controlForGpu(eqn, lowering, isShared), isApart: false };
  }

  #copy(eqn: Eqn, inputs: Var[], place: Map<Var, Var>, region: number | undefined): void {
    const outputs = eqn.outputs.map((variable) => makeVar(variable.aval));
    eqn.outputs.forEach((variable, i) => {
      const output = outputs[i];
      if (output !== undefined) place.set(variable, output);
    });
    const copy = { ...eqn, inputs, outputs };
    this.eqns.push(region === undefined ? copy : { ...copy, region });
  }
}
