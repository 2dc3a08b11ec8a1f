/** Staging of what loops and branches run. */
import { type Aval, sameType, showAval } from '../../core/base/aval.ts';
import { flatten, type Structure } from '../../core/base/pytree.ts';
import { notAnArray } from '../../core/ir/errors.ts';
import type { Program } from '../../core/ir/program.ts';
import { Value } from '../../core/ir/value.ts';
import { convert } from '../../core/primitives/index.ts';
import { showArgument, showLeaf } from '../leaves.ts';
import { type AnyFunction, call, stageLeaves } from '../stage.ts';
import { itemAt, toValue } from '../values.ts';
import { carryMismatch } from './errors.ts';

/** Leaves of a tree as arrays. */
export interface Leaves {
  readonly values: readonly Value[];
  readonly structure: Structure;
}

/** The leaves of an argument. @throws `not-an-array` */
export function leavesOf(label: string, tree: unknown, position = 0): Leaves {
  const { leaves, structure } = flatten(tree);
  const values = leaves.map((leaf, i) => {
    const value = toValue(leaf);
    if (value !== null) return value;
    const path = [String(position), structure.paths()[i] ?? ''].filter((part) => part !== '');
    throw notAnArray(label, `${showLeaf(leaf)} as ${showArgument(path.join('/'))}`);
  });
  return { values, structure };
}

/** A staged function of trees; what it closes over comes first among its inputs. */
export interface Body {
  readonly program: Program;
  /** Arrays and outer tracers that the function closes over: values of the first inputs. */
  readonly consts: readonly Value[];
  readonly outTree: Structure;
}

/** The program of `f` for arguments of these structures and types. */
export function stageBody(
  label: string,
  f: AnyFunction,
  structures: readonly Structure[],
  avals: readonly Aval[],
): Body {
  const { program, captures, outTree } = stageLeaves(
    (inputs) => {
      let next = 0;
      const trees = structures.map((structure) => {
        next += structure.size;
        return structure.unflatten(inputs.slice(next - structure.size, next));
      });
      return call(f, trees);
    },
    avals,
    label,
  );
  const given = program.inputs.slice(0, avals.length);
  const inputs = [...program.inputs.slice(avals.length), ...given];
  return { program: { ...program, inputs }, consts: captures, outTree };
}

/** @throws `carry-mismatch` unless a carry comes back as it went in. */
export function checkCarry(
  label: string,
  structure: Structure,
  avals: readonly Aval[],
  returned: { readonly structure: Structure; readonly avals: readonly Aval[] },
): void {
  const difference = structure.difference(returned.structure);
  if (difference !== null) {
    throw carryMismatch(label, difference.path, difference.expected, difference.got);
  }
  avals.forEach((aval, i) => {
    const other = itemAt(returned.avals, i);
    if (sameType(aval, other)) return;
    throw carryMismatch(label, structure.paths()[i] ?? '', showAval(aval), showAval(other));
  });
}

/**
 * The initial carry, where plain numbers have taken the type in which they come back.
 *
 * @param stageWith - Stages the loop's body for a carry and tells the types in which it comes back.
 */
export function settleCarry<B>(
  init: readonly Value[],
  stageWith: (avals: readonly Aval[]) => { readonly body: B; readonly returned: readonly Aval[] },
): { readonly values: readonly Value[]; readonly body: B } {
  const avals = init.map((value) => value.aval);
  const { body, returned } = stageWith(avals);
  const wanted = avals.map((aval, i) => {
    const other = returned[i];
    return aval.weak && other !== undefined && other.dtype !== aval.dtype ? other.dtype : null;
  });
  if (returned.length !== avals.length || wanted.every((dtype) => dtype === null)) {
    return { values: init, body };
  }
  const values = init.map((value, i) => {
    const dtype = wanted[i] ?? null;
    return dtype === null ? value : convert(value, dtype);
  });
  return { values, body: stageWith(values.map((value) => value.aval)).body };
}

/** How a tree is shown in errors: a type if it is one array, else its structure. */
export function showTree(tree: unknown): string {
  const { structure } = flatten(tree);
  return tree instanceof Value ? showAval(tree.aval) : structure.toString();
}
