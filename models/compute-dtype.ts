/** The type in which the big matrices multiply. */
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';

/** What a policy computes in. Parameters, norms' statistics and losses are float32 in either case. */
export type ComputeDType = 'float32' | 'bfloat16';

/** The array in the type that a policy computes in. */
export const cast = (x: Value, dtype: ComputeDType): Value =>
  x.dtype === dtype ? x : np.astype(x, dtype);

/** The array in float32. */
export const toFloat32 = (x: Value): Value => cast(x, 'float32');
