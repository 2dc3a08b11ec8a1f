/**
 * Big arrays that are cheap to compute and idle for long are computed again where they are needed next,
 * instead of being kept: what lies between a forward and its backward pass is mostly such arrays.
 */
import { sizeOf } from '../base/aval.ts';
import { bytesOf } from '../base/dtype.ts';
import { type Eqn, lookup, makeVar, type Program, type Var } from '../ir/program.ts';
import { verify } from '../ir/verify.ts';
import type { ArrayNode } from './graph.ts';

/** Arrays from this size on are worth the trouble. */
const bigBytes = 16 * 2 ** 20;
/** Arrays up to this size may live longer so that a big one need not. */
const smallBytes = 2 ** 20;
/** Price per element up to which an array is cheap to compute. */
const cheap = 24;
/** Equations between two uses, at least, as a share of the program. */
const idleShare = 1 / 8;
/** Equations that are computed again for one array, at most. */
const maxChain = 12;

const bytes = ({ aval }: Var): number => sizeOf(aval.shape) * bytesOf(aval.dtype);

/** The program with big, idle arrays computed again; the very same one if it has none. */
export function rematerialise(program: Program, nodeOf: ReadonlyMap<Var, ArrayNode>): Program {
  const isCheap = (variable: Var): boolean => {
    const origin = nodeOf.get(variable)?.origin;
    return origin?.kind === 'map' && !origin.facts.reduces && origin.facts.cost <= cheap;
  };
  const candidates = program.eqns
    .flatMap((eqn) => eqn.outputs)
    .filter((variable) => bytes(variable) >= bigBytes && isCheap(variable));
  if (candidates.length === 0) return program;
  const rewriter = new Rewriter(program, isCheap);
  for (const variable of candidates) rewriter.shorten(variable);
  return verify(rewriter.program());
}

class Rewriter {
  #eqns: Eqn[];
  readonly #program: Program;
  readonly #isCheap: (variable: Var) => boolean;
  readonly #inputs: ReadonlySet<Var>;

  constructor(program: Program, isCheap: (variable: Var) => boolean) {
    this.#program = program;
    this.#eqns = [...program.eqns];
    this.#isCheap = isCheap;
    this.#inputs = new Set(program.inputs);
  }

  program(): Program {
    return { ...this.#program, eqns: this.#eqns };
  }

  /** Splits the uses of an array at its longest pause, if it can be computed again after it. */
  shorten(variable: Var): void {
    const uses = this.#usesOf(variable);
    let [pause, resume] = [0, 0];
    for (let i = 1; i < uses.length; i++) {
      const gap = (uses[i] ?? 0) - (uses[i - 1] ?? 0);
      if (gap > pause) [pause, resume] = [gap, uses[i] ?? 0];
    }
    // A result has to be kept in any case.
    if (pause < idleShare * this.#eqns.length || uses.includes(this.#eqns.length)) return;
    const chain = this.#chain(variable, resume, new Set());
    if (chain === null || chain.size > maxChain) return;
    const inOrder = this.#eqns.filter((eqn) => chain.has(eqn));
    const twins = new Map<Var, Var>();
    const clones = inOrder.map((eqn) => cloneOf(eqn, twins));
    const twin = lookup(twins, variable);
    const later = this.#eqns.slice(resume).map((eqn) => ({
      ...eqn,
      inputs: eqn.inputs.map((input) => (input === variable ? twin : input)),
    }));
    this.#eqns = [...this.#eqns.slice(0, resume), ...clones, ...later];
  }

  /** Positions of the equations that read the array, and the program's end if it is a result. */
  #usesOf(variable: Var): number[] {
    const uses = this.#eqns.flatMap((eqn, i) => (eqn.inputs.includes(variable) ? [i] : []));
    return this.#program.outputs.includes(variable) ? [...uses, this.#eqns.length] : uses;
  }

  /** The equations that compute an array from what is there at `position` anyway; null if that is too much. */
  #chain(variable: Var, position: number, chain: Set<Eqn>): Set<Eqn> | null {
    const eqn = this.#eqns.find(({ outputs }) => outputs.includes(variable));
    if (eqn === undefined || chain.size > maxChain) return null;
    chain.add(eqn);
    for (const operand of eqn.inputs) {
      if (this.#isThere(operand, position)) continue;
      if (!this.#isCheap(operand) || this.#chain(operand, position, chain) === null) return null;
    }
    return chain;
  }

  #isThere(operand: Var, position: number): boolean {
    if (this.#inputs.has(operand) || bytes(operand) <= smallBytes) return true;
    return (this.#usesOf(operand).at(-1) ?? -1) >= position;
  }
}

/** The equation on the twins of its operands, with twins of its results. */
function cloneOf(eqn: Eqn, twins: Map<Var, Var>): Eqn {
  const inputs = eqn.inputs.map((input) => twins.get(input) ?? input);
  const outputs = eqn.outputs.map((output) => {
    const twin = makeVar(output.aval);
    twins.set(output, twin);
    return twin;
  });
  return { ...eqn, inputs, outputs };
}
