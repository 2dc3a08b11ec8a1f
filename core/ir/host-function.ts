/** Functions that a program calls on the host while it runs, or once it has run. */
import type { Aval } from '../base/aval.ts';
import type { TypedArray } from '../base/dtype.ts';

/** The elements of one array on the host, as in memory: 16-bit floats are bits. Booleans are bytes 0 and 1. */
export interface HostData {
  readonly aval: Aval;
  readonly data: TypedArray;
}

/** A function of arrays on the host. */
export interface HostFunction {
  readonly runsOnHost: true;
  /**
   * True: the program goes on with its results, so it runs in between. False: it has none, and runs after
   * the program, in its turn.
   */
  readonly isAwaited: boolean;
  readonly run: (operands: readonly HostData[], results: readonly Aval[]) => readonly TypedArray[];
}
