/** The energy model on disk: parameters by path, and the configuration that they belong to. */
import { upload } from '../../core/host/runtime.ts';
import * as tree from '../../core/tree.ts';
import { type EnergyConfig, type EnergyParams, energySpec } from '../../models/energy/index.ts';
import { shapesOf } from '../../nn/index.ts';
import { checkAgainst } from '../checkpoint/check.ts';
import { loadCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint.ts';
import type { HostTensor } from '../checkpoint/tensor.ts';
import { type EnergyTrainingConfig, energyTrainingConfig } from './config.ts';
import { foreignCheckpoint } from './errors.ts';

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
    kind: 'enerjax energy model',
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
  if (metadata.config === undefined || metadata.actionDim === undefined) {
    throw foreignCheckpoint(path);
  }
  const config = energyTrainingConfig(JSON.parse(metadata.config) as object);
  const actionDim = Number(metadata.actionDim);
  const spec = energySpec(modelConfig(config, actionDim));
  const expected = Object.fromEntries(
    Object.entries(shapesOf(spec)).map(([name, type]) => [`params/${name}`, type]),
  );
  checkAgainst(expected, tensors);
  const params = tree.unflatten(
    tree.structure(spec),
    tree.paths(spec).map((name) => {
      const tensor = tensors[`params/${name}`];
      if (tensor === undefined) throw foreignCheckpoint(path);
      return upload(tensor.data, tensor.shape, tensor.dtype);
    }),
  ) as unknown as EnergyParams; // A spec and its parameters have the same tree.
  return { params, config, actionDim, step: Number(metadata.step ?? 0) };
}
