/**
 * The oracle: programs computed straight from the `lower` rules, equation by equation and element by
 * element, without the compiler. Slow, simple and strict: a load outside of its array is a failure, and
 * parallel iterations run backwards, so that a result that depends on their order shows.
 */

import { type Aval, makeAval, type Shape, sizeOf, stridesOf } from '../../core/base/aval.ts';
import { isFloat, scalarTypeOf } from '../../core/base/dtype.ts';
import {
  type Axis,
  axisIndex,
  type Expr,
  load,
  makeAxis,
  makeSource,
  type Source,
  withExprPool,
} from '../../core/ir/expr.ts';
import { flatten } from '../../core/ir/index-algebra.ts';
import type {
  DotDims,
  Lowering,
  MapLowering,
  Place,
  Reader,
  StepSpec,
  StepsLowering,
} from '../../core/ir/lowering.ts';
import type { Eqn, Program, Var } from '../../core/ir/program.ts';
import { identityOf } from '../../core/ir/scalar-ops.ts';
import { applyScalar, combine, type Precision, wrap } from './scalar-semantics.ts';

/** Elements of an array of any type; booleans are 0 and 1. */
export type Elements = Float64Array;

/** Evaluates expressions; remembers each one's value as long as the axes that it depends on stand still. */
class Evaluator {
  readonly memory = new Map<Source, Elements>();
  readonly precision: Precision;
  readonly #positions = new Map<Axis, number>();
  /** Values known per loop, outermost first; those of the innermost loop end with each turn. */
  readonly #scopes: { readonly axis: Axis | null; readonly known: Map<Expr, number> }[] = [
    { axis: null, known: new Map() },
  ];
  readonly #totals = new Map<Expr, number>();

  constructor(precision: Precision) {
    this.precision = precision;
  }

  /** Moves to other positions of the outer axes. */
  moveTo(positions: ReadonlyMap<Axis, number>): void {
    this.#scopes[0]?.known.clear();
    for (const [axis, position] of positions) this.#positions.set(axis, position);
  }

  value(expr: Expr): number {
    const scope = this.#scopes.findLast(({ axis }) => axis === null || expr.deps.has(axis));
    const seen = scope?.known.get(expr);
    if (seen !== undefined) return seen;
    const value = wrap(this.#compute(expr), expr.dtype, this.precision);
    scope?.known.set(expr, value);
    return value;
  }

  #compute(expr: Expr): number {
    switch (expr.kind) {
      case 'const':
        return expr.value;
      case 'axis':
        return this.#position(expr.axis);
      case 'affine':
        return expr.terms.reduce((sum, t) => sum + t.coefficient * this.value(t.atom), expr.offset);
      case 'op': {
        const type = expr.args[0]?.dtype ?? expr.dtype;
        return applyScalar(
          expr.op,
          expr.args.map((arg) => this.value(arg)),
          type,
          expr.dtype,
        );
      }
      case 'load':
        return this.#load(expr.source, this.value(expr.index));
      case 'reduce':
        return this.#reduce(expr.op, expr.axis, expr.value);
      case 'cumulate': {
        const isFirst = this.#position(expr.axis) === 0;
        const sofar = isFirst ? undefined : this.#totals.get(expr);
        const start = sofar ?? identityOf(expr.op, expr.dtype);
        const total = combine(expr.op, start, this.value(expr.value), expr.dtype);
        this.#totals.set(expr, total);
        return total;
      }
      case 'accumulator':
        throw new Error('lower rules have no epilogues');
    }
  }

  #position(axis: Axis): number {
    const position = this.#positions.get(axis);
    if (position === undefined) throw new Error('an axis is used outside of its loop');
    return position;
  }

  #load(source: Source, index: number): number {
    const elements = this.memory.get(source);
    const value = elements?.[index];
    if (value === undefined) {
      throw new Error(`load at ${index} of an array of ${source.length} elements`);
    }
    return value;
  }

  #reduce(op: Parameters<typeof combine>[0], axis: Axis, body: Expr): number {
    let total = identityOf(op, body.dtype);
    for (let position = 0; position < axis.extent; position++) {
      this.#positions.set(axis, position);
      this.#scopes.push({ axis, known: new Map() });
      total = combine(op, total, this.value(body), body.dtype);
      // Sums of floats stay in double precision until their end: the oracle is the exact sum, rounded.
      if (body.dtype !== 'float32') total = wrap(total, body.dtype, this.precision);
      this.#scopes.pop();
    }
    this.#positions.delete(axis);
    return total;
  }
}

/** An array that lowerings read and write. */
function placeOf(aval: Aval, elements: Elements, evaluator: Evaluator): Place & { source: Source } {
  const source = makeSource(aval.dtype, sizeOf(aval.shape));
  evaluator.memory.set(source, elements);
  const strides = stridesOf(aval.shape);
  return { aval, source, at: (index) => load(source, flatten(index, strides)) };
}

/** Calls `visit` with every multi-index of a shape, in row-major order or backwards. */
function forEachIndex(shape: Shape, visit: (index: number[]) => void, backwards = false): void {
  const count = sizeOf(shape);
  for (let i = 0; i < count; i++) {
    let rest = backwards ? count - 1 - i : i;
    const index = new Array<number>(shape.length).fill(0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1;
      index[axis] = rest % size;
      rest = Math.floor(rest / size);
    }
    visit(index);
  }
}

const bindAxes = (axes: readonly Axis[], index: readonly number[]): Map<Axis, number> =>
  new Map(axes.map((axis, i) => [axis, index[i] ?? 0]));

function runMap(
  { values }: MapLowering,
  readers: readonly Reader[],
  outputs: readonly Aval[],
  evaluator: Evaluator,
): Elements[] {
  const functions = values(readers);
  return outputs.map(({ shape, dtype }, k) => {
    const axes = shape.map(makeAxis);
    const elements = new Float64Array(sizeOf(shape));
    const value = functions[k];
    if (value === undefined) throw new Error(`output ${k} has no value`);
    if (elements.length === 0) return elements;
    const expr = value(axes.map(axisIndex));
    let next = 0;
    forEachIndex(shape, (index) => {
      evaluator.moveTo(bindAxes(axes, index));
      elements[next++] = wrap(evaluator.value(expr), dtype, evaluator.precision);
    });
    return elements;
  });
}

function runStep(
  spec: StepSpec,
  evaluator: Evaluator,
  elementsOf: (place: Place) => Elements,
): void {
  const serialShape = spec.serial ?? [];
  if (sizeOf(spec.parallel) * sizeOf(serialShape) === 0) return;
  const parallel = spec.parallel.map(makeAxis);
  const serial = serialShape.map(makeAxis);
  const stores = spec.stores(parallel.map(axisIndex), serial.map(axisIndex)).map((store) => ({
    ...store,
    flat: flatten(store.index, stridesOf(store.to.aval.shape)),
  }));
  type Stores = typeof stores;
  const depthOf = ({ depth = serial.length }: Stores[number]): number => depth;
  const writeAtOnce = (group: Stores, outer: readonly number[], inner: readonly number[]): void => {
    evaluator.moveTo(new Map([...bindAxes(parallel, outer), ...bindAxes(serial, inner)]));
    const writes = group
      .filter(({ guard }) => guard === undefined || evaluator.value(guard) !== 0)
      .map(({ to, flat, value, mode = 'set' }) => {
        const elements = elementsOf(to);
        const at = evaluator.value(flat);
        if (!(at >= 0 && at < elements.length))
          throw new Error(`store at ${at} of ${elements.length}`);
        const { dtype } = to.aval;
        const given = evaluator.value(value);
        const result = mode === 'set' ? given : combine(mode, elements[at] ?? 0, given, dtype);
        return { elements, at, result: wrap(result, dtype, evaluator.precision) };
      });
    for (const { elements, at, result } of writes) elements[at] = result;
  };
  /** Neighbours that share the next loop run in it together; those that have no more loops are at their place. */
  const nest = (all: Stores, outer: readonly number[], inner: readonly number[]): void => {
    for (let from = 0, to = 0; from < all.length; from = to) {
      const isAtPlace = all.map((store) => depthOf(store) === inner.length);
      const isPlace = isAtPlace[from] === true;
      while (to < all.length && isAtPlace[to] === isPlace) to++;
      const group = all.slice(from, to);
      if (isPlace) writeAtOnce(group, outer, inner);
      for (let i = 0; !isPlace && i < (serialShape[inner.length] ?? 0); i++) {
        nest(group, outer, [...inner, i]);
      }
    }
  };
  forEachIndex(spec.parallel, (outer) => nest(stores, outer, []), true);
}

function runSteps(
  { build, startsFrom }: StepsLowering,
  operands: readonly ReturnType<typeof placeOf>[],
  outputs: readonly Aval[],
  evaluator: Evaluator,
): Elements[] {
  const arrays = new Map<Place, Elements>();
  const allocate = (aval: Aval): Place => {
    // Memory is not cleared on a device: nothing may rely on what it holds.
    const elements = new Float64Array(sizeOf(aval.shape)).fill(
      wrap(-12345, aval.dtype, evaluator.precision),
    );
    const place = placeOf(aval, elements, evaluator);
    arrays.set(place, elements);
    return place;
  };
  const elementsOf = (place: Place): Elements => {
    const elements = arrays.get(place);
    if (elements === undefined) throw new Error('a step writes to an operand');
    return elements;
  };
  const results = outputs.map(allocate);
  results.slice(0, startsFrom === undefined ? 0 : 1).forEach((result) => {
    const operand = operands[startsFrom ?? 0];
    elementsOf(result).set((operand && evaluator.memory.get(operand.source)) ?? []);
  });
  build({
    operands,
    outputs: results,
    temporary: allocate,
    hasFastThreads: true,
    step: (spec) => {
      runStep(spec, evaluator, elementsOf);
    },
  });
  return results.map(elementsOf);
}

function runDot(
  dims: DotDims,
  operands: readonly (Aval & { elements: Elements })[],
  output: Aval,
  precision: Precision,
): Elements {
  const [x, y] = operands;
  if (x === undefined || y === undefined) throw new Error('a product has two operands');
  const free = (aval: Aval, paired: readonly number[]): number[] =>
    aval.shape.map((_, axis) => axis).filter((axis) => !paired.includes(axis));
  const lhsFree = free(x, [...dims.lhsBatch, ...dims.lhsContract]);
  const rhsFree = free(y, [...dims.rhsBatch, ...dims.rhsContract]);
  const extents = dims.lhsContract.map((axis) => x.shape[axis] ?? 1);
  const at = (
    { shape, elements }: Aval & { elements: Elements },
    places: Map<number, number>,
  ): number => {
    const strides = stridesOf(shape);
    const flat = shape.reduce(
      (sum, _, axis) => sum + (places.get(axis) ?? 0) * (strides[axis] ?? 1),
      0,
    );
    return elements[flat] ?? Number.NaN;
  };
  const result = new Float64Array(sizeOf(output.shape));
  let next = 0;
  forEachIndex(output.shape, (index) => {
    const batch = index.slice(0, dims.lhsBatch.length);
    const left = index.slice(batch.length, batch.length + lhsFree.length);
    const right = index.slice(batch.length + lhsFree.length);
    const pairUp = (axes: readonly number[], values: readonly number[]): [number, number][] =>
      axes.map((axis, i) => [axis, values[i] ?? 0]);
    let sum = 0;
    forEachIndex(extents, (inner) => {
      const xs = new Map([
        ...pairUp(dims.lhsBatch, batch),
        ...pairUp(lhsFree, left),
        ...pairUp(dims.lhsContract, inner),
      ]);
      const ys = new Map([
        ...pairUp(dims.rhsBatch, batch),
        ...pairUp(rhsFree, right),
        ...pairUp(dims.rhsContract, inner),
      ]);
      const product = applyScalar('mul', [at(x, xs), at(y, ys)], output.dtype, output.dtype);
      sum = isFloat(output.dtype) ? sum + product : wrap(sum + product, output.dtype, precision);
    });
    result[next++] = wrap(sum, output.dtype, precision);
  });
  return result;
}

function runLowering(
  lowering: Lowering,
  operands: readonly { readonly aval: Aval; readonly elements: Elements }[],
  outputs: readonly Aval[],
  precision: Precision,
): Elements[] {
  const evaluator = new Evaluator(precision);
  const places = operands.map(({ aval, elements }) => placeOf(aval, elements, evaluator));
  switch (lowering.kind) {
    case 'map':
      return runMap(
        lowering,
        places.map((place) => place.at),
        outputs,
        evaluator,
      );
    case 'steps': {
      // Narrow types go through the steps in 32 bits and are rounded at the end.
      const wide = (aval: Aval): Aval => ({ ...aval, dtype: scalarTypeOf(aval.dtype) });
      const given = operands.map((x) => placeOf(wide(x.aval), x.elements, evaluator));
      return runSteps(lowering, given, outputs.map(wide), evaluator).map((elements, i) => {
        const dtype = outputs[i]?.dtype ?? 'float32';
        return elements.map((x) => wrap(x, dtype, precision));
      });
    }
    case 'dot': {
      const arrays = operands.map(({ aval, elements }) => ({ ...aval, elements }));
      return [runDot(lowering.dims, arrays, outputs[0] ?? makeAval([], 'float32'), precision)];
    }
    case 'call':
      return interpretProgram(
        lowering.program,
        operands.map(({ elements }) => elements),
        precision,
      );
    default:
      throw new Error(`the interpreter runs no ${lowering.kind}`);
  }
}

function runEqn(
  { primitive, params, inputs, outputs }: Eqn,
  env: Map<Var, Elements>,
  precision: Precision,
): void {
  withExprPool(() => {
    const avals = outputs.map((v) => v.aval);
    const lowering = primitive.lower(
      inputs.map((v) => v.aval),
      params,
      avals,
    );
    const operands = inputs.map((v) => ({ aval: v.aval, elements: elementsIn(env, v) }));
    runLowering(lowering, operands, avals, precision).forEach((elements, i) => {
      const variable = outputs[i];
      if (variable !== undefined) env.set(variable, elements);
    });
  });
}

function elementsIn(env: ReadonlyMap<Var, Elements>, variable: Var): Elements {
  const elements = env.get(variable);
  if (elements === undefined) throw new Error('a variable has no value');
  return elements;
}

/**
 * The outputs of a program, computed by definition.
 *
 * @param precision - `float64` keeps every float in double precision, for finite differences.
 */
export function interpretProgram(
  program: Program,
  inputs: readonly ArrayLike<number>[],
  precision: Precision = 'float32',
): Elements[] {
  const env = new Map<Var, Elements>();
  program.inputs.forEach((variable, i) => {
    const given = Float64Array.from(inputs[i] ?? []);
    if (given.length !== sizeOf(variable.aval.shape))
      throw new Error(`input ${i} has ${given.length} elements`);
    env.set(
      variable,
      given.map((value) => wrap(value, variable.aval.dtype, precision)),
    );
  });
  for (const eqn of program.eqns) runEqn(eqn, env, precision);
  return program.outputs.map((variable) => elementsIn(env, variable));
}
