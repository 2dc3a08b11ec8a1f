/** Tracing: running a function on stand-ins and writing down what it does. */
import type { Aval } from '../base/aval.ts';
import { type CallSite, captureSite } from '../base/call-site.ts';
import { invariant } from '../base/errors.ts';
import { escapedTracer } from './errors.ts';
import type { PrimitiveOf } from './primitive.ts';
import { type Eqn, makeVar, type Params, type Program, type Var } from './program.ts';
import { ConcreteArray, type TraceOwner, Tracer, type Value } from './value.ts';
import { verify } from './verify.ts';

/** A program and the values from outside that its function closed over: its last inputs. */
export interface Traced {
  readonly program: Program;
  /** Arrays and outer tracers, in the order of the inputs that stand for them. */
  readonly captures: readonly Value[];
}

/** The program under construction. */
class Trace implements TraceOwner {
  readonly name: string;
  readonly eqns: Eqn[] = [];
  readonly inputs: Var[] = [];
  readonly captured = new Map<Value, Var>();
  readonly site = captureSite();
  isOpen = true;

  constructor(name: string) {
    this.name = name;
  }

  input(aval: Aval): Tracer {
    const variable = makeVar(aval);
    this.inputs.push(variable);
    return new Tracer(variable, this, this.site);
  }

  /** The variable that stands for a value here; values from outside become hidden inputs. */
  variableOf(value: Value): Var {
    if (value instanceof Tracer) {
      if (value.owner === this) return value.variable;
      if (!value.owner.isOpen) value.data();
    }
    if (value instanceof ConcreteArray) void value.storage; // Throws if it was disposed of.
    const seen = this.captured.get(value);
    if (seen !== undefined) return seen;
    const variable = makeVar(value.aval);
    this.captured.set(value, variable);
    return variable;
  }

  emit<P extends Params>(
    primitive: PrimitiveOf<P>,
    operands: readonly Value[],
    params: P,
    site: CallSite,
  ): Tracer[] {
    const inputs = operands.map((operand) => this.variableOf(operand));
    const avals = primitive.infer(
      inputs.map((v) => v.aval),
      params,
    );
    const outputs = avals.map(makeVar);
    this.eqns.push({ primitive, inputs, params, outputs, site });
    return outputs.map((variable) => new Tracer(variable, this, site));
  }

  finish(results: readonly Value[]): Traced {
    const outputs = results.map((value) => this.variableOf(value));
    const inputs = [...this.inputs, ...this.captured.values()];
    const program = verify({ inputs, eqns: this.eqns, outputs });
    return { program, captures: [...this.captured.keys()] };
  }
}

const traces: Trace[] = [];

/** True while a function is being traced. */
export const isTracing = (): boolean => traces.length > 0;

/**
 * The program of a function over arrays.
 *
 * @param body - Called once with stand-ins for arrays of the given types.
 * @param name - Named in errors, such as `grad of 'loss'`.
 */
export function trace(
  body: (inputs: Tracer[]) => readonly Value[],
  avals: readonly Aval[],
  name = 'a program',
): Traced {
  const current = new Trace(name);
  traces.push(current);
  try {
    return current.finish(body(avals.map((aval) => current.input(aval))));
  } finally {
    current.isOpen = false;
    traces.pop();
  }
}

/** As {@link trace}, for bodies that close over nothing. */
export function traceClosed(
  body: (inputs: Tracer[]) => readonly Value[],
  avals: readonly Aval[],
  name?: string,
): Program {
  const { program, captures } = trace(body, avals, name);
  invariant(captures.length === 0, `${name ?? 'a program'} closed over ${captures.length} values`);
  return program;
}

/** Runs a program on arrays in memory. Supplied by the host layer. */
export type Evaluator = (program: Program, inputs: readonly ConcreteArray[]) => ConcreteArray[];

let evaluator: Evaluator | null = null;

/** Lets the host layer supply what runs programs. */
export function setEvaluator(run: Evaluator): void {
  evaluator = run;
}

/** The results of a program on arrays in memory. */
export function evaluate(program: Program, inputs: readonly ConcreteArray[]): ConcreteArray[] {
  invariant(evaluator !== null, 'no evaluator is installed');
  return evaluator(program, inputs);
}

/** The arrays among values that must all be arrays; a tracer among them has escaped. */
export function concrete(values: readonly Value[]): ConcreteArray[] {
  return values.map((value) => {
    if (value instanceof ConcreteArray) return value;
    if (value instanceof Tracer) value.data();
    throw escapedTracer(value.toString(), 'a program', '');
  });
}

/** The results of one operation: written down if a program is being traced, else computed at once. */
export function bind<P extends Params>(
  primitive: PrimitiveOf<P>,
  operands: readonly Value[],
  params: P,
): Value[] {
  const current = traces[traces.length - 1];
  if (current !== undefined) return current.emit(primitive, operands, params, captureSite());
  const inputs = concrete(operands);
  const { program } = trace(
    (args) => bind(primitive, args, params),
    inputs.map((input) => input.aval),
    primitive.name,
  );
  return evaluate(program, inputs);
}

/** As {@link bind}, for operations with one result. */
export function bindOne<P extends Params>(
  primitive: PrimitiveOf<P>,
  operands: readonly Value[],
  params: P,
): Value {
  const [result] = bind(primitive, operands, params);
  invariant(result !== undefined, `${primitive.name} has no result`);
  return result;
}
