/** What a case is: one record with a builder for every library that can express it. */
import type { EnerjaxProgram } from './contestants/enerjax-types.ts';
import type { JaxJsProgram } from './contestants/jax-js-types.ts';
import type { OnnxProgram } from './contestants/onnx-model.ts';
import type { TfjsProgram } from './contestants/tfjs-types.ts';
import type { Input } from './inputs.ts';

/**
 * What is measured: the time of a call, the time of the first call in a new process, or by how much that
 * call raises the most memory that the process ever held.
 */
export type Measure = 'time' | 'cold' | 'memory';

/** How a run calls the function: once, or many times before anything is waited for. */
export interface Calls {
  /** `chained` gives each call the result of the one before. */
  readonly kind: 'queued' | 'chained';
  readonly count: number;
}

/** What a library computes: results from operands, or from those that `setup` makes of them, once and not timed. */
export type Body<A> =
  | ((...operands: readonly A[]) => A | readonly A[])
  | {
      readonly setup: (...operands: readonly A[]) => readonly A[] | Promise<readonly A[]>;
      readonly f: (...operands: readonly A[]) => A | readonly A[];
      /** The result as the other libraries have it, for comparison; not timed. */
      readonly show?: (result: A) => A;
    };

/** A benchmark. Contestants without a builder do not take part. */
export interface Case {
  readonly name: string;
  readonly group: string;
  /** Default `time`. */
  readonly measure?: Measure;
  readonly inputs: readonly Input[];
  readonly calls?: Calls;
  /** Whether a run copies the result to the host. Default: it waits until the result is computed. */
  readonly reads?: boolean;
  /** Floating-point operations of one run, for a rate. */
  readonly flops?: number;
  /** Bytes read and written by one run if nothing is touched twice, for a rate. */
  readonly bytes?: number;
  /** Most that results may differ, relative to their root mean square. Default 1e-3. */
  readonly tolerance?: number;
  /** What the project wants: most milliseconds (or MB) by device. */
  readonly target?: Readonly<Partial<Record<'wasm' | 'webgpu', number>>>;
  readonly enerjax?: EnerjaxProgram;
  readonly jaxJs?: JaxJsProgram;
  readonly tfjs?: TfjsProgram;
  readonly onnx?: OnnxProgram;
  /** A Python expression for a function of arrays, or for a pair of a setup and a function. */
  readonly xla?: string;
}

/** A reason why a contestant cannot take part in a case; thrown by builders. */
export class Unable extends Error {}
