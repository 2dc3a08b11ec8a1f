/** SigLIP: the vision encoder of PaliGemma. */
export { type SiglipConfig, type SiglipVariant, siglipConfig, siglipSizes } from './config.ts';
export { type SiglipOptions, siglip } from './encoder.ts';
export { type SiglipParams, type SiglipSpecOptions, siglipSpec } from './params.ts';
