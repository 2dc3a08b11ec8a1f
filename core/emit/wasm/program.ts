/** What the emitter hands to the host: a module, and the calls that run a kernel. */
import type { LoopKernel } from '../../compile/kernel.ts';
import { type EmitOptions, emitLoopKernel } from './loop-kernel.ts';

/** One launch of a kernel's function over `units`. */
export interface Launch {
  readonly name: 'run' | 'pack' | 'rows' | 'products';
  readonly units: number;
  /** Rough time of one unit, in nanoseconds. */
  readonly unitCost: number;
  /** Batch and first column, for functions that work on one block of columns. */
  readonly block: { readonly batch: number; readonly column: number } | null;
}

/** What the host must do to run a kernel. */
export interface EmittedProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly launches: readonly Launch[];
  /** Names of the functions of gemm.ts that the module imports. */
  readonly needsGemm: boolean;
  /** Bytes of private memory per thread, and of memory that all threads of a launch share. */
  readonly scratchBytes: number;
  readonly sharedBytes: number;
  readonly text: string;
}

/** Words after the buffer addresses in a kernel's table: batch, first column, address of packed panels. */
export const EXTRA_WORDS = 3;

/** A loop kernel as a program of one launch. */
export function emitLoopProgram(kernel: LoopKernel, options: EmitOptions): EmittedProgram {
  const { bytes, units, unitCost, scratchBytes, text } = emitLoopKernel(kernel, options);
  return {
    bytes,
    launches: units === 0 ? [] : [{ name: 'run', units, unitCost, block: null }],
    needsGemm: false,
    scratchBytes,
    sharedBytes: 0,
    text,
  };
}
