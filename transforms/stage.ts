/** Staging: the program of a function over pytrees. */
import type { Aval } from '../core/base/aval.ts';
import { flatten, type Structure } from '../core/base/pytree.ts';
import { asyncUnderTrace, notAnArray } from '../core/ir/errors.ts';
import type { Program } from '../core/ir/program.ts';
import { type Traced, trace } from '../core/ir/trace.ts';
import { Value } from '../core/ir/value.ts';
import { avalOf, showArgument, showLeaf } from './leaves.ts';
import { scalar } from './values.ts';

/** A function's program, and how its arguments and its result map to inputs and outputs. */
export interface Staged {
  /** Inputs: the leaves of the arguments, then the captures. Outputs: the leaves of the result. */
  readonly program: Program;
  /** Arrays and outer tracers that the function closed over. */
  readonly captures: readonly Value[];
  /** Structure of the list of arguments. */
  readonly argTree: Structure;
  readonly outTree: Structure;
}

/** A staged function and the arguments that it was staged for. */
export interface StagedCall extends Staged {
  /** The arguments' leaves: arrays, descriptions of arrays, numbers and booleans. */
  readonly leaves: readonly unknown[];
}

/** The types of the arguments' leaves. */
export const argAvals = ({ program, argTree }: Staged): Aval[] =>
  program.inputs.slice(0, argTree.size).map((v) => v.aval);

/** A function of the user's, of whatever arguments. The public signatures say which. */
export type AnyFunction = (...args: never[]) => unknown;

/** Calls a user's function on arguments that its public signature has checked. */
export const call = (f: AnyFunction, args: readonly unknown[]): unknown =>
  (f as (...args: readonly unknown[]) => unknown)(...args);

/**
 * The program of `f` for arguments like these.
 *
 * @param args - Pytrees of arrays, descriptions of arrays, numbers and booleans.
 * @param name - What errors call the function.
 * @param numbersAreFloats - Plain numbers become float32, whole or not.
 * @throws `not-an-array` if another leaf is among arguments or results; `async-function`.
 */
export function stage(
  f: AnyFunction,
  args: readonly unknown[],
  name: string,
  numbersAreFloats = false,
): StagedCall {
  const { leaves, structure: argTree } = flatten(args);
  const avals = leaves.map((leaf, i): Aval => {
    const aval = avalOf(leaf, numbersAreFloats);
    if (aval !== null) return aval;
    const path = argTree.paths()[i] ?? '';
    throw notAnArray(name, `${showLeaf(leaf)} as ${showArgument(path)}`);
  });
  const { outTree, ...traced } = stageLeaves(
    (tracers) => call(f, argTree.unflatten(tracers) as unknown[]), // The structure of a list.
    avals,
    name,
  );
  return { ...traced, argTree, leaves, outTree };
}

/** As {@link stage}, for a function of arrays that returns a pytree. */
export function stageLeaves(
  body: (inputs: Value[]) => unknown,
  avals: readonly Aval[],
  name: string,
): Traced & { readonly outTree: Structure } {
  let outTree: Structure | null = null;
  const traced = trace(
    (tracers) => {
      const result = body(tracers);
      if (isPromise(result)) {
        // The promise may fail later on its own, which is not what there is to be told.
        Promise.resolve(result).catch(() => {});
        throw asyncUnderTrace(name);
      }
      const { leaves, structure } = flatten(result);
      outTree = structure;
      return leaves.map((leaf, i) => toOutput(leaf, name, () => structure.paths()[i] ?? ''));
    },
    avals,
    name,
  );
  return { ...traced, outTree: outTree ?? flatten(null).structure };
}

/** True for promises and what acts like one. */
export const isPromise = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'then' in value &&
  typeof value.then === 'function';

function toOutput(leaf: unknown, name: string, path: () => string): Value {
  if (leaf instanceof Value) return leaf;
  if (typeof leaf === 'number' || typeof leaf === 'boolean') return scalar(leaf);
  throw notAnArray(
    `the result of ${name}`,
    `${showLeaf(leaf)}${path() === '' ? '' : ` at '${path()}'`}`,
  );
}
