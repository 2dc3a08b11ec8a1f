/** How long the GPU takes: by its own clock where it has one, and otherwise by the host's. */

import { isAccepted } from './accepted.ts';

const bytesPerTimestamp = 8;
// The constants of GPUBufferUsage and GPUMapMode, which Node does not define globally.
const usage = { mapRead: 0x1, copySource: 0x4, copyDestination: 0x8, queryResolve: 0x200 } as const;

/** Milliseconds below which a measurement says little: browsers round the GPU's clock to a tenth of one. */
const shortByGpuClock = 2;
/** A submit and its end being noticed take some tenths of a millisecond. */
const shortByHostClock = 5;

/** The GPU's clock. */
interface Clock {
  readonly queries: GPUQuerySet;
  readonly resolved: GPUBuffer;
  readonly staging: GPUBuffer;
}

/** Measures passes. */
export class Stopwatch {
  readonly #device: GPUDevice;
  readonly #clock: Clock | null;

  constructor(device: GPUDevice) {
    this.#device = device;
    const size = 2 * bytesPerTimestamp;
    this.#clock = device.features.has('timestamp-query')
      ? {
          queries: device.createQuerySet({ type: 'timestamp', count: 2 }),
          resolved: device.createBuffer({ size, usage: usage.queryResolve | usage.copySource }),
          staging: device.createBuffer({ size, usage: usage.mapRead | usage.copyDestination }),
        }
      : null;
  }

  /** Milliseconds that a pass should take to be measured well. */
  get aim(): number {
    return this.#clock === null ? shortByHostClock : shortByGpuClock;
  }

  /** Milliseconds that a pass takes; null if the GPU refused it. */
  async time(write: (pass: GPUComputePassEncoder) => void): Promise<number | null> {
    const device = this.#device;
    const clock = this.#clock;
    const began = performance.now();
    const accepted = await isAccepted(device, () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass(clock === null ? {} : timed(clock));
      write(pass);
      pass.end();
      if (clock !== null) {
        const { queries, resolved, staging } = clock;
        encoder.resolveQuerySet(queries, 0, 2, resolved, 0);
        encoder.copyBufferToBuffer(resolved, 0, staging, 0, 2 * bytesPerTimestamp);
      }
      device.queue.submit([encoder.finish()]);
    });
    if (!accepted) return null;
    await device.queue.onSubmittedWorkDone();
    const byHost = performance.now() - began;
    // A clock that stood still was rounded, or is none.
    return clock === null ? byHost : ((await read(clock)) ?? byHost);
  }

  /** Gives the clock's memory back. */
  destroy(): void {
    const { queries, resolved, staging } = this.#clock ?? {};
    for (const one of [queries, resolved, staging]) one?.destroy();
  }
}

const timed = ({ queries }: Clock): GPUComputePassDescriptor => ({
  timestampWrites: {
    querySet: queries,
    beginningOfPassWriteIndex: 0,
    endOfPassWriteIndex: 1,
  },
});

/** Milliseconds between the two timestamps; null if they are none. */
async function read({ staging }: Clock): Promise<number | null> {
  await staging.mapAsync(usage.mapRead);
  const [begin = 0n, end = 0n] = new BigUint64Array(staging.getMappedRange());
  staging.unmap();
  return end > begin ? Number(end - begin) / 1e6 : null;
}
