/** Kernels of one device, compiled and linked with its memory; equal ones are shared. */

import { invariant } from '../../base/errors.ts';
import type { Kernel } from '../../compile/kernel.ts';
import { emitGatheredProduct } from '../../emit/wasm/gathered-product.ts';
import { emitGemm } from '../../emit/wasm/gemm.ts';
import type { EmitOptions } from '../../emit/wasm/loop-kernel.ts';
import { emitMatmulProgram } from '../../emit/wasm/matmul-kernel.ts';
import { type EmittedProgram, emitLoopProgram, type Launch } from '../../emit/wasm/program.ts';
import { withExprPool } from '../../ir/expr.ts';

/** A kernel's function: first unit, end, scratch memory of the thread, table of addresses. */
export type KernelFunction = (start: number, end: number, scratch: number, table: number) => void;

/** A kernel that can be called. */
export interface LoadedKernel {
  /** Number that threads know it by. */
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly functions: Readonly<Record<string, KernelFunction>>;
  readonly program: EmittedProgram;
}

/** One function of a kernel with its amount of work. */
export interface LoadedLaunch extends Launch {
  readonly call: KernelFunction;
}

function emitProgram(kernel: Kernel, options: EmitOptions): EmittedProgram {
  switch (kernel.kind) {
    case 'loop':
      return emitLoopProgram(kernel, options);
    case 'matmul':
      return emitMatmulProgram(kernel, options);
    case 'gathered-product':
      return emitGatheredProduct(kernel, options);
  }
}

/** The compiled form of equal modules, for all devices. */
const modules = new Map<string, WeakRef<WebAssembly.Module>>();

function compileBytes(key: string, bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const known = modules.get(key)?.deref();
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(bytes);
  modules.set(key, new WeakRef(module));
  return module;
}

const keyOf = (bytes: Uint8Array): string => {
  let key = '';
  for (let k = 0; k < bytes.length; k += 4096)
    key += String.fromCharCode(...bytes.subarray(k, k + 4096));
  return key;
};

/** Loads kernels for one memory. */
export class Library {
  readonly #memory: WebAssembly.Memory;
  readonly #options: { readonly shared: boolean; readonly relaxed: boolean };
  readonly #loaded = new Map<string, WeakRef<LoadedKernel>>();
  readonly #forget: FinalizationRegistry<string>;
  readonly gemmModule: WebAssembly.Module;
  readonly #gemm: WebAssembly.Exports;
  #nextId = 1;

  constructor(memory: WebAssembly.Memory, options: { shared: boolean; relaxed: boolean }) {
    this.#memory = memory;
    this.#options = options;
    this.#forget = new FinalizationRegistry((key) => {
      if (this.#loaded.get(key)?.deref() === undefined) this.#loaded.delete(key);
      if (modules.get(key)?.deref() === undefined) modules.delete(key);
    });
    const bytes = emitGemm(options);
    this.gemmModule = compileBytes(keyOf(bytes), bytes);
    this.#gemm = new WebAssembly.Instance(this.gemmModule, { env: { memory } }).exports;
  }

  /** The kernel, written, compiled and linked; or the same one from before. */
  load(kernel: Kernel): LoadedKernel {
    const options = this.#options;
    // Expressions made while writing are of no use afterwards.
    const program = withExprPool(() => emitProgram(kernel, options));
    const key = keyOf(program.bytes);
    const known = this.#loaded.get(key)?.deref();
    if (known !== undefined && sameLaunches(known.program, program)) return known;
    const module = compileBytes(key, program.bytes);
    const env = { memory: this.#memory, ...(program.needsGemm ? this.#gemm : {}) };
    const { exports } = new WebAssembly.Instance(module, { env });
    const functions: Record<string, KernelFunction> = {};
    for (const [name, value] of Object.entries(exports)) {
      invariant(typeof value === 'function', 'a kernel exports functions only');
      functions[name] = value as KernelFunction; // The emitter gives every export this signature.
    }
    const loaded: LoadedKernel = { id: this.#nextId++, module, functions, program };
    this.#loaded.set(key, new WeakRef(loaded));
    this.#forget.register(loaded, key);
    return loaded;
  }
}

const sameLaunches = (a: EmittedProgram, b: EmittedProgram): boolean =>
  a.launches.length === b.launches.length &&
  a.launches.every((launch, k) => launch.units === b.launches[k]?.units);
