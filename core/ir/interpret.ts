/** The loop that every transform is made of: equation by equation, with a rule. */

import { atSite } from '../base/call-site.ts';
import { type Eqn, lookup, type Program, type Var } from './program.ts';
import { bind } from './trace.ts';
import type { Value } from './value.ts';

/**
 * The program's outputs, with `rule` saying what each equation does to values of any kind `T`.
 */
export function interpret<T>(
  program: Program,
  inputs: readonly T[],
  rule: (eqn: Eqn, operands: readonly T[]) => readonly T[],
): T[] {
  const env = new Map<Var, T>();
  program.inputs.forEach((variable, i) => {
    const input = inputs[i];
    if (input !== undefined) env.set(variable, input);
  });
  for (const eqn of program.eqns) {
    const operands = eqn.inputs.map((variable) => lookup(env, variable));
    const results = atSite(eqn.site, () => rule(eqn, operands));
    eqn.outputs.forEach((variable, i) => {
      const result = results[i];
      if (result !== undefined) env.set(variable, result);
    });
  }
  return program.outputs.map((variable) => lookup(env, variable));
}

/** The same equation on other values. */
export const replay = (eqn: Eqn, operands: readonly Value[]): Value[] =>
  bind(eqn.primitive, operands, eqn.params);

/** The program's outputs on values: computed at once, or written into the program being traced. */
export const inline = (program: Program, inputs: readonly Value[]): Value[] =>
  interpret(program, inputs, replay);
