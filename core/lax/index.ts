/**
 * The operations themselves, under their names in `jax.lax` where they have one. Exported as `lax`.
 *
 * They are strict: operands must agree in shape and element type, and nothing is broadcast or promoted.
 */
export type { DotDims } from '../ir/lowering.ts';
export type { GatherSpec, ScatterSpec } from '../primitives/index.ts';
export * from './operations.ts';
