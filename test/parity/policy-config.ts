/** The configuration of a recorded policy, read off the shapes of its parameters. */
import { type Pi0Config, pi0Config } from '../../models/pi0/config.ts';
import type { GemmaConfig } from '../../models/pi0/index.ts';
import type { GoldenFile } from './golden-file.ts';

const cameraPrefix = 'in/image/';

/** Cameras come in the order of openpi, which is that of their names. */
const camerasOf = (file: GoldenFile): string[] => file.under(cameraPrefix).sort();

function expertOf(file: GoldenFile, suffix: string): GemmaConfig {
  const layers = 'params/PaliGemma/llm/layers';
  const [depth = 0, numHeads = 0, width = 0, headDim = 0] = file.shape(
    `${layers}/attn/q_einsum${suffix}/w`,
  );
  const [, , numKvHeads = 0] = file.shape(`${layers}/attn/kv_einsum${suffix}/w`);
  const [, mlpDim = 0] = file.shape(`${layers}/mlp${suffix}/linear`);
  return { width, depth, mlpDim, numHeads, numKvHeads, headDim };
}

function visionOf(file: GoldenFile): Pi0Config['siglipVariant'] {
  const blocks = 'params/PaliGemma/img/Transformer/encoderblock';
  const [depth = 0, width = 0, mlpDim = 0] = file.shape(`${blocks}/MlpBlock_0/Dense_0/kernel`);
  const attention = `${blocks}/MultiHeadDotProductAttention_0`;
  const [, , numHeads = 0] = file.shape(`${attention}/query/kernel`);
  const [patchSize = 0] = file.shape('params/PaliGemma/img/embedding/kernel');
  return { width, depth, mlpDim, numHeads, patchSize };
}

/** The configuration that the file's sizes spell. Files of bfloat16 say so in their name only. */
export function policyConfig(file: GoldenFile): Pi0Config {
  const [, actionHorizon = 0, actionDim = 0] = file.shape('in/actions');
  const imageKeys = camerasOf(file);
  const [, height = 0, width = 0] = file.shape(`${cameraPrefix}${imageKeys[0] ?? ''}`);
  const energy = 'energy_params/cross_attention/query/kernel';
  const [energyHidden = 8, energyHeads = 1] = file.has(energy) ? file.shape(energy) : [];
  const seen = 'energy_params/action_linear/fc1/kernel';
  return pi0Config({
    actionDim,
    actionHorizon,
    maxTokenLen: file.shape('in/tokenized_prompt')[1] ?? 0,
    dtype: /bf16|bfloat16/.test(file.name) ? 'bfloat16' : 'float32',
    paligemmaVariant: expertOf(file, ''),
    actionExpertVariant: expertOf(file, '_1'),
    pi05: file.has('params/time_mlp_in/kernel'),
    siglipVariant: visionOf(file),
    vocabulary: file.shape('params/PaliGemma/llm/embedder/input_embedding')[0] ?? 0,
    imageKeys,
    imageResolution: [height, width],
    energyVariant: file.has(energy) ? 'cross-attention' : 'none',
    energyHidden,
    energyHeads,
    energyActDim: file.has(seen) ? (file.shape(seen)[0] ?? 1) : 1,
    energyDropout: 0,
  });
}
