/** A file of recorded inputs, parameters and outputs. */
import type { TypedArray } from '../../core/base/dtype.ts';
import { fromRaw } from '../../core/base/half.ts';
import { uploadRaw } from '../../core/host/runtime.ts';
import type { Value } from '../../core/ir/value.ts';
import { openSafetensors } from '../../training/checkpoint/safetensors.ts';
import { type HostTensor, toHostTensor } from '../../training/checkpoint/tensor.ts';

/** A tree of arrays with names, as parameters are. */
export interface NamedArrays {
  readonly [name: string]: Value | NamedArrays;
}

/** A file whose tensors are all in memory. */
export class GoldenFile {
  readonly name: string;
  readonly #tensors: ReadonlyMap<string, HostTensor>;

  constructor(name: string, tensors: ReadonlyMap<string, HostTensor>) {
    this.name = name;
    this.#tensors = tensors;
  }

  /** True if there is a tensor of this name. */
  has(tensor: string): boolean {
    return this.#tensors.has(tensor);
  }

  /** The file with the tensors of another, which also gives it its name. */
  with(other: GoldenFile): GoldenFile {
    return new GoldenFile(other.name, new Map([...this.#tensors, ...other.#tensors]));
  }

  /** The names that begin so, without that beginning. */
  under(prefix: string): string[] {
    const names = [...this.#tensors.keys()].filter((name) => name.startsWith(prefix));
    return names.map((name) => name.slice(prefix.length));
  }

  #tensor(name: string): HostTensor {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw new Error(`${this.name} has no tensor '${name}'`);
    return tensor;
  }

  /** The elements of a tensor. */
  numbers(tensor: string): TypedArray {
    const { data, dtype } = this.#tensor(tensor);
    return fromRaw(data, dtype);
  }

  /** The sizes of a tensor's axes. */
  shape(tensor: string): readonly number[] {
    return this.#tensor(tensor).shape;
  }

  /** A tensor on the default device. */
  array(tensor: string): Value {
    const { data, shape, dtype } = this.#tensor(tensor);
    return uploadRaw(data, shape, dtype);
  }

  /** The tensors under a prefix as a tree: `a/b` becomes `{ a: { b } }`. */
  tree(prefix: string): NamedArrays {
    const root: Record<string, Value | NamedArrays> = {};
    for (const path of this.under(prefix)) {
      const words = path.split('/');
      let node = root;
      for (const word of words.slice(0, -1)) {
        const child = (node[word] ?? {}) as Record<string, Value | NamedArrays>;
        node[word] = child;
        node = child;
      }
      node[words.at(-1) ?? ''] = this.array(`${prefix}${path}`);
    }
    return root;
  }
}

/** Reads a whole safetensors file. */
export async function readGolden(path: string): Promise<GoldenFile> {
  const file = await openSafetensors(path);
  const tensors = new Map<string, HostTensor>();
  for (const name of file.entries.keys()) tensors.set(name, toHostTensor(await file.read(name)));
  await file.close();
  return new GoldenFile(path, tensors);
}
