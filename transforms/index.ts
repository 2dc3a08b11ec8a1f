/** Transforms: programs to programs, and functions to functions. */
export { ArraySpec, arraySpec } from './array-spec.ts';
export { grad, type GradOptions, valueAndGrad } from './grad.ts';
export { hessian, jacfwd, type JacobianOptions, jacrev } from './jacobian.ts';
export { jit, type Jitted, type JitOptions } from './jit.ts';
export { jvp } from './jvp.ts';
export { linearize } from './linearize.ts';
export type { Cost, Lowered } from './lowered.ts';
export { evalShape, makeProgram, type PrintedProgram } from './make-program.ts';
export { stopGradient } from './stop-gradient.ts';
export { linearTranspose } from './transpose.ts';
export type { Argnums, AxesOf, Described, IndexOf, Jacobian, Output, Picked, SpecsOf, TangentsOf } from './types.ts';
export { vjp, type VjpFunction, vjpWithAux } from './vjp.ts';
export { vmap, type VmapOptions } from './vmap.ts';
