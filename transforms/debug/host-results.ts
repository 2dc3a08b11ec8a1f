/** Functions on the host whose results a program goes on with. */
import type { Aval } from '../../core/base/aval.ts';
import { showAval, sizeOf } from '../../core/base/aval.ts';
import { allocateHost, type TypedArray } from '../../core/base/dtype.ts';
import { toRaw } from '../../core/base/half.ts';
import { flatten, subtreesAt } from '../../core/base/pytree.ts';
import { notAnArray } from '../../core/ir/errors.ts';
import type { HostFunction } from '../../core/ir/host-function.ts';
import {
  definePrimitive,
  type PrimitiveOf,
  type PrimitiveRules,
  unsupported,
} from '../../core/ir/primitive.ts';
import { Opaque } from '../../core/ir/program.ts';
import { bind } from '../../core/ir/trace.ts';
import { Value } from '../../core/ir/value.ts';
import { broadcastInDim, lifted } from '../../core/primitives/broadcast.ts';
import { ArraySpec } from '../array-spec.ts';
import { showLeaf } from '../leaves.ts';
import { type AnyFunction, call } from '../stage.ts';
import { itemAt } from '../values.ts';
import { badCallbackResult } from './errors.ts';
import { exampleOf, onHost, stacked } from './host-slices.ts';

/** What a callback does with a batch. */
export type VmapMethod = 'sequential' | 'expandDims' | 'broadcastAll';

/** An {@link Aval} as the parameter of an equation, which takes type aliases only. */
type ResultType = { readonly [K in keyof Aval]: Aval[K] };

type HostParams = {
  readonly call: Opaque<HostFunction>;
  readonly vmapMethod: VmapMethod;
  readonly results: readonly ResultType[];
};

const rulesFor = (
  name: 'pureCallback' | 'ioCallback',
  bindAgain: (operands: readonly Value[], params: HostParams) => Value[],
): PrimitiveRules<HostParams> => ({
  name,
  infer: (_operands, { results }) => results,
  jvp: unsupported('nothing is known of the function on the host; wrap it with customJvp'),
  transpose: unsupported('nothing is known of the function on the host; wrap it with customVjp'),
  batch: (operands, batched, params, size) => {
    const results = params.results.map((aval) => ({ ...aval, shape: [size, ...aval.shape] }));
    const { call: called, vmapMethod } = params;
    if (vmapMethod === 'sequential') {
      const own = new Opaque(called.label, oneByOne(called.content, batched, size, params.results));
      return bindAgain(operands, { ...params, call: own, results });
    }
    const whole = operands.map((x, i) => {
      if (vmapMethod === 'broadcastAll' || batched[i] === true) return lifted(x, batched[i], size);
      return broadcastInDim(
        x,
        [1, ...x.shape],
        x.shape.map((_, axis) => axis + 1),
      );
    });
    return bindAgain(whole, { ...params, results });
  },
  lower: (_operands, { call: called }) => ({ kind: 'host', call: called, isGuarded: false }),
});

const oneByOne = (
  inner: HostFunction,
  batched: readonly boolean[],
  size: number,
  results: readonly Aval[],
): HostFunction => ({
  runsOnHost: true,
  isAwaited: true,
  run: (operands) => {
    const examples = Array.from({ length: size }, (_, example) =>
      inner.run(
        operands.map((x, i) => (batched[i] === true ? exampleOf(x, example) : x)),
        results,
      ),
    );
    return results.map((aval, k) =>
      stacked(
        examples.map((one) => itemAt(one, k)),
        aval,
      ),
    );
  },
});

const purePrimitive: PrimitiveOf<HostParams> = definePrimitive(
  rulesFor('pureCallback', (operands, params) => bind(purePrimitive, operands, params)),
);
const ioPrimitive: PrimitiveOf<HostParams> = definePrimitive({
  ...rulesFor('ioCallback', (operands, params) => bind(ioPrimitive, operands, params)),
  effect: true,
});

/** How a callback treats a batch. */
export interface CallbackOptions {
  /**
   * Under `vmap`: 'sequential' calls the function once per example; 'expandDims' once, with arguments that
   * have the batch in front, of size 1 where they are shared; 'broadcastAll' once, with the batch in front of
   * all. Default: 'sequential'.
   */
  readonly vmapMethod?: VmapMethod;
}

/** Functions have numbers, so that equal text means the same function. */
const numbers = new WeakMap<AnyFunction, number>();
let made = 0;

function numberOf(f: AnyFunction): number {
  const known = numbers.get(f) ?? ++made;
  numbers.set(f, known);
  return known;
}

interface HostOptions extends CallbackOptions {
  readonly op: string;
  readonly primitive: PrimitiveOf<HostParams>;
}

function bindHost(
  { op, primitive, vmapMethod = 'sequential' }: HostOptions,
  f: AnyFunction,
  specs: unknown,
  args: readonly unknown[],
): unknown {
  const out = flatten(specs);
  const results = out.leaves.map((leaf) => {
    if (leaf instanceof ArraySpec || leaf instanceof Value) return { ...leaf.aval, weak: false };
    throw notAnArray(op, `${showLeaf(leaf)} as a description of the result`);
  });
  const { leaves, structure } = flatten(args);
  const traced = leaves.filter((leaf) => leaf instanceof Value);
  const run: HostFunction['run'] = (operands, avals) => {
    const given = onHost(leaves, operands);
    const found = call(f, structure.unflatten(given) as readonly unknown[]); // The structure of a list.
    return subtreesAt(op, out.structure, found).map((leaf, i) =>
      elementsOf(op, leaf, itemAt(avals, i)),
    );
  };
  const content: HostFunction = { runsOnHost: true, isAwaited: true, run };
  const label = `${op}#${numberOf(f)}`;
  return out.structure.unflatten(
    bind(primitive, traced, { call: new Opaque(label, content), vmapMethod, results }),
  );
}

/** What the function returned in place of one array. @throws `bad-callback-result` */
function elementsOf(op: string, found: unknown, aval: Aval): TypedArray {
  const data = found instanceof Value ? found.dataSync() : found;
  const items: unknown =
    typeof data === 'number' || typeof data === 'boolean'
      ? [data]
      : Array.isArray(data)
        ? data.flat(Number.POSITIVE_INFINITY)
        : data;
  const isList = Array.isArray(items) || (ArrayBuffer.isView(items) && 'length' in items);
  const size = sizeOf(aval.shape);
  if (!isList || items.length !== size) {
    const got = isList ? `${items.length} elements` : showLeaf(found);
    throw badCallbackResult(op, showAval(aval), got);
  }
  const elements = allocateHost(aval.dtype, size);
  elements.set(Array.from(items as ArrayLike<number>, Number)); // A list, as was just checked.
  return toRaw(elements, aval.dtype);
}

/** A tree of descriptions as a tree of the arrays that they describe. */
type ArraysFor<T> = T extends ArraySpec | Value
  ? Value
  : T extends object
    ? { -readonly [K in keyof T]: ArraysFor<T[K]> }
    : T;

/**
 * The result of a JavaScript function as part of a program, which waits for it: on the `js` and `wasm`
 * devices only.
 *
 * The function must give the same for the same arguments: it may be called more often or less often than
 * it is written. It has no derivative (wrap it with customJvp).
 *
 * @param f - Is given arrays on the host (read them with `x.dataSync()`) and returns, for each array of the
 *   result, its elements: a typed array, nested lists, or a number.
 * @param result - A tree of descriptions of the results ({@link arraySpec}).
 * @param args - The arguments of `f`.
 * @throws `callback-needs-host` on a GPU; `bad-callback-result`; `program-inside-callback`.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.pure_callback.html
 * @example
 * const halves = pureCallback((x: np.Array) => x.dataSync().map((v) => v / 2), arraySpec([3]), [np.ones([3])]);
 */
export const pureCallback = <A extends readonly unknown[], S>(
  f: (...args: NoInfer<A>) => unknown,
  result: S,
  args: readonly [...A],
  options: CallbackOptions = {},
): ArraysFor<S> =>
  // A tree like its description.
  bindHost(
    { op: 'pureCallback', primitive: purePrimitive, ...options },
    f,
    result,
    args,
  ) as ArraysFor<S>;

/**
 * As {@link pureCallback}, for a function that also does something: it is called exactly when the program
 * comes to it, in the order of the program, also if nobody needs its result.
 *
 * @throws What {@link pureCallback} throws.
 * @see https://docs.jax.dev/en/latest/_autosummary/jax.experimental.io_callback.html. Differs: always ordered.
 * @example
 * const next = ioCallback(() => Math.random(), arraySpec([]), []);
 */
export const ioCallback = <A extends readonly unknown[], S>(
  f: (...args: NoInfer<A>) => unknown,
  result: S,
  args: readonly [...A],
  options: CallbackOptions = {},
): ArraysFor<S> =>
  // A tree like its description.
  bindHost(
    { op: 'ioCallback', primitive: ioPrimitive, ...options },
    f,
    result,
    args,
  ) as ArraysFor<S>;
