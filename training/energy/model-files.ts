/** The energy model on disk: parameters by path, and the configuration that they belong to. */
import { invariant } from '../../core/base/errors.ts';
import { uploadRaw } from '../../core/host/runtime.ts';
import { astype } from '../../core/numpy/index.ts';
import * as tree from '../../core/tree.ts';
import { type EnergyConfig, type EnergyParams, energySpec } from '../../models/energy/index.ts';
import { shapesOf } from '../../nn/index.ts';
import { checkAgainst } from '../checkpoint/check.ts';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint.ts';
import type { HostTensor } from '../checkpoint/tensor.ts';
import { type EnergyTrainingConfig, parseTrainingConfig } from './config.ts';
import { foreignCheckpoint } from './errors.ts';

/** How a checkpoint says what it is. */
const kind = 'enerjax energy model';

/** What a run has learned, and what it needs to be used again. */
export interface SavedEnergyModel {
  readonly params: EnergyParams;
  readonly config: EnergyTrainingConfig;
  /** Widths that come from the data set. */
  readonly actionDim: number;
  readonly step: number;
}

/** The model that a training configuration describes. */
export const modelConfig = (config: EnergyTrainingConfig, actionDim: number): EnergyConfig => ({
  variant: 'cross-attention',
  contextDim: config.contextDim,
  energyActDim: actionDim,
  hidden: config.hidden,
  heads: config.heads,
  layers: config.layers,
  dropoutRate: config.dropoutRate,
  pool: 'mean',
});

/** Arrays by path, on the host. */
async function toHost(params: EnergyParams): Promise<Record<string, HostTensor>> {
  const tensors: Record<string, HostTensor> = {};
  const paths = tree.paths(params);
  for (const [i, leaf] of tree.leaves(params).entries()) {
    tensors[`params/${paths[i]}`] = {
      dtype: 'float32',
      shape: [...leaf.shape],
      data: new Float32Array(await leaf.data()),
    };
  }
  return tensors;
}

/** Writes `folder/step.safetensors`; older ones but two are removed once it is on the disk. */
export async function saveEnergyModel(folder: string, model: SavedEnergyModel): Promise<string> {
  const path = `${folder}/${model.step}.safetensors`;
  const metadata = {
    kind,
    config: JSON.stringify(model.config),
    actionDim: String(model.actionDim),
    step: String(model.step),
  };
  await saveCheckpoint(path, { tensors: await toHost(model.params), metadata }, { keepLast: 3 });
  return path;
}

/**
 * The model in a checkpoint, on the default device.
 *
 * @throws `foreign-checkpoint`, `checkpoint-mismatch`, and what reading a checkpoint throws.
 */
export async function loadEnergyModel(path: string): Promise<SavedEnergyModel> {
  const { tensors, metadata } = await loadCheckpoint(path);
  const { config, actionDim, step } = readMetadata(path, metadata);
  const spec = energySpec(modelConfig(config, actionDim));
  const expected = Object.fromEntries(
    Object.entries(shapesOf(spec)).map(([name, type]) => [`params/${name}`, type]),
  );
  checkAgainst(expected, tensors);
  const params = tree.unflatten(
    tree.structure(spec),
    tree.paths(spec).map((name) => {
      const tensor = tensors[`params/${name}`];
      invariant(tensor !== undefined, `${name} was checked and is gone`);
      const { data, shape, dtype } = tensor;
      // Weights may have been saved in 16 bits; the energy model is trained in 32.
      return astype(uploadRaw(data, shape, dtype), 'float32');
    }),
  ) as unknown as EnergyParams; // A spec and its parameters have the same tree.
  return { params, config, actionDim, step };
}

/** What the text in a checkpoint says of the model, refused unless it can be meant. */
function readMetadata(
  path: string,
  metadata: Checkpoint['metadata'],
): Omit<SavedEnergyModel, 'params'> {
  if (metadata.kind !== kind) throw foreignCheckpoint(path, `it does not say '${kind}'`);
  const [actionDim, step] = [Number(metadata.actionDim), Number(metadata.step)];
  if (!Number.isInteger(actionDim) || actionDim < 1 || !Number.isInteger(step)) {
    throw foreignCheckpoint(path, 'its width of actions or its step is no whole number');
  }
  const parsed = parseTrainingConfig(jsonOrNull(metadata.config ?? ''));
  if ('problems' in parsed) throw foreignCheckpoint(path, parsed.problems);
  return { config: parsed.config, actionDim, step };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
