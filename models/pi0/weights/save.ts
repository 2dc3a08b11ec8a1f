/** A policy's parameters as the tensors of a file, which are read back from the device when their turn comes. */
import { showAval, sizeOf } from '../../../core/base/aval.ts';
import type { TypedArray } from '../../../core/base/dtype.ts';
import { flatten } from '../../../core/base/pytree.ts';
import { ConcreteArray, type Value } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import { jit } from '../../../transforms/jit.ts';
import { castRaw, rawElements, type WeightType, weightTypeOf, weightTypes } from './cast.ts';
import { checkChoice } from './check-choice.ts';
import { notWeights } from './errors.ts';
import { layoutOf, type Pi0Layout, type Shapes, unusedPiece } from './layout.ts';
import { reorder } from './permute.ts';
import { tiedNames } from './public-layout.ts';

/** How {@link pi0Tensors} writes. */
export interface SaveWeightsOptions {
  /** Default `openpi`. */
  readonly layout?: Pi0Layout;
  /** Element type in the file. Default `keep`: what the parameters have. */
  readonly dtype?: 'float32' | 'bfloat16' | 'keep';
  /**
   * Whether the public layout gets the tensor that nobody reads, as zeros: PyTorch's strict loading asks for it. Default
   * true.
   */
  readonly unusedHead?: boolean;
}

/** A tensor whose bytes are made when asked for, as `writeSafetensors` takes it. */
export interface LazyTensor {
  readonly dtype: WeightType;
  readonly shape: readonly number[];
  readonly bytes: () => Promise<Uint8Array>;
}

/** One of equal parts; a program per shape, not per part. */
const partOf = jit(
  (x: Value, index: Value, parts: number): Value =>
    np.take(np.reshape(x, [parts, x.size / parts]), index, { axis: 0 }),
  { static: [2] },
);

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The elements of one part of a parameter, from the device. */
async function readPart(array: Value, index: number, parts: number): Promise<TypedArray> {
  if (parts === 1) return array.rawData();
  const part = partOf(array, np.array(index, { dtype: 'int32' }), parts);
  const elements = await part.rawData();
  part.dispose();
  return elements;
}

const zeros = (type: WeightType, shape: readonly number[]): LazyTensor => ({
  dtype: type,
  shape,
  bytes: async () => new Uint8Array(sizeOf(shape) * weightTypes[type].bytes),
});

/**
 * The parameters as tensors by name, in a layout. What the public one has no name for, such as an energy model, goes by
 * its path.
 *
 * @param params - Or a part of them, such as the parameters without `energy_model`.
 * @throws `not-weights`, `pi0-option`.
 * @example
 * await writeSafetensors('model.safetensors', pi0Tensors(params, { layout: 'public', dtype: 'bfloat16' }));
 */
export function pi0Tensors(
  params: object,
  { layout = 'openpi', dtype = 'keep', unusedHead = true }: SaveWeightsOptions = {},
): Record<string, LazyTensor> {
  checkChoice('pi0Tensors', 'layout', layout, ['openpi', 'public']);
  checkChoice('pi0Tensors', 'dtype', dtype, ['float32', 'bfloat16', 'keep']);
  const wanted = dtype === 'keep' ? undefined : weightTypeOf(dtype);
  const { leaves, structure } = flatten(params);
  const arrays = new Map<string, { readonly array: Value; readonly type: WeightType }>();
  const shapes: Record<string, Shapes[string]> = {};
  structure.paths().forEach((path, i) => {
    const array = leaves[i];
    const type = array instanceof ConcreteArray ? weightTypeOf(array.dtype) : undefined;
    if (!(array instanceof ConcreteArray) || type === undefined) {
      throw notWeights(path, array instanceof ConcreteArray ? showAval(array.aval) : String(array));
    }
    arrays.set(path, { array, type });
    shapes[path] = { shape: array.shape };
  });
  const tensors: Record<string, LazyTensor> = {};
  for (const { path, pieces } of layoutOf(shapes, layout)) {
    const found = arrays.get(path);
    if (found === undefined) continue;
    const { array, type } = found;
    const to = wanted ?? type;
    pieces.forEach(({ key, shape, back }, index) => {
      const bytes = async (): Promise<Uint8Array> => {
        const raw = bytesOf(await readPart(array, index, pieces.length));
        const elements = castRaw(rawElements(raw, type), type, to);
        return bytesOf(back === null ? elements : reorder(elements, back));
      };
      tensors[key] = { dtype: to, shape, bytes };
    });
  }
  const unused = layout === 'public' && unusedHead ? unusedPiece(shapes) : null;
  const likely = arrays.get('PaliGemma/llm/embedder/input_embedding')?.type ?? 'F32';
  if (unused !== null) tensors[unused.key] = zeros(wanted ?? likely, unused.shape);
  return tensors;
}

const [kept, dropped] = tiedNames;

/** What a file in the layout says of itself: PyTorch's loaders look for it. */
export const pi0Metadata = (layout: Pi0Layout): Readonly<Record<string, string>> =>
  layout === 'public' ? { format: 'pt', [dropped]: kept } : {};
