/** Weights of policies on disk: one file, a sharded model, or a folder with either. Node only. */
import {
  type LoadWeightsOptions,
  loadPi0Weights,
  type Pi0Config,
  type Pi0Params,
  pi0Metadata,
  pi0Tensors,
  type SaveWeightsOptions,
} from '../models/pi0/index.ts';
import { openCheckpoint } from './checkpoint/checkpoint.ts';
import { writeSafetensors } from './checkpoint/safetensors.ts';
import { writeSharded } from './checkpoint/sharded.ts';

/**
 * The parameters of a policy on the default device.
 *
 * @param path - A `.safetensors` file, a `*.safetensors.index.json`, or the folder of a model.
 * @throws What `openCheckpoint` and `loadPi0Weights` throw.
 * @example
 * const params = await loadPi0('pi0_base', pi0Config(), { dtype: 'bfloat16' });
 */
export async function loadPi0(
  path: string,
  config: Pi0Config,
  options: LoadWeightsOptions = {},
): Promise<Pi0Params> {
  const file = await openCheckpoint(path);
  try {
    return await loadPi0Weights(file, config, options);
  } finally {
    await file.close();
  }
}

/** How {@link savePi0} saves. */
export interface SavePi0Options extends SaveWeightsOptions {
  /** The most bytes of tensors in one file of a folder. Default: 5 GB. */
  readonly shardBytes?: number;
}

/**
 * Writes the parameters of a policy, or some of them; one slice of a tensor is on the host at a time.
 *
 * @param path - A file if it ends in `.safetensors` (an existing one is replaced in one step), else a new folder.
 * @throws `checkpoint-exists`, and what `pi0Tensors` throws.
 * @example
 * await savePi0('exported', params, { layout: 'public', dtype: 'bfloat16' });
 */
export async function savePi0(
  path: string,
  params: object,
  { shardBytes, ...options }: SavePi0Options = {},
): Promise<void> {
  const tensors = pi0Tensors(params, options);
  const metadata = pi0Metadata(options.layout ?? 'openpi');
  if (path.endsWith('.safetensors')) return writeSafetensors(path, tensors, metadata);
  await writeSharded(path, tensors, {
    metadata,
    ...(shardBytes === undefined ? {} : { shardBytes }),
  });
}
