/** Reading a policy's weights into the memory of a device, a slice at a time. */
import { sizeOf } from '../../../core/base/aval.ts';
import { type DType, memoryView, type TypedArray } from '../../../core/base/dtype.ts';
import { flatten } from '../../../core/base/pytree.ts';
import { type ArrayUpload, beginUpload, defaultDevice } from '../../../core/host/runtime.ts';
import { Value } from '../../../core/ir/value.ts';
import { astype } from '../../../core/numpy/index.ts';
import * as random from '../../../core/random/index.ts';
import { initParams, shapesOf } from '../../../nn/params.ts';
import type { Pi0Config } from '../config.ts';
import { type Pi0Params, type Pi0Spec, pi0Spec } from '../params.ts';
import {
  castRaw,
  rawElements,
  type WeightDType,
  type WeightType,
  weightTypeOf,
  weightTypes,
} from './cast.ts';
import { checkChoice } from './check-choice.ts';
import { layoutOf, type Pi0Layout } from './layout.ts';
import {
  chosenBy,
  detectLayout,
  type FoundPiece,
  matchWeights,
  type PathChoice,
  type WeightsFile,
} from './match.ts';
import { type RawElements, reorderRows } from './permute.ts';

/** How {@link loadPi0Weights} reads. */
export interface LoadWeightsOptions {
  /** Element type on the device. Default `keep`: what the file has. */
  readonly dtype?: 'float32' | 'bfloat16' | 'keep';
  /** Default: what the file's names say. */
  readonly layout?: Pi0Layout;
  /** Only names that begin so are read, such as 'params/'. Default: all. */
  readonly prefix?: string;
  /**
   * Paths of parameters that are initialised if the file has nothing of them. Default: low-rank additions and the
   * energy model.
   */
  readonly missing?: PathChoice;
  /** Names in the file that are left alone. Default: none. */
  readonly ignore?: PathChoice;
  /** Key of what is initialised. Default: that of seed 0. */
  readonly key?: Value;
}

/** What released files do not have. */
const addedLater = '.*lora.*|(?:.*/)?energy_model/.*';

/** Bytes that are read at once, where that is not less than a row. */
const readSize = 8 * 2 ** 20;

/** The bits of a type as an upload takes them. */
const asDeviceElements = (elements: RawElements, dtype: DType): TypedArray =>
  memoryView(dtype, elements.buffer, elements.byteOffset, elements.length);

/** The type that all pieces fit in. */
function commonType(pieces: readonly FoundPiece[]): WeightType {
  const types = new Set(pieces.map(({ type }) => type));
  const [only = 'F32'] = types;
  return types.size === 1 ? only : 'F32';
}

/** Hands one tensor of the file to the device; of one whose axes are in order, the host never has all. */
async function uploadPiece(
  file: WeightsFile,
  { piece, name, type }: FoundPiece,
  to: WeightType,
  upload: ArrayUpload,
): Promise<void> {
  const { dtype, bytes } = weightTypes[to];
  const { order } = piece;
  if (order === null) {
    for await (const run of file.pieces(name, readSize)) {
      upload.append(asDeviceElements(castRaw(rawElements(run, type), type, to), dtype));
    }
    return;
  }
  const count = sizeOf(piece.shape);
  const slice = bytes === 2 ? new Uint16Array(count) : new Uint32Array(count);
  const rowBytes = sizeOf(order.shape.slice(1)) * weightTypes[type].bytes;
  // Whole rows, as many as a square of the reordering takes at least.
  const rows = Math.max(32, Math.floor(readSize / Math.max(1, rowBytes)));
  let row = 0;
  for await (const run of file.pieces(name, rows * rowBytes)) {
    reorderRows(castRaw(rawElements(run, type), type, to), slice, order, row);
    row += rows;
  }
  upload.append(asDeviceElements(slice, dtype));
}

/** One parameter, piece by piece. */
async function loadLeaf(
  file: WeightsFile,
  shape: readonly number[],
  pieces: readonly FoundPiece[],
  wanted: WeightDType | 'keep',
): Promise<Value> {
  const to = (wanted === 'keep' ? undefined : weightTypeOf(wanted)) ?? commonType(pieces);
  const upload = beginUpload(shape, weightTypes[to].dtype);
  try {
    for (const piece of pieces) await uploadPiece(file, piece, to, upload);
    return upload.finish();
  } catch (error) {
    upload.abandon();
    throw error;
  }
}

/** The parameters at these paths, as `nn.initParams` would make them; others are left out. */
function initialise(
  spec: Pi0Spec,
  paths: readonly string[],
  { key, dtype }: { readonly key: Value | undefined; readonly dtype: WeightDType | 'keep' },
): ReadonlyMap<string, Value> {
  if (paths.length === 0) return new Map();
  const { leaves, structure } = flatten(spec);
  const wanted = new Set(paths);
  const all = structure.paths();
  const only = structure.unflatten(
    leaves.map((leaf, i) => (wanted.has(all[i] ?? '') ? leaf : null)),
  );
  const made = flatten(initParams(only, key ?? random.key(0)));
  const arrays = made.leaves.filter((leaf) => leaf instanceof Value);
  const names = made.structure.paths();
  return new Map(
    arrays.map((array, i) => [names[i] ?? '', dtype === 'keep' ? array : astype(array, dtype)]),
  );
}

/**
 * The parameters of a policy, on the default device, from a file in either layout.
 *
 * Names, types and shapes are checked before anything is read or allocated. Then tensors go to the device one by
 * one, so that the host has no more than one slice of one of them at a time.
 *
 * @param file - An open file, as `openSafetensors`, `openSharded` and `openCheckpoint` return it.
 * @throws `weights-mismatch`, `pi0-option`, and what reading the file throws.
 * @example
 * const file = await openCheckpoint('pi0_base');
 * const params = await loadPi0Weights(file, pi0Config(), { dtype: 'bfloat16' });
 * await file.close();
 */
export async function loadPi0Weights(
  file: WeightsFile,
  config: Pi0Config,
  options: LoadWeightsOptions = {},
): Promise<Pi0Params> {
  const { dtype = 'keep', layout = detectLayout(file), prefix = '' } = options;
  checkChoice('loadPi0Weights', 'dtype', dtype, ['float32', 'bfloat16', 'keep']);
  checkChoice('loadPi0Weights', 'layout', layout, ['openpi', 'public']);
  const spec = pi0Spec(config);
  const leaves = layoutOf(shapesOf(spec), layout);
  const { found, absent } = matchWeights(file, leaves, {
    layout,
    prefix,
    isIgnored: chosenBy(options.ignore ?? (() => false)),
    mayBeMissing: chosenBy(options.missing ?? addedLater),
  });
  const loaded = new Map<string, Value>();
  try {
    for (const { path, shape } of leaves) {
      const pieces = found.get(path);
      if (pieces === undefined) continue;
      loaded.set(path, await loadLeaf(file, shape, pieces, dtype));
      // A GPU's queue holds copies of what it has not taken yet.
      await defaultDevice().settle();
    }
  } catch (error) {
    for (const array of loaded.values()) array.dispose();
    throw error;
  }
  const made = initialise(spec, absent, { key: options.key, dtype });
  const { structure } = flatten(spec);
  const arrays = structure.paths().map((path) => loaded.get(path) ?? made.get(path));
  return structure.unflatten(arrays) as unknown as Pi0Params; // A spec and its parameters have the same tree.
}
