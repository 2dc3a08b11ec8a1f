/** Running programs, or writing them into the program being traced. */
import { inline } from '../core/ir/interpret.ts';
import type { Program } from '../core/ir/program.ts';
import { concrete, evaluate, isTracing } from '../core/ir/trace.ts';
import type { Value } from '../core/ir/value.ts';
import { itemAt } from './values.ts';

/** The program's outputs: written into the program being traced, or computed at once. */
export const apply = (program: Program, inputs: readonly Value[]): Value[] =>
  isTracing() ? inline(program, inputs) : evaluate(program, concrete(inputs));

/** As {@link apply}; outputs from `first` on that are inputs are handed through without a copy. */
export function applyForwarding(
  program: Program,
  inputs: readonly Value[],
  first: number,
): Value[] {
  const source = program.outputs.map((v, i) => (i < first ? -1 : program.inputs.indexOf(v)));
  const outputs = program.outputs.filter((_, i) => source[i] === -1);
  const computed = apply({ ...program, outputs }, inputs);
  let next = 0;
  return source.map((index) => (index === -1 ? itemAt(computed, next++) : itemAt(inputs, index)));
}
