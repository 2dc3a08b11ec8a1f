/** A compiled program: kernels in order, and where every array lives. */
import type { Aval } from '../base/aval.ts';
import type { CallSite } from '../base/call-site.ts';
import type { Control } from './control.ts';
import type { Kernel } from './kernel.ts';
import type { SplitProducts } from './split-product.ts';

/** Where an array lives while a program runs. Offsets and sizes in bytes. */
export type Slot =
  | { readonly kind: 'input'; readonly index: number; readonly bytes: number }
  | { readonly kind: 'output'; readonly index: number; readonly bytes: number }
  | { readonly kind: 'arena'; readonly offset: number; readonly bytes: number };

/** What a step runs: a kernel, or control flow around further steps. */
export type Task = Kernel | Control;

/** True for what is launched on the device, false for what the host runs. */
export const isKernel = (task: Task): task is Kernel =>
  task.kind === 'loop' || task.kind === 'matmul' || task.kind === 'gathered-product';

/** One step. `slots[i]` is what `kernel.buffers[i]` is bound to. */
export interface Step {
  readonly kernel: Task;
  readonly slots: readonly Slot[];
  /** The line that the kernel's last equation was written on. */
  readonly site: CallSite | null;
}

/** Everything a device needs to run a program. */
export interface Plan {
  readonly inputs: readonly Aval[];
  readonly outputs: readonly Aval[];
  readonly steps: readonly Step[];
  /** Size of the one allocation that holds all intermediate arrays. */
  readonly arenaBytes: number;
  /** Output → input whose memory it takes over (donated and of the same size), or absent. */
  readonly aliases: ReadonlyMap<number, number>;
  /** Of these outputs those of which only a part is written: in other memory they must begin as copies of the input. */
  readonly changed?: ReadonlySet<number>;
}

/** What compilation must know of a device. */
export interface Target {
  readonly device: 'js' | 'wasm' | 'webgpu';
  /** False: one kernel per equation, as a reference for the others. */
  readonly fuse: boolean;
  /** Most buffers that one kernel may touch. */
  readonly maxBuffers: number;
  /** Alignment of arrays in the arena, in bytes. */
  readonly alignment: number;
  /** True: whole rows may be handled by one iteration: by one thread, or shared among lanes. */
  readonly hasSerialRows: boolean;
  /** True: threads are few and fast, so long loops in order are cheap, and each can keep arrays of its own. */
  readonly hasFastThreads: boolean;
  /** True: memory is written in words of four bytes, so that parts of one word must be written together. */
  readonly writesWords: boolean;
  /** True: floats of 16 bits of type float16 are written one by one all the same. */
  readonly writesHalves: boolean;
  /** Rows that keep the device busy. */
  readonly minRows: number;
  /** Matrix products of few results and long sums are cut into partial sums; null: never. */
  readonly splitProducts: SplitProducts | null;
  /** True: products read operands that are no strided matrices, such as windows of an image, where they lie. */
  readonly gathersProducts: boolean;
  /** Iterations that keep the device busy; long reductions with fewer results are split into two stages. */
  readonly concurrency: number;
}
