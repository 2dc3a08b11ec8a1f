/** Programs: typed equations in static single assignment form. */
import type { Aval } from '../base/aval.ts';
import type { CallSite } from '../base/call-site.ts';
import type { Primitive } from './primitive.ts';

/** A variable: assigned once, by an equation or as an input. Identity is by object. */
export interface Var {
  readonly aval: Aval;
}

/** What an equation is told besides its operands. Plain data: it is printed, compared and hashed. */
export type Param =
  | number
  | string
  | boolean
  | null
  | readonly Param[]
  | { readonly [name: string]: Param };

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
  if (value === undefined)
    throw new Error('enerjax is at fault, please report this: unbound variable');
  return value;
}
