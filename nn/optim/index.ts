/** Optimizers as chains of gradient transformations. Exported as the namespace `nn.optim`. */
export * from './masked.ts';
export * from './optimizers.ts';
export * from './parts.ts';
export * from './schedules.ts';
export {
  type ArrayTree,
  applyUpdates,
  chain,
  type EmptyState,
  type GradientTransformation,
  globalNorm,
  identity,
  incrementalUpdate,
  setToZero,
  stateless,
} from './transformation.ts';
