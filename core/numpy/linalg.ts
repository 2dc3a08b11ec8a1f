/** Linear algebra. Exported as the namespace `np.linalg`. */
export {
  type CholeskyOptions,
  cholesky,
  type EighOptions,
  eigh,
  eigvalsh,
  type QrOptions,
  qr,
  type SvdOptions,
  svd,
  svdvals,
} from './decompositions.ts';
export {
  cond,
  det,
  inv,
  lstsq,
  matrixPower,
  matrixRank,
  multiDot,
  pinv,
  type RankOptions,
  slogdet,
  solve,
  tensorinv,
  tensorsolve,
} from './equations.ts';
export { type DiagonalOptions, diagonal, matrixTranspose } from './movement.ts';
export { matrixNorm, type NormOptions, norm, trace, vectorNorm } from './norms.ts';
export { cross, matmul, outer, type TensordotAxes, tensordot, vecdot } from './products.ts';
