/** Decompositions of matrices, as operations with kernels of their own. */
export { cholesky } from './cholesky.ts';
export { eigh } from './eigh.ts';
export { lu } from './lu.ts';
export { qr } from './qr.ts';
export { svd } from './svd.ts';
export { type TriangularOptions, triangularSolve } from './triangular-solve.ts';
