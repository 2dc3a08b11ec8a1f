/** Who takes part, by name. */
import { availableParallelism } from 'node:os';
import { Unable } from '../case.ts';
import type { Clock } from '../rounds.ts';
import type { Contestant } from './contestant.ts';
import { locate } from './packages.ts';

/** The two kinds of machine that are compared among themselves. */
export type Field = 'cpu' | 'webgpu';

/** The contestants of a field; the first ones are enerjax. CPU time is compared of one thread. */
export function contestantNames(field: Field, clock: Clock): readonly string[] {
  if (field === 'webgpu') return ['enerjax-webgpu', 'jax-js-webgpu', 'tfjs-webgpu'];
  const threads = availableParallelism();
  const many = threads > 1 && clock === 'wall' ? [`enerjax-wasm-${threads}`] : [];
  return ['enerjax-wasm-1', ...many, 'jax-js-wasm', 'tfjs-wasm', 'onnx-cpu', 'xla-cpu'];
}

const packages: readonly (readonly [prefix: string, name: string])[] = [
  ['jax-js', '@jax-js/jax'],
  ['tfjs', '@tensorflow/tfjs'],
  ['onnx', 'onnxruntime-node'],
];

/** The package that a contestant needs and that is not installed; null if there is none. */
export function missingPackage(name: string): string | null {
  const needed = packages.find(([prefix]) => name.startsWith(prefix))?.[1];
  return needed === undefined || locate(needed) !== null ? null : needed;
}

/**
 * A contestant that runs in this process.
 *
 * @param name - As in {@link contestantNames}, or `enerjax-…@FOLDER` for another checkout of enerjax.
 */
export async function openContestant(name: string): Promise<Contestant> {
  const [kind = '', root] = name.split('@');
  const [, library, device] = /^(enerjax|jax-js|tfjs|onnx)-(.+)$/.exec(kind) ?? [];
  if (library === 'enerjax' && device !== undefined) {
    return (await import('./enerjax.ts')).enerjax({ device, root });
  }
  if (library === 'onnx') return (await import('./onnx.ts')).onnx();
  if (device === 'wasm' || device === 'webgpu') {
    if (library === 'jax-js') return (await import('./jax-js.ts')).jaxJs(device);
    return (await import('./tfjs.ts')).tfjs(device);
  }
  throw new Unable(`no contestant is called ${name}`);
}
