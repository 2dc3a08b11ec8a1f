/** Values that the compiler keeps as they are, and functions that depend on the device. */
import { type DeviceName, defaultDevice } from '../core/host/runtime.ts';
import { definePrimitive, type PrimitiveOf } from '../core/ir/primitive.ts';
import type { Params } from '../core/ir/program.ts';
import { bind, traceClosed } from '../core/ir/trace.ts';
import { leavesOf } from './control/body.ts';
import { noFunctionFor } from './errors.ts';
import type { Output } from './types.ts';
import { writeZeros } from './values.ts';

const barrierPrimitive: PrimitiveOf<Params> = definePrimitive<Params>({
  name: 'optimizationBarrier',
  infer: (avals) => avals,
  jvp: (primals, tangents) => {
    if (tangents.every((tangent) => tangent === null)) return tangents;
    const given = tangents.filter((tangent) => tangent !== null);
    const found = bind(barrierPrimitive, given, {}).values();
    return primals.map((_, i) => (tangents[i] === null ? null : (found.next().value ?? null)));
  },
  transpose: (cotangents, operands) =>
    bind(
      barrierPrimitive,
      writeZeros(
        cotangents,
        operands.map((operand) => operand.aval),
      ),
      {},
    ),
  batch: (operands) => bind(barrierPrimitive, operands, {}),
  lower: (avals) => ({
    kind: 'call',
    program: traceClosed((inputs) => [...inputs], avals, 'optimizationBarrier'),
    isApart: true,
  }),
});

/**
 * The tree itself, which transforms of programs do not look through. Kernels may still be fused across it: their
 * results are the same.
 */
export function optimizationBarrier<T extends Output>(tree: T): T {
  const { values, structure } = leavesOf('lax.optimizationBarrier', tree);
  if (values.length === 0) return tree;
  return structure.unflatten(bind(barrierPrimitive, values, {})) as T; // As it was.
}

/** Functions of the same arguments by the name of the device; `default` for all others. */
export type ByDevice<A extends unknown[], R> = {
  readonly [Name in DeviceName]?: (...args: A) => R;
} & { readonly default?: (...args: A) => R };

/**
 * What the function for the default device gives; it is chosen when the call is traced.
 *
 * @example
 * const y = lax.platformDependent({ default: (x: np.Array) => np.sin(x) }, np.ones([2]));
 */
export function platformDependent<A extends unknown[], R extends Output>(
  functions: ByDevice<A, R>,
  ...args: A
): R {
  const { name } = defaultDevice();
  const own = functions[name as DeviceName] ?? functions.default;
  if (own !== undefined) return own(...args);
  throw noFunctionFor(name, Object.keys(functions));
}
