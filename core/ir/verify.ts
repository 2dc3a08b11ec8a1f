/** The check that every pass ends in. */
import { sameType, showAval } from '../base/aval.ts';
import { brokenProgram } from './errors.ts';
import type { Eqn, Program, Var } from './program.ts';
import { show } from './show.ts';

/** Returns the program if it keeps the rules: assigned before use, once, with inferred types. */
export function verify(program: Program): Program {
  const fail = (why: string): never => {
    throw brokenProgram(why, show(program));
  };
  const defined = new Set<Var>();
  const define = (variable: Var): void => {
    if (defined.has(variable)) fail('a variable is assigned twice');
    defined.add(variable);
  };
  const use = (variable: Var, by: string): void => {
    if (!defined.has(variable)) fail(`${by} uses a variable before it is assigned`);
  };
  program.inputs.forEach(define);
  for (const eqn of program.eqns) {
    for (const input of eqn.inputs) use(input, eqn.primitive.name);
    const why = wrongTypes(eqn);
    if (why !== null) fail(why);
    eqn.outputs.forEach(define);
  }
  for (const output of program.outputs) use(output, 'the result');
  return program;
}

function wrongTypes({ primitive, inputs, params, outputs }: Eqn): string | null {
  const inferred = primitive.infer(
    inputs.map((v) => v.aval),
    params,
  );
  const agrees =
    inferred.length === outputs.length &&
    outputs.every((v, i) => inferred[i] !== undefined && sameType(v.aval, inferred[i]));
  if (agrees) return null;
  const expected = inferred.map(showAval).join(', ');
  return `${primitive.name} gives ${expected}, not ${outputs.map((v) => showAval(v.aval)).join(', ')}`;
}
