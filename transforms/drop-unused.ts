/** Dead code elimination. */
import type { Eqn, Program } from '../core/ir/program.ts';

/** The program without the equations that its outputs do not need. Inputs stay. */
export function dropUnused(program: Program): Program {
  const needed = new Set(program.outputs);
  const kept: Eqn[] = [];
  for (const eqn of program.eqns.toReversed()) {
    if (!eqn.outputs.some((v) => needed.has(v))) continue;
    for (const input of eqn.inputs) needed.add(input);
    kept.push(eqn);
  }
  return { ...program, eqns: kept.reverse() };
}
