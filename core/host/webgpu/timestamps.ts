/** When kernels began and ended on the GPU: one pass for each, between two timestamps. */

import type { KernelFacts, Recorder } from '../profile.ts';
import type { Failures } from './failures.ts';

/** Timestamps that WebGPU allows in one set. */
const maxPerSet = 4096;
const bytesPerTimestamp = 8;
// The constants of GPUBufferUsage and GPUMapMode, which Node does not define globally.
const usage = { mapRead: 0x1, copySource: 0x4, copyDestination: 0x8, queryResolve: 0x200 } as const;

/** Timestamps and the kernels that they are of. */
interface Chunk {
  readonly queries: GPUQuerySet;
  readonly kernels: KernelFacts[];
}

/** Times the kernels of one submit. */
export class Timestamps {
  readonly #device: GPUDevice;
  readonly #recorder: Recorder;
  readonly #sets: Chunk[] = [];

  constructor(device: GPUDevice, recorder: Recorder) {
    this.#device = device;
    this.#recorder = recorder;
  }

  /** A pass for one kernel. */
  beginPass(encoder: GPUCommandEncoder, kernel: KernelFacts): GPUComputePassEncoder {
    let set = this.#sets.at(-1);
    if (set === undefined || 2 * set.kernels.length === maxPerSet) {
      const queries = this.#device.createQuerySet({ type: 'timestamp', count: maxPerSet });
      set = { queries, kernels: [] };
      this.#sets.push(set);
    }
    const at = 2 * set.kernels.length;
    set.kernels.push(kernel);
    return encoder.beginComputePass({
      timestampWrites: {
        querySet: set.queries,
        beginningOfPassWriteIndex: at,
        endOfPassWriteIndex: at + 1,
      },
    });
  }

  /** To be called before the encoder is finished; what is returned, after the submit. */
  resolve(encoder: GPUCommandEncoder): (failures: Failures) => void {
    const buffers = this.#sets.map(({ queries, kernels }) => {
      const size = 2 * kernels.length * bytesPerTimestamp;
      const resolved = this.#device.createBuffer({
        size,
        usage: usage.queryResolve | usage.copySource,
      });
      const staging = this.#device.createBuffer({
        size,
        usage: usage.mapRead | usage.copyDestination,
      });
      encoder.resolveQuerySet(queries, 0, 2 * kernels.length, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
      return { queries, kernels, resolved, staging };
    });
    const submitted = this.#recorder.now();
    return (failures) => {
      for (const { queries, kernels, resolved, staging } of buffers) {
        const arrival = staging
          .mapAsync(usage.mapRead)
          .then(() => {
            this.#report(kernels, new BigUint64Array(staging.getMappedRange()), submitted);
          })
          .catch((cause: unknown) => failures.lose('a profile could not be read', cause))
          .finally(() => {
            for (const one of [queries, resolved, staging]) one.destroy();
          });
        this.#recorder.expect(arrival);
      }
    };
  }

  /** The GPU's clock has another origin: the first kernel is taken to start when it was submitted. */
  #report(kernels: readonly KernelFacts[], times: BigUint64Array, submitted: number): void {
    const origin = this.#recorder.alignClock(times[0] ?? 0n, submitted);
    kernels.forEach((kernel, i) => {
      const [begin = 0n, end = 0n] = times.subarray(2 * i, 2 * i + 2);
      const microseconds = (ticks: bigint): number => Number(ticks) / 1000;
      const duration = end > begin ? microseconds(end - begin) : 0;
      this.#recorder.add('webgpu', kernel, origin(begin), duration);
    });
  }
}
