/** onnxruntime on the CPU, with operands and results in host memory, as it has them in Node. */
import { availableParallelism } from 'node:os';
import type { Case } from '../case.ts';
import { Unable } from '../case.ts';
import { digest } from '../digest.ts';
import { elements } from '../inputs.ts';
import type { Contestant, Prepared } from './contestant.ts';
import { onnxModel } from './onnx-model.ts';
import { requirePackage, versionOf } from './packages.ts';

interface Tensor {
  readonly data: ArrayLike<number> | BigInt64Array;
}

interface Session {
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

interface Onnx {
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<Session>;
  };
  readonly Tensor: new (
    type: string,
    data: Float32Array | Int32Array,
    shape: readonly number[],
  ) => Tensor;
}

/** Elements as numbers: positions are 64-bit integers. */
function numbers(tensor: Tensor | undefined): ArrayLike<number> {
  const { data = [] } = tensor ?? {};
  return data instanceof BigInt64Array ? Array.from(data, Number) : data;
}

/** onnxruntime. */
export function onnx(): Contestant {
  const library = requirePackage<Onnx>('onnxruntime-node');
  const threads = availableParallelism();
  return {
    version: versionOf('onnxruntime-node'),
    device: `CPU, ${threads} threads`,
    prepare: (example) => prepare(library, threads, example),
  };
}

async function prepare(library: Onnx, threads: number, example: Case): Promise<Prepared> {
  if (example.onnx === undefined) throw new Unable('no program');
  if (example.calls?.kind === 'chained') throw new Unable('its calls are asynchronous');
  const { model, outputs } = onnxModel(example.onnx, example.inputs);
  const feeds: Record<string, Tensor> = {};
  for (const [i, input] of example.inputs.entries()) {
    const data = elements(input, i);
    const type = data instanceof Int32Array ? 'int32' : 'float32';
    feeds[`x${i}`] = new library.Tensor(type, data, input.shape);
  }
  let session: Session | null = null;
  const once = async (): Promise<Readonly<Record<string, Tensor>>> => {
    session ??= await library.InferenceSession.create(model, {
      intraOpNumThreads: threads,
      executionProviders: ['cpu'],
    });
    return session.run(feeds);
  };
  return {
    async run() {
      let results = await once();
      for (let i = 1; i < (example.calls?.count ?? 1); i++) results = await once();
      return {
        digests: async () => outputs.map((name) => digest(numbers(results[name]))),
        release() {},
      };
    },
    release() {
      void session?.release();
    },
  };
}
