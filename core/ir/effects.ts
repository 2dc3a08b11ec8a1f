/** Facts about equations that their nested programs decide: effects, names of axes, calls of the user's. */
import type { HostFunction } from './host-function.ts';
import { type Eqn, isProgram, Opaque, type Param, type Params, type Program } from './program.ts';

/** The programs that an equation is told to run. */
export const programsIn = (params: Params): Program[] => Object.values(params).flatMap(programsOf);

function programsOf(param: Param): Program[] {
  if (param === null || typeof param !== 'object' || param instanceof Opaque) return [];
  if (isProgram(param)) return [param];
  return Object.values(param).flatMap(programsOf);
}

const known = new WeakMap<Program, boolean>();

/** True if running the program does something besides giving results. */
export function programHasEffect(program: Program): boolean {
  const seen = known.get(program);
  if (seen !== undefined) return seen;
  const found = program.eqns.some(hasEffect);
  known.set(program, found);
  return found;
}

/** True for an equation that is kept although nobody needs its results, and never shared with an equal one. */
export const hasEffect = ({ primitive, params }: Eqn): boolean =>
  primitive.effect || programsIn(params).some(programHasEffect);

/** The program without the equations that only have an effect: for what is computed a second time. */
export function withoutEffects(program: Program): Program {
  if (!programHasEffect(program)) return program;
  const eqns = program.eqns
    .filter((eqn) => !(eqn.outputs.length === 0 && hasEffect(eqn)))
    .map((eqn) => ({ ...eqn, params: quietParams(eqn.params) }));
  return { ...program, eqns };
}

const quietParams = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, param]) => [name, quiet(param)]));

function quiet(param: Param): Param {
  if (param === null || typeof param !== 'object' || param instanceof Opaque) return param;
  if (isProgram(param)) return withoutEffects(param);
  if (Array.isArray(param)) return param.map(quiet);
  return quietParams(param as Params); // What is left of Param are records.
}

/** True if the equation, or a program that it runs, names this axis. */
export const namesAxis = ({ primitive, params }: Eqn, axis: string): boolean =>
  primitive.namedAxes(params).includes(axis) ||
  programsIn(params).some((program) => program.eqns.some((eqn) => namesAxis(eqn, axis)));

const calls = new WeakMap<Program, readonly Opaque<HostFunction>[]>();
const isCall = (param: Param): param is Opaque<HostFunction> =>
  param instanceof Opaque && typeof param.content === 'object' && isHostFunction(param.content);

const isHostFunction = (content: unknown): boolean =>
  typeof content === 'object' && content !== null && 'runsOnHost' in content;

/** Functions of the host's that the program calls, in order, each as often as it is written there. */
export function callsOf(program: Program): readonly Opaque<HostFunction>[] {
  const seen = calls.get(program);
  if (seen !== undefined) return seen;
  const found = program.eqns.flatMap(({ params }) => callsIn(params));
  calls.set(program, found);
  return found;
}

function callsIn(param: Param): readonly Opaque<HostFunction>[] {
  if (isCall(param)) return [param];
  if (param === null || typeof param !== 'object' || param instanceof Opaque) return [];
  if (isProgram(param)) return callsOf(param);
  return Object.values(param).flatMap(callsIn);
}
