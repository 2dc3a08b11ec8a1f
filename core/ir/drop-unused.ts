/** Dead code elimination. */
import { hasEffect } from './effects.ts';
import type { Eqn, Program } from './program.ts';

/** The program without the equations that its outputs do not need and that have no effect. Inputs stay. */
export function dropUnused(program: Program): Program {
  const needed = new Set(program.outputs);
  const kept: Eqn[] = [];
  for (const eqn of program.eqns.toReversed()) {
    if (!eqn.outputs.some((v) => needed.has(v)) && !hasEffect(eqn)) continue;
    for (const input of eqn.inputs) needed.add(input);
    kept.push(eqn);
  }
  return { ...program, eqns: kept.reverse() };
}
