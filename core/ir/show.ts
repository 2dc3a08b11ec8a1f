/** Programs as text, for people, snapshots and cache keys. */
import { showAval } from '../base/aval.ts';
import { isProgram, Opaque, type Param, type Params, type Program, type Var } from './program.ts';

/** a … z, aa, ab, … */
function letters(index: number): string {
  const letter = String.fromCharCode(97 + (index % 26));
  return index < 26 ? letter : letters(Math.floor(index / 26) - 1) + letter;
}

function showNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function showParam(param: Param): string {
  if (typeof param === 'number') return showNumber(param);
  if (param === null || typeof param !== 'object') return String(param);
  if (isProgram(param)) return `\n${show(param).replaceAll(/^/gm, '    ')}\n  `;
  if (param instanceof Opaque) return param.label;
  if (Array.isArray(param)) return `[${param.map(showParam).join(', ')}]`;
  return `{${showFields(param as Params)}}`; // What is left of Param are records.
}

const showFields = (params: Params): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${showParam(value)}`)
    .join(' ');

/** `[axis=1]`, or nothing for an operation without parameters. */
export const showParams = (params: Params): string =>
  Object.keys(params).length === 0 ? '' : `[${showFields(params)}]`;

/**
 * The program with a type on every binder:
 *
 * ```
 * { a:f32[3] ->
 *   b:f32[3] = sin a
 *   c:f32[] = reduceSum[axes=[0]] b
 *   c }
 * ```
 */
export function show(program: Program): string {
  const names = new Map<Var, string>();
  const nameOf = (variable: Var): string => {
    const name = names.get(variable) ?? letters(names.size);
    names.set(variable, name);
    return name;
  };
  const binder = (variable: Var): string => `${nameOf(variable)}:${showAval(variable.aval)}`;
  const head = program.inputs.map(binder).join(', ');
  const body = program.eqns.map(({ primitive, params, inputs, outputs }) => {
    const right = [`${primitive.name}${showParams(params)}`, ...inputs.map(nameOf)].join(' ');
    return `  ${outputs.map(binder).join(', ')} = ${right}`;
  });
  return [`{ ${head} ->`, ...body, `  ${program.outputs.map(nameOf).join(', ')} }`].join('\n');
}
