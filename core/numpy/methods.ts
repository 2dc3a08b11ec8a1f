/** The methods of arrays: `x.add(y)` is `np.add(x, y)`, and so on. */
import type { Shape } from '../base/aval.ts';
import type { DType, TypedArray } from '../base/dtype.ts';
import { type Nested, Value, type ValueLike } from '../ir/value.ts';
import * as arithmetic from './arithmetic.ts';
import * as elementwise from './elementwise.ts';
import { notOneElement } from './errors.ts';
import type { Index } from './index-plan.ts';
import { getIndex, IndexedUpdate } from './indexing.ts';
import * as join from './join.ts';
import * as logic from './logic.ts';
import type { AxisOption } from './movement.ts';
import * as movement from './movement.ts';
import { checkDType } from './operands.ts';
import * as products from './products.ts';
import type {
  CumulativeOptions,
  ExtremeOptions,
  OneAxisOptions,
  ReduceOptions,
  SumOptions,
  VarianceOptions,
} from './reductions.ts';
import * as reductions from './reductions.ts';
import type { SortOptions } from './sorting.ts';
import * as sorting from './sorting.ts';

type WithOperand = (y: ValueLike) => Value;

/** What every array has, besides shape, dtype, ndim and size. */
export interface ArrayMethods {
  /** this + y. */
  add: WithOperand;
  /** this − y. */
  sub: WithOperand;
  /** this · y. */
  mul: WithOperand;
  /** this / y, as floats. */
  div: WithOperand;
  /** this / y rounded down. */
  floorDivide: WithOperand;
  /** The remainder of this / y, with the sign of y. */
  mod: WithOperand;
  /** This to the power y. */
  pow: WithOperand;
  /** −this. */
  neg(): Value;
  /** |this|. */
  abs(): Value;
  /** bool: this < y. */
  less: WithOperand;
  /** bool: this ≤ y. */
  lessEqual: WithOperand;
  /** bool: this > y. */
  greater: WithOperand;
  /** bool: this ≥ y. */
  greaterEqual: WithOperand;
  /** bool: this = y. */
  equal: WithOperand;
  /** bool: this ≠ y. */
  notEqual: WithOperand;
  /** The bits set in both; the logical and of booleans. */
  and: WithOperand;
  /** The bits set in either; the logical or of booleans. */
  or: WithOperand;
  /** The bits set in one of the two; the exclusive or of booleans. */
  xor: WithOperand;
  /** All bits flipped; the logical not of booleans. */
  not(): Value;
  /** The matrix product, see `np.matmul`. */
  matmul: WithOperand;
  /** The product over this array's last axis, see `np.dot`. */
  dot: WithOperand;
  /** The sum, see `np.sum`. */
  sum(options?: SumOptions): Value;
  /** The arithmetic mean. */
  mean(options?: SumOptions): Value;
  /** The product. */
  prod(options?: SumOptions): Value;
  /** The largest element. */
  max(options?: ExtremeOptions): Value;
  /** The smallest element. */
  min(options?: ExtremeOptions): Value;
  /** The standard deviation. */
  std(options?: VarianceOptions): Value;
  /** The variance. */
  var(options?: VarianceOptions): Value;
  /** int32: the position of the first largest element. */
  argmax(options?: OneAxisOptions): Value;
  /** int32: the position of the first smallest element. */
  argmin(options?: OneAxisOptions): Value;
  /** bool: whether all elements are ≠ 0. */
  all(options?: ReduceOptions): Value;
  /** bool: whether any element is ≠ 0. */
  any(options?: ReduceOptions): Value;
  /** The running sum. */
  cumsum(options?: CumulativeOptions): Value;
  /** The elements in ascending order. */
  sort(options?: SortOptions): Value;
  /** int32: the positions of the elements in ascending order. */
  argsort(options?: SortOptions): Value;
  /** This array limited to [min, max]. */
  clip(min?: ValueLike | null, max?: ValueLike | null): Value;
  /** The nearest numbers with so many decimals. */
  round(options?: elementwise.RoundOptions): Value;
  /** The same elements in another shape; one size may be −1. `x.reshape(2, -1)` or `x.reshape([2, -1])`. */
  reshape(shape: Shape): Value;
  reshape(...sizes: number[]): Value;
  /** The axes in another order; reversed if none is given. `x.transpose(1, 0)` or `x.transpose([1, 0])`. */
  transpose(axes: readonly number[]): Value;
  transpose(...axes: number[]): Value;
  /** Two axes exchanged. */
  swapaxes(first: number, second: number): Value;
  /** All elements on one axis. */
  ravel(): Value;
  /** All elements on one axis. */
  flatten(): Value;
  /** Without axes of size 1. */
  squeeze(options?: AxisOption): Value;
  /** Each element repeated in place. */
  repeat(counts: number | readonly number[], options?: join.JoinOptions): Value;
  /** The same numbers in another element type. */
  astype(dtype: DType): Value;
  /** The axes in reverse order. */
  readonly T: Value;
  /** Each matrix of the last two axes transposed. */
  readonly mT: Value;
  /**
   * The part that an index selects: positions, `np.slice(start, stop, step)`, null for a new axis, `'...'`,
   * integer arrays. Positions of arrays outside the axis give the nearest element.
   */
  get(...index: readonly Index[]): Value;
  /** The part that an index selects, to be replaced: `x.at(0).set(1)`. */
  at(...index: readonly Index[]): IndexedUpdate;
  /** The elements as nested JavaScript arrays; a number or boolean for a scalar. */
  js(): Promise<Nested>;
  /** The only element. */
  item(): Promise<number | boolean>;
}

declare module '../ir/value.ts' {
  interface Value extends ArrayMethods {}
}

/** The list, passed as one argument or as several. */
const listOf = (args: readonly (number | readonly number[])[]): readonly number[] => args.flat();

/** Nested arrays of the elements from `start` on. */
function nest(data: TypedArray, shape: Shape, isBool: boolean, axis = 0, start = 0): Nested {
  const size = shape[axis];
  if (size === undefined) return isBool ? data[start] !== 0 : (data[start] ?? Number.NaN);
  const step = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  return Array.from({ length: size }, (_, i) =>
    nest(data, shape, isBool, axis + 1, start + i * step),
  );
}

type Implementation = { [Name in keyof ArrayMethods]: ArrayMethods[Name] } & ThisType<Value>;

const implementation: Omit<Implementation, 'T' | 'mT'> & ThisType<Value> = {
  add(y) {
    return arithmetic.add(this, y);
  },
  sub(y) {
    return arithmetic.subtract(this, y);
  },
  mul(y) {
    return arithmetic.multiply(this, y);
  },
  div(y) {
    return arithmetic.divide(this, y);
  },
  floorDivide(y) {
    return arithmetic.floorDivide(this, y);
  },
  mod(y) {
    return arithmetic.mod(this, y);
  },
  pow(y) {
    return arithmetic.power(this, y);
  },
  neg() {
    return elementwise.negative(this);
  },
  abs() {
    return elementwise.abs(this);
  },
  less(y) {
    return logic.less(this, y);
  },
  lessEqual(y) {
    return logic.lessEqual(this, y);
  },
  greater(y) {
    return logic.greater(this, y);
  },
  greaterEqual(y) {
    return logic.greaterEqual(this, y);
  },
  equal(y) {
    return logic.equal(this, y);
  },
  notEqual(y) {
    return logic.notEqual(this, y);
  },
  and(y) {
    return arithmetic.bitwiseAnd(this, y);
  },
  or(y) {
    return arithmetic.bitwiseOr(this, y);
  },
  xor(y) {
    return arithmetic.bitwiseXor(this, y);
  },
  not() {
    return elementwise.bitwiseNot(this);
  },
  matmul(y) {
    return products.matmul(this, y);
  },
  dot(y) {
    return products.dot(this, y);
  },
  sum(options) {
    return reductions.sum(this, options);
  },
  mean(options) {
    return reductions.mean(this, options);
  },
  prod(options) {
    return reductions.prod(this, options);
  },
  max(options) {
    return reductions.max(this, options);
  },
  min(options) {
    return reductions.min(this, options);
  },
  std(options) {
    return reductions.std(this, options);
  },
  var(options) {
    return reductions.variance(this, options);
  },
  argmax(options) {
    return reductions.argmax(this, options);
  },
  argmin(options) {
    return reductions.argmin(this, options);
  },
  all(options) {
    return reductions.all(this, options);
  },
  any(options) {
    return reductions.any(this, options);
  },
  cumsum(options) {
    return reductions.cumsum(this, options);
  },
  sort(options) {
    return sorting.sort(this, options);
  },
  argsort(options) {
    return sorting.argsort(this, options);
  },
  clip(min, max) {
    return arithmetic.clip(this, min, max);
  },
  round(options) {
    return elementwise.round(this, options);
  },
  reshape(...shape: (number | Shape)[]) {
    return movement.reshape(this, listOf(shape));
  },
  transpose(...axes: (number | readonly number[])[]) {
    return movement.transpose(this, axes.length === 0 ? null : listOf(axes));
  },
  swapaxes(first, second) {
    return movement.swapaxes(this, first, second);
  },
  ravel() {
    return movement.ravel(this);
  },
  flatten() {
    return movement.ravel(this);
  },
  squeeze(options) {
    return movement.squeeze(this, options);
  },
  repeat(counts, options) {
    return join.repeat(this, counts, options);
  },
  astype(dtype) {
    return elementwise.astype(this, checkDType('x.astype', dtype));
  },
  get(...index) {
    return getIndex(this, index);
  },
  at(...index) {
    return new IndexedUpdate(this, index);
  },
  async js() {
    return nest(await this.data(), this.shape, this.dtype === 'bool');
  },
  async item() {
    if (this.size !== 1) throw notOneElement(this.aval);
    const [element = Number.NaN] = await this.data();
    return this.dtype === 'bool' ? element !== 0 : element;
  },
};

/** Puts the methods on every array, hidden from enumeration as a class's own are. */
function attach(): void {
  for (const [name, value] of Object.entries(implementation)) {
    Object.defineProperty(Value.prototype, name, { value, writable: true, configurable: true });
  }
  const getters: Record<string, (this: Value) => Value> = {
    T() {
      return movement.transpose(this);
    },
    mT() {
      return movement.matrixTranspose(this);
    },
  };
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(Value.prototype, name, { get, configurable: true });
  }
}
attach();
