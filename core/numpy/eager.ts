/** Composite operations outside of traces: one program instead of one per primitive. */
import { invariant } from '../base/errors.ts';
import { concrete, evaluate, isTracing, trace } from '../ir/trace.ts';
import type { Value } from '../ir/value.ts';

/**
 * What `body` computes from the arrays that it closes over: written into the program being traced, or
 * else compiled and run as a whole.
 */
export function asOneProgram(name: string, body: () => readonly Value[]): Value[] {
  if (isTracing()) return [...body()];
  const { program, captures } = trace(body, [], name);
  const arrays = concrete(captures);
  if (program.eqns.length > 0) return evaluate(program, arrays);
  // Nothing was computed: the results are among the arrays themselves.
  return program.outputs.map((output) => {
    const array = arrays[program.inputs.indexOf(output)];
    invariant(array !== undefined, `${name} has a result from nowhere`);
    return array;
  });
}

/** The function with every call run as one program. */
export const eagerly =
  <Args extends readonly unknown[]>(name: string, compute: (...args: Args) => Value) =>
  (...args: Args): Value => {
    const [result] = asOneProgram(name, () => [compute(...args)]);
    invariant(result !== undefined, `${name} has no result`);
    return result;
  };
