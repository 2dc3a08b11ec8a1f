/** What the coordinator and the contestants' processes tell each other. */
import type { Digest } from './digest.ts';
import type { Input } from './inputs.ts';

/** Asks a contestant to say what it is, to make ready for a case, or to run it for a while. */
export type Request =
  | { readonly do: 'open' }
  | { readonly do: 'round'; readonly milliseconds: number }
  | {
      readonly do: 'prepare';
      readonly case: string;
      /** For the process that does not read the cases: the operands, the program and how it is called. */
      readonly inputs?: readonly Input[];
      readonly program?: string;
      readonly calls?: { readonly kind: string; readonly count: number } | undefined;
      readonly reads?: boolean;
    };

/** What a contestant is. */
export interface Opened {
  readonly version: string;
  readonly device: string;
}

/** The first run of a case. */
export interface First {
  /** Milliseconds until the first result, by the clock. */
  readonly first: number;
  /** Milliseconds that all threads of the process computed for it. */
  readonly firstCpu: number;
  /** By how many MB that run raised the most memory that the process ever held. */
  readonly grown: number;
  readonly digests: readonly Digest[];
}

/** A round of runs. */
export interface Round {
  /** Milliseconds of a run, by the clock. */
  readonly median: number;
  /** Milliseconds of a run that all threads of the process computed. */
  readonly cpu: number;
  readonly count: number;
}

/** What a contestant answers. */
export type Reply =
  | Opened
  | First
  | Round
  | { readonly unable: string }
  | { readonly error: string };
