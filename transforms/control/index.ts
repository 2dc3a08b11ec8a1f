/** Control flow and custom derivative rules. */
export { cond, switchCase } from './branch.ts';
export { foriLoop, map } from './loops.ts';
export { type ScanOptions, scan } from './scan.ts';
export type { Arrays, ArraysLike } from './types.ts';
export { type WhileOptions, whileLoop } from './while.ts';
