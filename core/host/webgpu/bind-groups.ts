/** Bind groups, kept for reuse and limited in number. */
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
/**
 * Groups made before the collector must run: engines see a dropped group as a few bytes and leave it,
 * and the process dies when the mappings run out.
 */
const maxUncollected = 16_384;

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

  #make(layout: GPUBindGroupLayout, ranges: readonly Range[]): GPUBindGroup {
    if (++this.#made > maxUncollected && this.#collect !== null) {
      this.#made = this.#entries.size;
      this.#collect();
      this.#device.queue.submit([]);
    }
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
