/** Transforms: programs to programs, and functions to functions. */
export {
  ArraySpec,
  arraySpec,
  type ShapeDtypeStruct,
  shapeDtypeStruct,
} from './array-spec.ts';
export {
  type Arrays,
  type ArraysLike,
  type CheckpointOptions,
  type CheckpointPolicy,
  type CustomOptions,
  checkpoint,
  checkpointName,
  checkpointPolicies,
  closureConvert,
  customBatching,
  customGradient,
  customJvp,
  customVjp,
  type Flags,
  type JvpsOf,
  linearCall,
  remat,
  type ScanOptions,
  sequentialVmap,
  type WhileOptions,
} from './control/index.ts';
export {
  type CallbackOptions,
  ioCallback,
  pureCallback,
  type VmapMethod,
} from './debug/host-results.ts';
export { disableJit } from './eager.ts';
export { type GradOptions, grad, valueAndGrad } from './grad.ts';
export { hessian, type JacobianOptions, jacfwd, jacrev } from './jacobian.ts';
export { type JitOptions, type Jitted, jit } from './jit.ts';
export { jvp } from './jvp.ts';
export { linearize } from './linearize.ts';
export type {
  CompiledInfo,
  Cost,
  CostAnalysis,
  Lowered,
  MemoryAnalysis,
  ProgramInfo,
  TracedFunction,
} from './lowered.ts';
export {
  evalShape,
  type MakeProgramOptions,
  makeProgram,
  type PrintedProgram,
} from './make-program.ts';
export { namedCall, namedScope } from './named-scope.ts';
export { settings, withDebugInfs, withDebugNans } from './settings.ts';
export { stopGradient } from './stop-gradient.ts';
export { linearTranspose } from './transpose.ts';
export type {
  Argnums,
  AxesOf,
  Described,
  IndexOf,
  Jacobian,
  Output,
  Picked,
  SpecsOf,
  TangentsOf,
} from './types.ts';
export { type VjpFunction, vjp, vjpWithAux } from './vjp.ts';
export { type VmapOptions, vmap } from './vmap.ts';
