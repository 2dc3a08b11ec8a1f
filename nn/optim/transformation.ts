/**
 * Gradient transformations: small pure parts that chain into optimizers.
 *
 * @see https://optax.readthedocs.io, whose numbers these give.
 */
import { invariant } from '../../core/base/errors.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as tree from '../../core/tree.ts';

declare const leaf: unique symbol;

/** Some pytree of arrays, kept without its own type. To the type system its leaves are arrays. */
export interface ArrayTree {
  readonly [leaf]?: Value;
}

/** The state of a part that remembers nothing. */
export type EmptyState = readonly [];

/**
 * A part of an optimizer. Both functions are pure, work under `jit`, and read no array on the host.
 *
 * `State` is a pytree of arrays. Trees of gradients, updates and parameters look alike.
 */
export interface GradientTransformation<State = ArrayTree> {
  /** The state before the first update. */
  readonly init: <P>(params: P) => State;
  /** Updates to add to the parameters, and the next state. Some parts need the parameters. */
  readonly update: <P>(
    gradients: P,
    state: State,
    params?: P,
  ) => readonly [updates: P, state: State];
}

/** A part that remembers nothing. */
export const stateless = (
  update: <P>(gradients: P, params: P | undefined) => P,
): GradientTransformation<EmptyState> => ({
  init: () => [],
  update: (gradients, _state, params) => [update(gradients, params), []],
});

/** Leaves everything as it is. */
export const identity = (): GradientTransformation<EmptyState> =>
  stateless((gradients) => gradients);

/** Updates of zero: what it is applied to stays as it is. */
export const setToZero = (): GradientTransformation<EmptyState> =>
  stateless((gradients) => tree.mapArrays((g) => np.zerosLike(g), gradients));

/** States were made by `init` from a tree like the present one. */
export const stateAs = <P>(state: ArrayTree): P => state as P;

/** A tree is kept as state without its type, which `update` does not know when it is made. */
export const asState = <P>(values: P): ArrayTree => values as ArrayTree;

/** Zeros in the shape of every parameter. */
export const zerosLikeTree = <P>(params: P): ArrayTree =>
  asState(tree.mapArrays((p) => np.zerosLike(p), params));

/** int32[]: no step taken yet. */
export const zeroCount = (): Value => np.zeros([], { dtype: 'int32' });

const lastCount = 2 ** 31 - 1;

/** count + 1; stays at the last int32 instead of wrapping around. */
export const increment = (count: Value): Value =>
  np.where(np.less(count, lastCount), np.add(count, 1), count);

/**
 * The parts applied one after the other.
 *
 * @example
 * const optimizer = nn.optim.chain(nn.optim.clipByGlobalNorm(1), nn.optim.adamw(1e-3));
 */
export const chain = <const States extends readonly unknown[]>(
  ...parts: { readonly [I in keyof States]: GradientTransformation<States[I]> }
): GradientTransformation<States> => ({
  init: (params) =>
    // One state per part, in their order.
    parts.map((part) => part.init(params)) as unknown as States,
  update: (gradients, states, params) => {
    invariant(states.length === parts.length, 'chain got the state of another optimizer');
    let updates = gradients;
    const next = parts.map((part, i) => {
      const [changed, state] = part.update(updates, states[i], params);
      updates = changed;
      return state;
    });
    return [updates, next as unknown as States];
  },
});

/** The parameters with the updates added, in each parameter's element type. */
export const applyUpdates = <P>(params: P, updates: P): P =>
  tree.mapArrays((p, u = p) => np.astype(np.add(p, u), p.dtype), params, updates);

/** stepSize · next + (1 − stepSize) · previous, such as a moving average of parameters. */
export const incrementalUpdate = <P>(next: P, previous: P, stepSize: number | Value): P =>
  tree.mapArrays(
    (n, p = n) => np.add(np.multiply(n, stepSize), np.multiply(p, np.subtract(1, stepSize))),
    next,
    previous,
  );

/** f32[]: the Euclidean norm of all leaves together. */
export function globalNorm(updates: unknown): Value {
  const squares = tree.leaves(tree.map((x) => np.sum(np.square(requireValue(x))), updates));
  return np.sqrt(
    squares.reduce((sum: Value, square) => np.add(sum, requireValue(square)), np.zeros([])),
  );
}

const requireValue = (leaf: unknown): Value => np.asarray(leaf as np.ArrayData);
