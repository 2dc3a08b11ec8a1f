/** Control flow and custom derivative rules. */
export { associativeScan } from './associative-scan.ts';
export { cond, switchCase } from './branch.ts';
export {
  type CheckpointOptions,
  type CheckpointPolicy,
  checkpoint,
  checkpoint as remat,
  checkpointName,
  checkpointPolicies,
} from './checkpoint.ts';
export { closureConvert } from './closure-convert.ts';
export { customBatching, type Flags, sequentialVmap } from './custom-batching.ts';
export { customGradient } from './custom-gradient.ts';
export { type CustomOptions, customJvp, type JvpsOf } from './custom-jvp.ts';
export { customVjp } from './custom-vjp.ts';
export { linearCall } from './linear-call.ts';
export { foriLoop, map } from './loops.ts';
export { type ScanOptions, scan } from './scan.ts';
export { customLinearSolve, customRoot, type LinearSolveOptions } from './solves.ts';
export type { Arrays, ArraysLike } from './types.ts';
export { type WhileOptions, whileLoop } from './while.ts';
