/** Programs: typed equations in static single assignment form. */

import type { Aval } from '../base/aval.ts';
import type { CallSite } from '../base/call-site.ts';
import { invariant } from '../base/errors.ts';
import type { Primitive } from './primitive.ts';

/** A variable: assigned once, by an equation or as an input. Identity is by object. */
export interface Var {
  readonly aval: Aval;
}

/**
 * Something that only the primitive's own rules look into, such as a user's derivative rule, which is
 * traced when it is needed. Shown by its label alone: what the equation computes must not depend on it.
 */
export class Opaque<T = unknown> {
  readonly label: string;
  readonly content: T;

  constructor(label: string, content: T) {
    this.label = label;
    this.content = content;
  }
}

/**
 * What an equation is told besides its operands: data that is printed, compared and hashed, and the
 * programs that operations such as loops run.
 */
export type Param =
  | number
  | string
  | boolean
  | null
  | Program
  | Opaque
  | readonly Param[]
  | { readonly [name: string]: Param };

/** True for a parameter that is a program. */
export const isProgram = (param: Param): param is Program =>
  typeof param === 'object' && param !== null && 'eqns' in param && 'inputs' in param;

/** The named parameters of one equation. */
export type Params = { readonly [name: string]: Param };

/** `outputs = primitive[params] inputs`. */
export interface Eqn {
  readonly primitive: Primitive;
  readonly inputs: readonly Var[];
  readonly params: Params;
  readonly outputs: readonly Var[];
  /** Where the user wrote it. */
  readonly site: CallSite | null;
  /**
   * Set by the compiler on what is to be computed again although it was computed before: equations of
   * different regions are not merged.
   */
  readonly region?: number;
}

/** A function over arrays: inputs, equations in order, outputs. */
export interface Program {
  readonly inputs: readonly Var[];
  readonly eqns: readonly Eqn[];
  readonly outputs: readonly Var[];
}

/** A fresh variable. */
export const makeVar = (aval: Aval): Var => ({ aval });

/** The entry of a map that must be there. */
export function lookup<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  invariant(value !== undefined, 'unbound variable');
  return value;
}
