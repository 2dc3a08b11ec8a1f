/** Bind groups, kept for reuse and limited in number. */
import { tooManyLaunches } from './errors.ts';
import type { Allocation } from './memory.ts';

/** A part of a buffer. Offsets are multiples of 256. */
export interface Range {
  readonly allocation: Allocation;
  readonly offset: number;
  readonly bytes: number;
}

/** A layout and a name for it that tells it from others. */
export interface NamedLayout {
  readonly name: string;
  readonly layout: GPUBindGroupLayout;
}

interface Entry {
  readonly group: GPUBindGroup;
  readonly buffers: readonly number[];
}

/** Groups kept. Each is a memory mapping in some drivers, of which a process has some 65,000. */
const maxKept = 4096;
/** Groups made before the collector should run: it sees a dropped group as a few bytes and leaves it. */
const manyMade = 8192;
/** Groups made before the process is in danger. They cannot be collected while nothing is awaited. */
const mostMade = 50_000;

/** Makes and keeps bind groups. */
export class BindGroups {
  readonly #device: GPUDevice;
  readonly #collect: (() => void) | null;
  readonly #entries = new Map<string, Entry>();
  #made = 0;

  constructor(device: GPUDevice, collect: (() => void) | null) {
    this.#device = device;
    this.#collect = collect;
  }

  /** The number of groups kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** A group that binds these ranges in order. */
  get({ name, layout }: NamedLayout, ranges: readonly Range[]): GPUBindGroup {
    let key = name;
    for (const { allocation, offset, bytes } of ranges) {
      key += ` ${allocation.id}@${offset}+${bytes}`;
    }
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // Reinsertion keeps the map in order of use.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.group;
    }
    const group = this.#make(layout, ranges);
    this.#entries.set(key, { group, buffers: ranges.map(({ allocation }) => allocation.id) });
    if (this.#entries.size > maxKept) this.#dropOldest();
    return group;
  }

  /** Drops the groups of a destroyed buffer. */
  forget(buffer: number): void {
    for (const [key, { buffers }] of this.#entries) {
      if (buffers.includes(buffer)) this.#entries.delete(key);
    }
  }

  /** Frees dropped groups if there are many. To be awaited wherever the device waits. */
  async reclaimIfNeeded(): Promise<void> {
    if (this.#made < manyMade || this.#collect === null) return;
    this.#made = this.#entries.size;
    this.#collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
    // Dawn lets go of them with the first submit after their last use is over.
    const { queue } = this.#device;
    queue.submit([]);
    await queue.onSubmittedWorkDone();
    queue.submit([]);
  }

  #make(layout: GPUBindGroupLayout, ranges: readonly Range[]): GPUBindGroup {
    this.#made++;
    if (this.#made > mostMade && this.#collect !== null) throw tooManyLaunches(this.#made);
    return this.#device.createBindGroup({
      layout,
      entries: ranges.map(({ allocation: { buffer }, offset, bytes }, binding) => ({
        binding,
        resource: { buffer, offset, size: bytes },
      })),
    });
  }

  #dropOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}
