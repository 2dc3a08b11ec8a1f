/** What of a program's inputs has to be in WebAssembly memory: not what is only walked through, slice by slice. */
import type { Control } from '../../compile/control.ts';
import { isKernel, type Plan } from '../../compile/plan.ts';
import type { Page } from './outside.ts';

/** Addresses below this are no addresses of arrays: they number the pages of a run, from 1. */
export const FIRST_ADDRESS = 4096;

/** The page that a word of a table stands for; undefined if it is an address. */
export const pageOf = (pages: readonly Page[], word: number): Page | undefined =>
  word < FIRST_ADDRESS ? pages[word - 1] : undefined;

/**
 * Inputs of the plan that something touches as a whole. Of the others loops read slices, or they are not used at all.
 */
export function touchedInputs(
  plan: Plan,
  known = new Map<Plan, ReadonlySet<number>>(),
): ReadonlySet<number> {
  const found = known.get(plan);
  if (found !== undefined) return found;
  const inside = (other: Plan, index: number): boolean => touchedInputs(other, known).has(index);
  const touched = new Set<number>();
  for (const { kernel, slots } of plan.steps) {
    slots.forEach((slot, position) => {
      if (slot.kind !== 'input') return;
      if (isKernel(kernel) || touches(kernel, position, inside)) touched.add(slot.index);
    });
  }
  known.set(plan, touched);
  return touched;
}

/** False if the control step at most reads slices of the buffer at this position. */
function touches(
  control: Control,
  position: number,
  inside: (plan: Plan, input: number) => boolean,
): boolean {
  switch (control.kind) {
    case 'repeat': {
      const { consts, carries, reads, body } = control;
      if (position < consts) return inside(body, position);
      return position < consts + carries || position >= consts + carries + reads;
    }
    case 'while': {
      const { conditionConsts, bodyConsts, condition, body } = control;
      if (position < conditionConsts) return inside(condition, position);
      const own = position - conditionConsts;
      return own >= bodyConsts || inside(body, own);
    }
    case 'branch': {
      const operands = control.branches[0]?.inputs.length ?? 0;
      if (position === 0 || position > operands) return true;
      return control.branches.some((branch) => inside(branch, position - 1));
    }
    case 'host':
      return true;
  }
}
