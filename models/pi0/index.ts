/** π₀ and π₀.₅: policies that turn images, a prompt and a state into chunks of actions, and their energy model. */
export type { ComputeDType } from '../compute-dtype.ts';
export {
  type GemmaConfig,
  type GemmaVariant,
  gemmaConfig,
  gemmaVariants,
  type LoraConfig,
  paligemmaVocabulary,
} from '../gemma/config.ts';
export { type SiglipConfig, type SiglipVariant, siglipConfig } from '../siglip/config.ts';
export { visibleCameras } from './cameras.ts';
export {
  type EnergyVariant,
  energyOf,
  expertsOf,
  imageKeys,
  type Pi0Config,
  type PytorchCompileMode,
  pi0Config,
  tokensPerImage,
  visionOf,
} from './config.ts';
export type { CorrectionPlan } from './correct.ts';
export {
  embedPrefix,
  embedSuffix,
  posembSincos,
  type Suffix,
  type Tokens,
} from './embed.ts';
export {
  type EncodedPrefix,
  encodePrefix,
  type FullPass,
  fullPass,
  velocityAfter,
} from './forward.ts';
export {
  allOf,
  anyOf,
  countByFilter,
  everything,
  freezeFilter,
  mergeParams,
  not,
  nothing,
  type ParamCounts,
  type Partition,
  type PathFilter,
  partitionParams,
  pathRegex,
  storeFrozen,
} from './freeze.ts';
export {
  computeLoss,
  type FlowLoss,
  flowLoss,
  type LossOptions,
  type NoiseAndTime,
  type Pi0Loss,
} from './loss.ts';
export { type BlockStarts, makeAttentionMask, positionsOf } from './mask.ts';
export {
  fakeActions,
  fakeObs,
  type InputsSpec,
  inputsSpec,
  type Observation,
  type ObservationDict,
  observationFromDict,
  observationToDict,
} from './observation.ts';
export { type Pi0Params, type Pi0Spec, pi0Spec } from './params.ts';
export { type PreprocessOptions, preprocessObservation } from './preprocess.ts';
export { resizeWithPad } from './resize.ts';
export {
  type CorrectedSampleOptions,
  type SampleOptions,
  sampleActions,
  sampleActionsWithEnergyCorrection,
} from './sample.ts';
export {
  type LayoutLeaf,
  type LayoutPiece,
  layoutOf,
  type Pi0Layout,
  unusedPiece,
} from './weights/layout.ts';
export { type LoadWeightsOptions, loadPi0Weights } from './weights/load.ts';
export type { PathChoice, WeightsFile } from './weights/match.ts';
export {
  type LazyTensor,
  pi0Metadata,
  pi0Tensors,
  type SaveWeightsOptions,
} from './weights/save.ts';
