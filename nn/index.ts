/** Parameters, layers, losses and optimizers. Exported as the namespace `nn`. */
export * from './activations.ts';
export {
  type DotProductAttentionOptions,
  dotProductAttention,
  dotProductAttentionWithResidual,
} from './attention.ts';
export { dims, type NamedAxes } from './dims.ts';
export * from './functions.ts';
export * from './initializers.ts';
export * as initializers from './initializers.ts';
export * from './layers/attention.ts';
export * from './layers/dropout.ts';
export * from './layers/embedding.ts';
export * from './layers/layer-norm.ts';
export * from './layers/linear.ts';
export * from './layers/mlp-resnet.ts';
export * from './layers/positional-encoding.ts';
export * from './losses.ts';
export * from './more-losses.ts';
export * as optim from './optim/index.ts';
export * from './params.ts';
export * from './softmax.ts';
