export { grad, valueAndGrad } from './grad.ts';
export { jit } from './jit.ts';
export { vmap } from './vmap.ts';
