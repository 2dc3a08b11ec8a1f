/**
 * Commands that the queue is given together: small programs that are run one after the other, and the read that
 * follows them, cost one submit, which takes longer than all that a small program does.
 *
 * Commands wait until the present task of JavaScript ends, or until there is work that is worth a submit of its own.
 */
import type { Cost } from '../../compile/kernel-cost.ts';
import type { Grid } from '../../emit/wgsl/grid.ts';
import type { KernelFacts } from '../profile.ts';
import type { Range } from './bind-groups.ts';
import type { Timestamps } from './timestamps.ts';

/** A kernel that is ready to go. */
export interface BoundKernel {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
  readonly facts: KernelFacts;
}

/** Work that a GPU should begin with at once: it takes as long as a submit does, or longer. */
const worthwhile: Cost = { flops: 2 ** 24, bytes: 2 ** 22 };
/** Launches that wait at most. */
const maxLaunches = 64;

/** Writes commands and submits them. */
export class CommandBatch {
  readonly #device: GPUDevice;
  #encoder: GPUCommandEncoder | null = null;
  /** The pass that is open and the pipeline that is set in it. */
  #pass: GPUComputePassEncoder | null = null;
  #pipeline: GPUComputePipeline | null = null;
  #launches = 0;
  #flops = 0;
  #bytes = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** An encoder outside of any pass; what is written to it comes after all that was asked for before. */
  get commands(): GPUCommandEncoder {
    this.#endPass();
    return this.#open();
  }

  /** @param timestamps - Times the kernel in a pass of its own; null: kernels share passes. */
  launch({ pipeline, group, grid, facts }: BoundKernel, timestamps: Timestamps | null): void {
    if (timestamps !== null) this.#endPass();
    this.#pass ??= timestamps?.beginPass(this.#open(), facts) ?? this.#open().beginComputePass();
    const pass = this.#pass;
    if (pipeline !== this.#pipeline) pass.setPipeline(pipeline);
    this.#pipeline = pipeline;
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(grid[0], grid[1]);
    this.#launches++;
    this.#flops += facts.cost.flops;
    this.#bytes += facts.cost.bytes;
    if (timestamps !== null) this.#endPass();
  }

  /** Copies whole words from one buffer to another. */
  copy(from: Range, to: GPUBuffer, toOffset = 0): void {
    const { allocation, offset, bytes } = from;
    this.commands.copyBufferToBuffer(allocation.buffer, offset, to, toOffset, bytes);
  }

  /** Submits what waits if it is much. To be called after each program. */
  flushIfMuch(): void {
    const isMuch =
      this.#launches >= maxLaunches ||
      this.#flops >= worthwhile.flops ||
      this.#bytes >= worthwhile.bytes;
    if (isMuch) this.flush();
  }

  /** Submits what waits: whatever is not a command in this batch comes after it then. */
  flush(): void {
    if (this.#encoder === null) return;
    this.#endPass();
    const encoder = this.#encoder;
    this.drop();
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Forgets what waits. */
  drop(): void {
    this.#encoder = null;
    this.#pass = null;
    this.#pipeline = null;
    this.#launches = 0;
    this.#flops = 0;
    this.#bytes = 0;
  }

  #open(): GPUCommandEncoder {
    if (this.#encoder !== null) return this.#encoder;
    const encoder = this.#device.createCommandEncoder();
    this.#encoder = encoder;
    queueMicrotask(() => {
      if (this.#encoder === encoder) this.flush();
    });
    return encoder;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
    this.#pipeline = null;
  }
}
