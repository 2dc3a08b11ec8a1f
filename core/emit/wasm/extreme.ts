/**
 * The greatest or least of many floats, four at a time. The instruction for that takes several of the
 * processor's, for NaN and for zeros of both signs; here those are taken note of on the way and seen to once.
 */
import type { ReduceExpr } from '../../ir/expr.ts';
import type { Emitter } from './emitter.ts';
import { f32x4, i32Const, i32x4, localGet, localSet, v128 } from './opcodes.ts';

/** True for reductions that this is for. */
export const isExtreme = ({ op, dtype }: ReduceExpr): boolean =>
  dtype === 'float32' && (op === 'max' || op === 'min');

/** What the vectors of one reduction have in common besides their extremes. */
export class Extreme {
  readonly #emitter: Emitter;
  readonly #isMax: boolean;
  /** Ones in lanes that have met NaN. */
  readonly #invalid: number;
  /** Greatest: bits that all elements have. Least: bits that any element has. The sign bit counts. */
  readonly #bits: number;

  constructor(emitter: Emitter, { op }: ReduceExpr) {
    this.#emitter = emitter;
    this.#isMax = op === 'max';
    this.#invalid = emitter.local('v128');
    this.#bits = emitter.local('v128');
    emitter.constantVector(0, 'int32');
    emitter.emit(localSet(this.#invalid));
    emitter.constantVector(this.#isMax ? -1 : 0, 'int32');
    emitter.emit(localSet(this.#bits));
  }

  /** Takes in a vector that `push` leaves on the stack. */
  take(total: number, push: () => void): void {
    const emitter = this.#emitter;
    const value = emitter.local('v128');
    push();
    emitter.emit(localSet(value));
    emitter.emit(localGet(total), localGet(value), this.#isMax ? f32x4.pmax : f32x4.pmin);
    emitter.emit(localSet(total));
    emitter.emit(localGet(this.#invalid), localGet(value), localGet(value), f32x4.ne, v128.or);
    emitter.emit(localSet(this.#invalid), localGet(this.#bits), localGet(value));
    emitter.emit(this.#isMax ? v128.and : v128.or, localSet(this.#bits));
  }

  /**
   * Puts in NaN, and the sign of zero: where the extreme is a zero, all elements lie on one side of it, and
   * zeros of both signs can be told from their bits.
   */
  finish(totals: readonly number[]): void {
    const emitter = this.#emitter;
    for (const total of totals) {
      const isZero = emitter.local('v128');
      emitter.emit(localGet(total));
      emitter.constantVector(0, 'float32');
      emitter.emit(f32x4.eq, localSet(isZero));
      emitter.emit(localGet(this.#bits), i32Const(0x80000000 | 0), i32x4.splat, v128.and);
      emitter.emit(localGet(total), localGet(isZero), v128.bitselect);
      emitter.emit(localGet(this.#invalid), v128.or, localSet(total));
    }
  }
}
