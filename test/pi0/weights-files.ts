/** Recorded policies as files of weights in memory. */
import { fileURLToPath } from 'node:url';
import type { TypedArray } from '../../core/base/dtype.ts';
import { tree } from '../../index.ts';
import {
  loadPi0Weights,
  type Pi0Config,
  type Pi0Layout,
  type Pi0Params,
  pi0Metadata,
  pi0Tensors,
} from '../../models/pi0/index.ts';
import {
  encodeSafetensors,
  openSafetensors,
  type RawTensor,
  type TensorFile,
} from '../../training/index.ts';
import { readGolden } from '../parity/golden-file.ts';
import { policyConfig } from '../parity/policy-config.ts';

/** Tensors by name, in memory. */
export type Tensors = Record<string, RawTensor>;

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../golden/${name}_f32.safetensors`, import.meta.url));

/** A recorded policy without its energy model. */
export async function recordedPolicy(name: string) {
  const golden = await readGolden(pathOf(name));
  const config: Pi0Config = { ...policyConfig(golden), energyVariant: 'none' };
  const file = await openSafetensors(pathOf(name));
  const params = await loadPi0Weights(file, config, { prefix: 'params/' });
  await file.close();
  return { golden, config, params };
}

/** The tensors of a layout, all made. */
export async function madeTensors(params: object, layout: Pi0Layout): Promise<Tensors> {
  const tensors: Tensors = {};
  for (const [name, tensor] of Object.entries(pi0Tensors(params, { layout }))) {
    tensors[name] = { ...tensor, bytes: await tensor.bytes() };
  }
  return tensors;
}

/** Tensors as an open file. */
export const fileOf = (tensors: Tensors, layout: Pi0Layout = 'openpi'): Promise<TensorFile> =>
  openSafetensors(encodeSafetensors(tensors, pi0Metadata(layout)));

/** Tensors under other names. */
export const renamed = (tensors: Tensors, rename: (name: string) => string): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [rename(name), tensor]));

/** Elements as they are in memory, by path. */
export async function rawByPath(params: Pi0Params): Promise<Record<string, TypedArray>> {
  const paths = tree.paths(params);
  const all: Record<string, TypedArray> = {};
  for (const [i, leaf] of tree.leaves(params).entries()) all[paths[i] ?? ''] = await leaf.rawData();
  return all;
}

/** What must be there. */
export function must<T>(found: T | undefined | null): T {
  if (found === undefined || found === null) throw new Error('it is not there');
  return found;
}
