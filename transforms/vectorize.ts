/** Functions of single elements, or of small arrays, made to broadcast. */
import { range } from '../core/base/aval.ts';
import type { Value, ValueLike } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';
import { broadcastShapes, toValue } from '../core/numpy/operands.ts';
import { badSignature } from './errors.ts';
import { labelled, labelOf } from './label.ts';
import { vmap } from './vmap.ts';

/** Options of {@link vectorize}. */
export interface VectorizeOptions {
  /** Arguments, counted from 0, that are passed as they are. */
  readonly excluded?: readonly number[];
  /** The axes that the function itself works on: `'(n,k),(k)->(n)'`. Default: none, all are broadcast. */
  readonly signature?: string;
}

/** Arguments where an array may be a number, too. */
export type Widened<A extends unknown[]> = {
  [K in keyof A]: A[K] extends Value ? ValueLike : A[K];
};

const list = /^\s*\([^()]*\)(\s*,\s*\([^()]*\))*\s*$/;

/** The names of the axes of each argument. */
function argumentAxes(op: string, signature: string, count: number): string[][] {
  const [before = '', after, ...more] = signature.split('->');
  if (after === undefined || more.length > 0 || !list.test(before) || !list.test(after)) {
    throw badSignature(op, `'${signature}' is no signature`);
  }
  const found = [...before.matchAll(/\(([^()]*)\)/g)].map(([, names = '']) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  );
  if (found.length === count) return found;
  throw badSignature(op, `'${signature}' has ${found.length} arguments, but ${count} were passed`);
}

/** @throws `bad-signature` unless axes of one name have one size. */
function checkSizes(op: string, arrays: readonly Value[], axes: readonly string[][]): void {
  const sizes = new Map<string, number>();
  arrays.forEach((x, i) => {
    const names = axes[i] ?? [];
    if (x.ndim < names.length) {
      throw badSignature(op, `argument ${i} has ${x.ndim} axes, not (${names.join(',')})`);
    }
    names.forEach((name, k) => {
      const size = x.shape[x.ndim - names.length + k] ?? 0;
      const seen = sizes.get(name) ?? size;
      if (seen !== size) throw badSignature(op, `axis ${name} is ${seen} and ${size}`);
      sizes.set(name, size);
    });
  });
}

/**
 * `f`, written for single elements or for the axes of a signature, over all leading axes, which broadcast.
 *
 * @throws `bad-signature`, `broadcast-mismatch`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.numpy.vectorize.html
 * @example
 * const dots = np.vectorize((a: np.Array, b: np.Array) => np.dot(a, b), { signature: '(k),(k)->()' });
 * const products = dots(np.ones([4, 1, 3]), np.ones([5, 3])); // f32[4, 5]
 */
export function vectorize<A extends unknown[], R extends Value | Value[]>(
  f: (...args: A) => R,
  { excluded = [], signature }: VectorizeOptions = {},
): (...args: Widened<A>) => R {
  const op = `np.vectorize of ${labelOf(f)}`;
  const wide = (...all: unknown[]): unknown => {
    const places = range(all.length).filter((i) => !excluded.includes(i));
    // Arguments that are not excluded are arrays or numbers.
    const arrays = places.map((i) => toValue(op, all[i] as ValueLike));
    const axes =
      signature === undefined ? places.map(() => []) : argumentAxes(op, signature, places.length);
    checkSizes(op, arrays, axes);
    const leads = arrays.map((x, i) => x.shape.slice(0, x.ndim - (axes[i]?.length ?? 0)));
    const shape = broadcastShapes(op, leads);
    const call = (...given: Value[]): unknown => {
      const args = [...all];
      places.forEach((place, i) => {
        args[place] = given[i];
      });
      return f(...(args as A)); // Arrays where arrays were.
    };
    return overAxes(labelled(call, labelOf(f)), arrays, leads, shape);
  };
  // Each argument may have more axes, and so has the result.
  return labelled(wide, op) as (...args: Widened<A>) => R;
}

/** `call` over the leading axes, from the last one outwards; those of size 1 are put back at the end. */
function overAxes(
  call: (...given: Value[]) => unknown,
  arrays: readonly Value[],
  leads: readonly (readonly number[])[],
  shape: readonly number[],
): unknown {
  let wide = call as (...given: Value[]) => Value;
  const single: number[] = [];
  for (const axis of range(shape.length).reverse()) {
    const sizes = leads.map((lead) => lead[axis - shape.length + lead.length] ?? 1);
    if (sizes.every((size) => size === 1)) single.unshift(axis);
    else wide = vmap(wide, { inAxes: sizes.map((size) => (size === 1 ? null : 0)) });
  }
  const lean = arrays.map((x, i) => {
    const rest = x.shape.slice(leads[i]?.length ?? 0);
    return np.reshape(x, [...(leads[i] ?? []).filter((size) => size !== 1), ...rest]);
  });
  const found: unknown = wide(...lean);
  const restored = (x: Value): Value => (single.length === 0 ? x : np.expandDims(x, single));
  return Array.isArray(found) ? found.map(restored) : restored(found as Value); // Of arrays.
}
