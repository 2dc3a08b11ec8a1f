/** Sums of many floats. */
import type { ReduceExpr } from '../../ir/expr.ts';
import type { Emitter } from './emitter.ts';
import { control, f32, f32x4, localGet, localSet, v128 } from './opcodes.ts';

/** True for reductions that lose digits when they are long. */
export const isLongSum = (reduce: ReduceExpr): boolean =>
  reduce.op === 'add' && reduce.dtype === 'float32';

/**
 * A float sum in two levels: partial sums of a block of turns, added up with compensation.
 *
 * @see Kahan: Further remarks on reducing truncation errors, CACM 8 (1965).
 */
export class LongSum {
  readonly totals: number[];
  readonly #emitter: Emitter;
  readonly #partials: readonly number[];
  readonly #lost: number[];
  readonly #isVector: boolean;

  constructor(emitter: Emitter, partials: readonly number[], isVector: boolean) {
    this.#emitter = emitter;
    this.#partials = partials;
    this.#isVector = isVector;
    this.totals = partials.map(() => this.#zero());
    this.#lost = partials.map(() => this.#zero());
  }

  #zero(): number {
    const local = this.#emitter.local(this.#isVector ? 'v128' : 'f32');
    this.#pushZero();
    this.#emitter.emit(localSet(local));
    return local;
  }

  #pushZero(): void {
    if (this.#isVector) this.#emitter.constantVector(0, 'float32');
    else this.#emitter.emit([0x43, 0, 0, 0, 0]);
  }

  /** Adds the partial sums to the totals and starts new ones. */
  setAside(): void {
    const emitter = this.#emitter;
    const { add, sub } = this.#isVector ? f32x4 : f32;
    const type = this.#isVector ? 'v128' : 'f32';
    this.#partials.forEach((partial, k) => {
      const [total = 0, lost = 0] = [this.totals[k], this.#lost[k]];
      const [value, sum] = [emitter.local(type), emitter.local(type)];
      emitter.emit(localGet(partial), localGet(lost), sub, localSet(value));
      emitter.emit(localGet(total), localGet(value), add, localSet(sum));
      emitter.emit(localGet(sum), localGet(total), sub, localGet(value), sub, localSet(lost));
      // Infinite sums have no rounding error, but ∞ − ∞ would make one of NaN.
      if (this.#isVector) {
        emitter.emit(
          localGet(lost),
          localGet(lost),
          localGet(lost),
          f32x4.eq,
          v128.and,
          localSet(lost),
        );
      } else {
        emitter.emit(localGet(lost), [0x43, 0, 0, 0, 0], localGet(lost), localGet(lost), f32.eq);
        emitter.emit(control.select, localSet(lost));
      }
      emitter.emit(localGet(sum), localSet(total));
      this.#pushZero();
      emitter.emit(localSet(partial));
    });
  }
}
