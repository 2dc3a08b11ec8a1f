/** Program → smaller program with the same results. */
import { showAval } from '../base/aval.ts';
import { dropUnused } from '../ir/drop-unused.ts';
import { hasEffect } from '../ir/effects.ts';
import type { Eqn, Program, Var } from '../ir/program.ts';
import { showParams } from '../ir/show.ts';
import { verify } from '../ir/verify.ts';

/** The program with each distinct computation done once. */
function shareEqual(program: Program): Program {
  const representative = new Map<Var, Var>();
  const numbers = new Map<Var, number>();
  const resolve = (variable: Var): Var => representative.get(variable) ?? variable;
  const numberOf = (variable: Var): number => {
    const number = numbers.get(variable) ?? numbers.size;
    numbers.set(variable, number);
    return number;
  };
  const seen = new Map<string, Eqn>();
  const eqns: Eqn[] = [];
  for (const eqn of program.eqns) {
    const inputs = eqn.inputs.map(resolve);
    // Weakness is part of the key: equal arrays of different weakness are different variables.
    const types = eqn.outputs.map((v) => showAval(v.aval)).join();
    // Numbers and counters are no work: they are shared across regions.
    const region = eqn.region === undefined || inputs.length === 0 ? '' : `${eqn.region}:`;
    const key = `${region}${eqn.primitive.name}${showParams(eqn.params)}(${inputs.map(numberOf).join()})${types}`;
    const earlier = seen.get(key);
    if (hasEffect(eqn)) eqns.push({ ...eqn, inputs });
    else if (earlier === undefined) {
      const rebuilt = { ...eqn, inputs };
      seen.set(key, rebuilt);
      eqns.push(rebuilt);
    } else {
      eqn.outputs.forEach((v, i) => {
        const twin = earlier.outputs[i];
        if (twin !== undefined) representative.set(v, twin);
      });
    }
  }
  return { inputs: program.inputs, eqns, outputs: program.outputs.map(resolve) };
}

/** All simplifications, verified. */
export const simplify = (program: Program): Program =>
  verify(dropUnused(shareEqual(dropUnused(program))));
