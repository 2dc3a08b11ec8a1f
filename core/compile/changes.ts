/**
 * Which arrays are changed where they lie: an equation that changes a few elements of an array that nobody
 * needs afterwards writes those alone. All that reads the array as it was must run before.
 */
import { sizeOf } from '../base/aval.ts';
import { isStorageType } from '../base/dtype.ts';
import type { Lowering } from '../ir/lowering.ts';
import type { Eqn, Program, Var } from '../ir/program.ts';
import { heldCarries, type PlanOf } from './build-control.ts';
import { EqnOrder } from './eqn-order.ts';
import type { Target } from './plan.ts';

/** The result of {@link planChanges}. */
export interface Changes {
  /** The program with its equations in an order in which arrays are read before they are changed. */
  readonly program: Program;
  /** An array after a change → the same memory before it. */
  readonly before: ReadonlyMap<Var, Var>;
  /** Output → the input in whose memory it ends up. */
  readonly held: ReadonlyMap<number, number>;
}

/** What is known about a program. */
export interface ChangeOptions {
  readonly target: Target;
  /** Compiles the bodies of loops. */
  readonly planOf: PlanOf;
  /** True if the output may end up in the memory of the input. */
  readonly mayHold: (input: number, output: number) => boolean;
  /** Changed arrays for which it turned out not to work. */
  readonly refused: ReadonlySet<Var>;
}

/** An equation that could make a result by changing an operand. */
interface Wish {
  readonly eqn: Eqn;
  readonly from: Var;
  /** True if the operand is in memory whatever happens. */
  readonly isWritten: boolean;
}

/** A change pays if at least so many times more stays than changes, in an array at least so long. */
const stays = 4;
const longArray = { js: 4096, wasm: 4096, webgpu: 65536 };

/** Decides about the changes in a program. */
export function planChanges(program: Program, options: ChangeOptions): Changes {
  const wishes = findWishes(program, options);
  const { held, chained } = holdInputs(program, wishes, options);
  if (wishes.size === 0) return { program, before: new Map(), held };
  const order = new EqnOrder(program.eqns);
  const before = new Map<Var, Var>();
  for (const [to, { eqn, from, isWritten }] of wishes) {
    const isInner = !program.inputs.includes(from) && (isWritten || before.has(from));
    if (!isInner && !chained.has(to)) continue;
    const isPossible = !program.outputs.includes(from) && order.runLast(eqn, from);
    if (isPossible) before.set(to, from);
    // An input is overwritten only if all the changes up to the output are made in its place.
    else if (chained.has(to)) {
      return planChanges(program, { ...options, refused: new Set([...options.refused, to]) });
    }
  }
  const eqns = order.eqns();
  return { program: eqns === program.eqns ? program : { ...program, eqns }, before, held };
}

/** The outputs that are made by changing an input, or are one, and the changes on the way. */
function holdInputs(
  { inputs, outputs }: Program,
  wishes: ReadonlyMap<Var, Wish>,
  { mayHold, target }: ChangeOptions,
): { readonly held: ReadonlyMap<number, number>; readonly chained: ReadonlySet<Var> } {
  const held = new Map<number, number>();
  const chained = new Set<Var>();
  const taken = new Set<Var>();
  outputs.forEach((output, k) => {
    if (!canChange(target) || outputs.indexOf(output) < k) return;
    const chain: Var[] = [];
    let root = output;
    for (let wish = wishes.get(root); wish !== undefined; wish = wishes.get(root)) {
      chain.push(root);
      root = wish.from;
    }
    const input = inputs.indexOf(root);
    if (input < 0 || taken.has(root) || !mayHold(input, k)) return;
    taken.add(root);
    held.set(k, input);
    for (const variable of chain) chained.add(variable);
  });
  return { held, chained };
}

/** The reference runs one kernel per equation, each with a result of its own. */
const canChange = ({ fuse, device }: Target): boolean => fuse && device !== 'js';

function findWishes({ eqns }: Program, options: ChangeOptions): ReadonlyMap<Var, Wish> {
  const wishes = new Map<Var, Wish>();
  if (!canChange(options.target)) return wishes;
  const isWritten = new Set<Var>();
  for (const eqn of eqns) {
    const avals = eqn.inputs.map((v) => v.aval);
    const lowering = eqn.primitive.lower(
      avals,
      eqn.params,
      eqn.outputs.map((v) => v.aval),
    );
    if (lowering.kind !== 'map' && lowering.kind !== 'dot') {
      for (const variable of eqn.outputs) isWritten.add(variable);
    }
    for (const [result, operand] of changesOf(eqn, lowering, options)) {
      const [to, from] = [eqn.outputs[result], eqn.inputs[operand]];
      if (to === undefined || from === undefined || options.refused.has(to)) continue;
      const isOnce = eqn.inputs.indexOf(from) === eqn.inputs.lastIndexOf(from);
      if (!isOnce || sizeOf(to.aval.shape) === 0) continue;
      // Steps read what is in memory; a change by a map could also be computed together with its operand.
      wishes.set(to, { eqn, from, isWritten: lowering.kind !== 'map' || isWritten.has(from) });
    }
  }
  return wishes;
}

/** Results that the equation can make by changing an operand: positions of both. */
function changesOf(
  { inputs }: Eqn,
  lowering: Lowering,
  { target, planOf }: ChangeOptions,
): (readonly [number, number])[] {
  switch (lowering.kind) {
    case 'steps':
      return lowering.startsFrom === undefined ? [] : [[0, lowering.startsFrom]];
    case 'map': {
      const { change } = lowering;
      const [x, update] = inputs.map(({ aval }) => aval);
      if (change?.startsFrom === undefined || x === undefined || update === undefined) return [];
      const [all, some] = [sizeOf(x.shape), sizeOf(update.shape)];
      // Elements of a word cannot be written one by one.
      const isWhole = !target.writesWords || !isStorageType(x.dtype);
      const pays = all >= stays * some && all >= longArray[target.device];
      return isWhole && pays ? [[0, change.startsFrom]] : [];
    }
    case 'repeat':
    case 'while':
      return heldCarries(lowering, planOf).map(({ result, operand }) => [result, operand]);
    default:
      return [];
  }
}
