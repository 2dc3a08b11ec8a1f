/**
 * Scalar expressions: what one element of a kernel's output is, in terms of loop axes and loads.
 *
 * Expressions are pure and interned: equal ones are the same object, so common subexpressions are
 * shared by construction. Index arithmetic is kept in an affine normal form (index.ts).
 */
import { type DType, type ScalarType, scalarTypeOf } from '../base/dtype.ts';
import { nearest } from '../base/half.ts';
import { type ReduceOp, type ScalarOp, scalarOpFacts } from './scalar-ops.ts';

/** A loop axis: an int32 that counts from 0 up to `extent`, without it. */
export interface Axis {
  readonly id: number;
  readonly extent: number;
}

/** Memory that expressions load from: one array, addressed by flat element index. */
export interface Source {
  readonly id: number;
  readonly dtype: DType;
  /** Number of elements. */
  readonly length: number;
}

interface Node {
  readonly id: number;
  readonly dtype: ScalarType;
  /** Axes whose value this depends on; axes that are reduced inside are not among them. */
  readonly deps: ReadonlySet<Axis>;
  /** Nesting depth of reductions inside. */
  readonly height: number;
  /** Rough price of one evaluation, in additions. */
  readonly cost: number;
}

export interface ConstExpr extends Node {
  readonly kind: 'const';
  readonly value: number;
}
export interface AxisExpr extends Node {
  readonly kind: 'axis';
  readonly axis: Axis;
}
/** Σ coefficient·atom + offset, in int32; at least two terms, or one that is not the bare atom. */
export interface AffineExpr extends Node {
  readonly kind: 'affine';
  readonly terms: readonly Term[];
  readonly offset: number;
}
export interface OpExpr extends Node {
  readonly kind: 'op';
  readonly op: ScalarOp;
  readonly args: readonly Expr[];
}
export interface LoadExpr extends Node {
  readonly kind: 'load';
  readonly source: Source;
  readonly index: Expr;
  /** True: the bits of an element that is narrower than 32 bits, zeros above them, as uint32. */
  readonly isRaw: boolean;
}
/** `value` combined by `op` over all of `axis`. */
export interface ReduceExpr extends Node {
  readonly kind: 'reduce';
  readonly op: ReduceOp;
  readonly axis: Axis;
  readonly value: Expr;
}
/** `value` combined by `op` over `axis` up to and including its present position; `axis` is a serial loop. */
export interface CumulateExpr extends Node {
  readonly kind: 'cumulate';
  readonly op: ReduceOp;
  readonly axis: Axis;
  readonly value: Expr;
}
/** The finished sum of a matrix product, in that product's epilogue. */
export interface AccumulatorExpr extends Node {
  readonly kind: 'accumulator';
}

export type Expr =
  | ConstExpr
  | AxisExpr
  | AffineExpr
  | OpExpr
  | LoadExpr
  | ReduceExpr
  | CumulateExpr
  | AccumulatorExpr;

/** One term of an affine index. `atom` is never affine or constant. */
export interface Term {
  readonly coefficient: number;
  readonly atom: Expr;
}

const noAxes: ReadonlySet<Axis> = new Set();
let nextId = 0;
let pool = new Map<string, Expr>();
let canonicalAxes = new Map<string, Axis>();

/** Runs `build` with an interning pool of its own, so that expressions of one compilation are freed with it. */
export function withExprPool<R>(build: () => R): R {
  const saved = { pool, canonicalAxes };
  pool = new Map();
  canonicalAxes = new Map();
  try {
    return build();
  } finally {
    ({ pool, canonicalAxes } = saved);
  }
}

function intern<E extends Expr>(key: string, make: () => E): E {
  const found = pool.get(key);
  if (found !== undefined) return found as E; // The key holds everything that `make` puts in.
  const made = make();
  pool.set(key, made);
  return made;
}

function unionDeps(parts: readonly Expr[]): ReadonlySet<Axis> {
  const [first] = parts;
  if (first === undefined) return noAxes;
  if (parts.every((part) => part.deps === first.deps || part.deps.size === 0))
    return first.deps.size === 0
      ? (parts.find((p) => p.deps.size > 0)?.deps ?? noAxes)
      : first.deps;
  return new Set(parts.flatMap((part) => [...part.deps]));
}

const without = (deps: ReadonlySet<Axis>, axis: Axis): ReadonlySet<Axis> => {
  const rest = new Set(deps);
  rest.delete(axis);
  return rest;
};

const maxHeight = (parts: readonly Expr[]): number => Math.max(0, ...parts.map((p) => p.height));
const sumCost = (parts: readonly Expr[]): number => parts.reduce((sum, p) => sum + p.cost, 0);

/** A fresh axis. */
export const makeAxis = (extent: number): Axis => ({ id: nextId++, extent });

/** A fresh array to load from. */
export const makeSource = (dtype: DType, length: number): Source => ({
  id: nextId++,
  dtype,
  length,
});

/** `−0`, NaN and infinities keep their identity in keys. */
const numberKey = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** A constant; of a type that is narrow in memory, the nearest value of that type. */
export function constant(number: number, type: DType): ConstExpr {
  const dtype = scalarTypeOf(type);
  const value = dtype === type ? number : nearest(number, type);
  return intern(`c${dtype}${numberKey(value)}`, () => ({
    kind: 'const',
    id: nextId++,
    dtype,
    value,
    deps: noAxes,
    height: 0,
    cost: 0,
  }));
}

/** The position on a loop axis, as int32. */
export const axisIndex = (axis: Axis): AxisExpr =>
  intern(`x${axis.id}`, () => ({
    kind: 'axis',
    id: nextId++,
    dtype: 'int32',
    axis,
    deps: new Set([axis]),
    height: 0,
    cost: 0,
  }));

/** An affine index in normal form; use the functions of index.ts to build one. */
export const affine = (terms: readonly Term[], offset: number): AffineExpr =>
  intern(`a${terms.map((t) => `${t.coefficient}*${t.atom.id}`).join('+')}+${offset}`, () => {
    const atoms = terms.map((t) => t.atom);
    return {
      kind: 'affine',
      id: nextId++,
      dtype: 'int32',
      terms,
      offset,
      deps: unionDeps(atoms),
      height: maxHeight(atoms),
      cost: sumCost(atoms),
    };
  });

/** The element of `source` at a flat index; raw: its bits, for types narrower than 32 bits. */
export const load = (source: Source, index: Expr, isRaw = false): LoadExpr =>
  intern(`l${source.id}@${index.id}${isRaw ? 'r' : ''}`, () => ({
    kind: 'load',
    id: nextId++,
    dtype: isRaw ? 'uint32' : scalarTypeOf(source.dtype),
    source,
    index,
    isRaw,
    deps: index.deps,
    height: index.height,
    cost: index.cost + 1,
  }));

/** `op` applied to `args`. `dtype` must be given for casts. */
export function op(name: ScalarOp, args: readonly Expr[], dtype?: ScalarType): Expr {
  const { result, cost } = scalarOpFacts[name];
  const last = args[args.length - 1];
  const type = result === 'bool' ? 'bool' : (dtype ?? last?.dtype ?? 'float32');
  if (name === 'select') {
    const [condition, yes, no] = args;
    if (yes !== undefined && yes === no) return yes;
    if (condition?.kind === 'const' && yes !== undefined && no !== undefined) {
      return condition.value === 0 ? no : yes;
    }
  }
  if (name === 'convert' && last !== undefined && last.dtype === type) return last;
  return intern(`o${name}:${type}:${args.map((arg) => arg.id).join(',')}`, () => ({
    kind: 'op',
    id: nextId++,
    dtype: type,
    op: name,
    args,
    deps: unionDeps(args),
    height: maxHeight(args),
    cost: sumCost(args) + cost,
  }));
}

/** The accumulator of the matrix product whose epilogue this is. */
export const accumulator = (dtype: ScalarType): AccumulatorExpr =>
  intern(`m${dtype}`, () => ({
    kind: 'accumulator',
    id: nextId++,
    dtype,
    deps: noAxes,
    height: 0,
    cost: 0,
  }));

/**
 * `body` combined by `reduceOp` over positions 0 … extent − 1.
 *
 * The axis is chosen by nesting depth and extent, so that equal reductions are the same object.
 */
export function reduce(reduceOp: ReduceOp, extent: number, body: (index: Expr) => Expr): Expr {
  if (extent === 1) return body(constant(0, 'int32'));
  const placeholder = makeAxis(extent);
  const draft = body(axisIndex(placeholder));
  const axis = canonicalAxis(draft.height, extent);
  const value = substitute(draft, new Map([[placeholder, axisIndex(axis)]]));
  return intern(`r${reduceOp}:${axis.id}:${value.id}`, () => ({
    kind: 'reduce',
    id: nextId++,
    dtype: value.dtype,
    op: reduceOp,
    axis,
    value,
    deps: without(value.deps, axis),
    height: value.height + 1,
    cost: extent * (value.cost + 1),
  }));
}

function canonicalAxis(height: number, extent: number): Axis {
  const key = `${height}:${extent}`;
  const axis = canonicalAxes.get(key) ?? makeAxis(extent);
  canonicalAxes.set(key, axis);
  return axis;
}

/** `value` combined by `reduceOp` along the serial loop over `axis`, up to its present position. */
export const cumulate = (reduceOp: ReduceOp, axis: Axis, value: Expr): CumulateExpr =>
  intern(`s${reduceOp}:${axis.id}:${value.id}`, () => ({
    kind: 'cumulate',
    id: nextId++,
    dtype: value.dtype,
    op: reduceOp,
    axis,
    value,
    deps: new Set([...value.deps, axis]),
    height: value.height,
    cost: value.cost + 1,
  }));

/** How {@link rebuild} replaces nodes; undefined keeps a node, with its children rebuilt. */
export type Rewrite = (node: Expr) => Expr | undefined;

/** Set by index.ts, which needs this module: makes an affine sum of rebuilt atoms. */
let combine: (terms: readonly Term[], offset: number) => Expr = affine;

/** Lets index.ts supply the simplifying constructors that rebuilding must go through. */
export function setAffineBuilder(build: typeof combine, rebuildOp: typeof op): void {
  combine = build;
  simplifyOp = rebuildOp;
}
let simplifyOp: typeof op = op;

/**
 * `root` with nodes replaced from the leaves up. `before` sees a node first and may replace it whole;
 * otherwise its children are rebuilt and `after` sees the result.
 */
export function rebuild(root: Expr, before: Rewrite, after: Rewrite = () => undefined): Expr {
  const memo = new Map<Expr, Expr>();
  const visit = (node: Expr): Expr => {
    const seen = memo.get(node);
    if (seen !== undefined) return seen;
    const rebuilt = before(node) ?? rebuildChildren(node, visit);
    const result = after(rebuilt) ?? rebuilt;
    memo.set(node, result);
    return result;
  };
  return visit(root);
}

function rebuildChildren(node: Expr, visit: (child: Expr) => Expr): Expr {
  switch (node.kind) {
    case 'const':
    case 'axis':
    case 'accumulator':
      return node;
    case 'affine':
      return combine(
        node.terms.map((t) => ({ coefficient: t.coefficient, atom: visit(t.atom) })),
        node.offset,
      );
    case 'load': {
      const index = visit(node.index);
      return index === node.index ? node : load(node.source, index, node.isRaw);
    }
    case 'op': {
      const args = node.args.map(visit);
      return args.every((arg, i) => arg === node.args[i])
        ? node
        : simplifyOp(node.op, args, node.dtype);
    }
    case 'reduce': {
      const value = visit(node.value);
      if (value === node.value) return node;
      const { axis } = node;
      return reduce(node.op, axis.extent, (index) => substitute(value, new Map([[axis, index]])));
    }
    case 'cumulate': {
      const value = visit(node.value);
      // The serial loop may have been renamed: its axis is part of the running total.
      const turn = visit(axisIndex(node.axis));
      const axis = turn.kind === 'axis' ? turn.axis : node.axis;
      const isSame = value === node.value && axis === node.axis;
      return isSame ? node : cumulate(node.op, axis, value);
    }
  }
}

/** `root` with axes replaced by expressions. */
export function substitute(root: Expr, replacements: ReadonlyMap<Axis, Expr>): Expr {
  const untouched = (node: Expr): boolean => {
    for (const axis of replacements.keys()) if (node.deps.has(axis)) return false;
    return true;
  };
  return rebuild(root, (node) =>
    untouched(node) ? node : node.kind === 'axis' ? replacements.get(node.axis) : undefined,
  );
}

/** The expressions that `node` is made of. */
export function childrenOf(node: Expr): readonly Expr[] {
  switch (node.kind) {
    case 'const':
    case 'axis':
    case 'accumulator':
      return [];
    case 'affine':
      return node.terms.map((t) => t.atom);
    case 'load':
      return [node.index];
    case 'op':
      return node.args;
    case 'reduce':
    case 'cumulate':
      return [node.value];
  }
}

/** Every distinct node below `roots`, children before parents. */
export function walk(roots: readonly Expr[]): Expr[] {
  const seen = new Set<Expr>();
  const order: Expr[] = [];
  const visit = (node: Expr): void => {
    if (seen.has(node)) return;
    seen.add(node);
    childrenOf(node).forEach(visit);
    order.push(node);
  };
  roots.forEach(visit);
  return order;
}
