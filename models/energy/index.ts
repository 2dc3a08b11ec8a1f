/** The energy model: how well action chunks fit a context, its contrastive loss, and corrections with it. */
export {
  type EnergyConfig,
  type EnergyForm,
  type EnergyParams,
  type EnergyPool,
  type EnergySpec,
  energyConfig,
  energySpec,
} from './config.ts';
export {
  type CorrectionOptions,
  type CorrectionStep,
  correctOnce,
  type MultiStepOptions,
  multiStepEnergyCorrection,
  oneStepEnergyCorrection,
} from './correction.ts';
export {
  energyMatrix,
  type InfoNce,
  type InfoNceOptions,
  infoNce,
  infoNceOfEnergies,
} from './infonce.ts';
export {
  type ContextOptions,
  type EnergyOptions,
  encodeActions,
  encodeContext,
  energy,
  energyOfEncoded,
  type TrainOptions,
} from './model.ts';
export { checkPadMask } from './pad-mask.ts';
export type { EncodedContext, EnergyVariantName } from './variants/index.ts';
