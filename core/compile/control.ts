/** Control flow in a plan: steps that run the steps of other plans, as the host decides. */
import { type Aval, range } from '../base/aval.ts';
import type { KernelBuffer } from './kernel.ts';
import type { Plan } from './plan.ts';

/**
 * A loop of known length. Each turn runs `body`, whose inputs are constants, carries and one slice of each
 * stack, and whose outputs are carries and one slice of each stack. Slices are read and written where
 * they lie; a carry alternates between two places so that the last turn writes it where it belongs. But the
 * carries that the body changes where they lie (`body.changed`) are in their last place from the beginning.
 *
 * Buffers: constants, first carries, stacks that are read; last carries, stacks that are written; then, if
 * there is more than one turn, a second place for each carry that moves; then, if it needs one, the body's arena.
 */
export interface Repeat {
  readonly kind: 'repeat';
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  readonly body: Plan;
  readonly count: number;
  readonly consts: number;
  readonly carries: number;
  /** Stacks that are read. */
  readonly reads: number;
  /** Stacks that are written. */
  readonly writes: number;
  readonly isReversed: boolean;
  /** True on GPUs: the body is given the whole of the stacks that it writes and knows where it is. */
  readonly isIndexed: boolean;
}

/**
 * A loop that ends when `condition` gives 0.
 *
 * Buffers: constants of the condition, constants of the body, first carries; last carries; a second place
 * for each carry that moves, as in {@link Repeat}; the condition's result; then, if one is needed, the arena.
 */
export interface While {
  readonly kind: 'while';
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  readonly condition: Plan;
  readonly body: Plan;
  readonly conditionConsts: number;
  readonly bodyConsts: number;
  readonly carries: number;
  /** Most turns; null: as many as it takes. */
  readonly bound: number | null;
}

/**
 * One of several plans. Buffers: index, operands of the plans; their results; then, if one is needed, the
 * arena.
 */
export interface Branch {
  readonly kind: 'branch';
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  readonly branches: readonly Plan[];
}

/** A call of a function on the host. Buffers: the flag if it is guarded, operands; results. */
export interface HostCall {
  readonly kind: 'host';
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  /** Which of the functions that the program is run with. */
  readonly call: number;
  /** True: the first buffer says whether it is called. */
  readonly isGuarded: boolean;
  readonly operands: readonly Aval[];
  readonly results: readonly Aval[];
}

/** Which carries move between two places: their positions among the carries. */
export const movingCarries = ({ changed }: Plan, carries: number): number[] =>
  range(carries).filter((k) => changed?.has(k) !== true);

/** What the host runs between launches. */
export type Control = Repeat | While | Branch | HostCall;
