/** The type in which the big matrices multiply. */
import type { Value } from '../core/ir/value.ts';
import * as np from '../core/numpy/index.ts';

/** What a policy computes in. Parameters, norms' statistics and losses are float32 in either case. */
export type ComputeDType = 'float32' | 'bfloat16';

/** The array in the type that a policy computes in. */
export const cast = (x: Value, _dtype: ComputeDType): Value =>
  x.dtype === 'float32' ? x : np.astype(x, 'float32');

/** The array in float32. */
export const toFloat32 = (x: Value): Value => cast(x, 'float32');
