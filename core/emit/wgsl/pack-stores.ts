/**
 * Stores to packed arrays, made whole: an invocation computes all elements of the words that it writes,
 * since two that write parts of one word would undo each other's work.
 */
import { bytesOf, isStorageType, scalarTypeOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { KernelStore, LoopKernel } from '../../compile/kernel.ts';
import { type Axis, constant, type Expr, makeAxis, op, substitute } from '../../ir/expr.ts';
import {
  addIndex,
  axisPosition,
  boundsOf,
  indexConstant,
  isRowMajor,
  scaleIndex,
  unflatten,
} from '../../ir/index-algebra.ts';
import { storedValue } from '../narrow-memory.ts';

const isPacked = ({ target }: KernelStore): boolean => isStorageType(target.dtype);
const elementsPerWord = ({ target }: KernelStore): number => 4 / bytesOf(target.dtype);

/**
 * The kernel with an axis over groups of four or two neighbouring elements in place of its axes, if it
 * writes packed arrays. Their stores' indices are those of words then, their values words.
 */
export function packStores(kernel: LoopKernel): LoopKernel {
  const { parallel, stores } = kernel;
  const packed = stores.filter(isPacked);
  if (packed.length === 0) return kernel;
  const group = new Group(parallel, Math.max(...packed.map(elementsPerWord)));
  const whole = stores.flatMap((store) =>
    isPacked(store) ? group.words(store) : group.elements(store),
  );
  return { ...kernel, parallel: [group.axis], stores: whole };
}

/** Neighbouring elements that one invocation computes. */
class Group {
  readonly axis: Axis;
  readonly #parallel: readonly Axis[];
  readonly #shape: readonly number[];
  readonly #total: number;
  readonly #size: number;

  constructor(parallel: readonly Axis[], size: number) {
    this.#parallel = parallel;
    this.#shape = parallel.map((axis) => axis.extent);
    this.#total = this.#shape.reduce((product, extent) => product * extent, 1);
    this.#size = size;
    this.axis = makeAxis(Math.ceil(this.#total / size));
  }

  /** The words that a store to a packed array writes. */
  words(store: KernelStore): KernelStore[] {
    const { index, mode, guard, serial } = store;
    invariant(
      isRowMajor(index, this.#parallel) && mode === 'set' && guard === null && serial.length === 0,
      'a packed array is written in the order of the loops',
    );
    const length = elementsPerWord(store);
    const count = this.#size / length;
    const bits = bitsOf(store);
    return upTo(count).map((word) => {
      const place = this.#position(count, word);
      const parts = upTo(length).map((i) => this.#at(bits, word * length + i));
      const value = joined(parts, 32 / length);
      return {
        ...store,
        index: place,
        value,
        guard: below(place, Math.ceil(this.#total / length)),
      };
    });
  }

  /** The same store for each element. */
  elements(store: KernelStore): KernelStore[] {
    return upTo(this.#size).map((offset) => {
      const isThere = below(this.#position(this.#size, offset), this.#total);
      const own = store.guard === null ? null : this.#at(store.guard, offset);
      return {
        ...store,
        index: this.#at(store.index, offset),
        value: this.#at(store.value, offset),
        guard: own === null || isThere === null ? (own ?? isThere) : op('and', [own, isThere]),
      };
    });
  }

  #position(scale: number, offset: number): Expr {
    return addIndex(scaleIndex(axisPosition(this.axis), scale), indexConstant(offset));
  }

  /** The expression at one element of the group; beyond the last one of all, at that. */
  #at(expr: Expr, offset: number): Expr {
    const flat = this.#position(this.#size, offset);
    const last = indexConstant(this.#total - 1);
    const place = boundsOf(flat)[1] < this.#total ? flat : op('min', [flat, last]);
    const index = unflatten(place, this.#shape);
    const places = this.#parallel.map((axis, i): [Axis, Expr] => [axis, index[i] ?? last]);
    return substitute(expr, new Map(places));
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The test that an index is below a limit; null if it always is. */
const below = (index: Expr, limit: number): Expr | null =>
  boundsOf(index)[1] < limit ? null : op('lt', [index, indexConstant(limit)]);

/** What the store puts in memory, as the low bits of a uint32. */
function bitsOf(store: KernelStore): Expr {
  const { dtype } = store.target;
  const value = storedValue(store);
  if (scalarTypeOf(dtype) !== 'int32') return value;
  const mask = constant(2 ** (8 * bytesOf(dtype)) - 1, 'uint32');
  return op('and', [op('bitcast', [value], 'uint32'), mask]);
}

/** The word with these parts, the first in its lowest bits. */
const joined = (parts: readonly Expr[], width: number): Expr =>
  parts
    .map((part, i) => (i === 0 ? part : op('shiftLeft', [part, constant(i * width, 'uint32')])))
    .reduce((a, b) => op('or', [a, b]));
