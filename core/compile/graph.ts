/** The program as a graph of arrays, each with what it costs and how it reads its operands. */
import { type Aval, range, sizeOf, stridesOf } from '../base/aval.ts';
import type { CallSite } from '../base/call-site.ts';
import { isFloat } from '../base/dtype.ts';
import type { Axis, ConstExpr, Expr, Source } from '../ir/expr.ts';
import { load, makeAxis, makeSource, op, reduce, walk } from '../ir/expr.ts';
import { foldConstants } from '../ir/fold.ts';
import { axisPosition, flatten } from '../ir/index-algebra.ts';
import type {
  ControlLowering,
  DotDims,
  HostLowering,
  Lowering,
  Reader,
  StepsLowering,
} from '../ir/lowering.ts';
import { fitTo } from '../ir/narrow.ts';
import type { Eqn, Program, Var } from '../ir/program.ts';
import { lookup, makeVar } from '../ir/program.ts';

/** One read of an operand: where, in terms of the reader's own axes and the loops inside it. */
export interface Read {
  readonly operand: ArrayNode;
  readonly index: readonly Expr[];
}

/** What is known of a pure function of the index before anything is decided about its operands. */
export interface MapFacts {
  readonly value: (operands: readonly Reader[]) => (index: readonly Expr[]) => Expr;
  /** Stand-ins for the axes of the result, in which `reads` are expressed. */
  readonly axes: readonly Axis[];
  readonly reads: readonly Read[];
  /** Price of one element, its operands' elements counted as loads. */
  readonly cost: number;
  /** True if the result only moves elements: one unguarded load each. */
  readonly isView: boolean;
  /** True if there are reductions inside. */
  readonly reduces: boolean;
}

/** A matrix product that has its own kernel. */
export interface DotFacts {
  readonly dims: DotDims;
}

/** One array of the program. */
export interface ArrayNode {
  readonly variable: Var;
  readonly aval: Aval;
  readonly size: number;
  readonly source: Source;
  readonly operands: readonly ArrayNode[];
  readonly origin:
    | { readonly kind: 'input'; readonly index: number }
    | { readonly kind: 'map'; readonly facts: MapFacts }
    | { readonly kind: 'dot'; readonly facts: DotFacts }
    | {
        readonly kind: 'steps';
        readonly steps: StepsLowering;
        readonly siblings: ArrayNode[];
        readonly eqn: Eqn;
      }
    | {
        readonly kind: 'control';
        readonly control: ControlLowering | HostLowering;
        readonly siblings: ArrayNode[];
      };
  readonly name: string;
  readonly site: CallSite | null;
}

/** Reads an array that is in memory. */
export const memoryReader = ({ source, aval }: { source: Source; aval: Aval }): Reader => {
  const strides = stridesOf(aval.shape);
  return (index) => load(source, flatten(index, strides));
};

/** A matrix product written as a sum, for devices and sizes that have no kernel for it. */
const dotAsMap =
  (dims: DotDims, [lhs, rhs]: readonly Aval[], out: Aval) =>
  ([readLhs, readRhs]: readonly Reader[]) =>
  (index: readonly Expr[]): Expr => {
    if (!lhs || !rhs || !readLhs || !readRhs) throw new Error('a product has two operands');
    const sum = (done: readonly Expr[]): Expr => {
      const axis = dims.lhsContract[done.length];
      if (axis === undefined) {
        const [a, b] = dotIndices(dims, lhs, rhs, index, done);
        return op('mul', [readLhs(a), readRhs(b)]);
      }
      return reduce('add', lhs.shape[axis] ?? 1, (k) => sum([...done, k]));
    };
    return fitTo(sum([]), out.dtype);
  };

/** Where a product reads its operands, for one element of the result and one term of the sum. */
export function dotIndices(
  dims: DotDims,
  lhs: Aval,
  rhs: Aval,
  index: readonly Expr[],
  contracted: readonly Expr[],
): [Expr[], Expr[]] {
  const batch = dims.lhsBatch.length;
  const lhsFree = freeAxes(lhs, dims.lhsBatch, dims.lhsContract);
  const rhsFree = freeAxes(rhs, dims.rhsBatch, dims.rhsContract);
  const place = (
    aval: Aval,
    groups: readonly (readonly [readonly number[], readonly Expr[]])[],
  ): Expr[] => {
    const out = new Array<Expr>(aval.shape.length);
    for (const [axes, exprs] of groups) {
      axes.forEach((axis, i) => {
        const expr = exprs[i];
        if (expr !== undefined) out[axis] = expr;
      });
    }
    return out;
  };
  const shared = index.slice(0, batch);
  return [
    place(lhs, [
      [dims.lhsBatch, shared],
      [dims.lhsContract, contracted],
      [lhsFree, index.slice(batch, batch + lhsFree.length)],
    ]),
    place(rhs, [
      [dims.rhsBatch, shared],
      [dims.rhsContract, contracted],
      [rhsFree, index.slice(batch + lhsFree.length)],
    ]),
  ];
}

/** The axes of an operand that appear in a product's result outside the batch. */
export const freeAxes = (
  aval: Aval,
  batch: readonly number[],
  contract: readonly number[],
): number[] =>
  range(aval.shape.length).filter((axis) => !batch.includes(axis) && !contract.includes(axis));

function mapFacts(value: MapFacts['value'], aval: Aval, operands: readonly ArrayNode[]): MapFacts {
  const axes = aval.shape.map(makeAxis);
  const reads: Read[] = [];
  const readers = operands.map((operand): Reader => {
    const inMemory = memoryReader(operand);
    return (index) => {
      reads.push({ operand, index });
      return inMemory(index);
    };
  });
  const element = value(readers)(axes.map(axisPosition));
  const reduces = walk([element]).some((node) => node.kind === 'reduce');
  return { value, axes, reads, cost: element.cost, isView: element.kind === 'load', reduces };
}

/** Products too small, or of types, for which a kernel of their own does not pay. */
function isSmallDot({ dims }: { dims: DotDims }, [lhs, rhs]: readonly Aval[], out: Aval): boolean {
  if (lhs === undefined || rhs === undefined) return true;
  const depth = dims.lhsContract.reduce((k, axis) => k * (lhs.shape[axis] ?? 1), 1);
  return !isFloat(lhs.dtype) || depth <= 2 || depth * sizeOf(out.shape) <= 2048;
}

/** The type of what stands for an equation without results, which has a place in the order all the same. */
const tokenAval: Aval = { shape: [0], dtype: 'bool', weak: false };

/** True for a node that is no array: it stands for an equation that only has an effect. */
export const isToken = ({ aval }: ArrayNode): boolean => aval === tokenAval;

/**
 * The nodes of every variable, in program order.
 *
 * @param isFused - Whether equations may share kernels; else each has loops of its own, as a reference for others.
 * @param changed - Arrays that are made by changing others where they lie.
 */
export function buildGraph(
  program: Program,
  isFused: boolean,
  changed: { readonly has: (variable: Var) => boolean } = new Set(),
): { readonly nodes: readonly ArrayNode[]; readonly nodeOf: ReadonlyMap<Var, ArrayNode> } {
  const nodeOf = new Map<Var, ArrayNode>();
  const add = (variable: Var, rest: Pick<ArrayNode, 'operands' | 'origin' | 'name' | 'site'>) => {
    const size = sizeOf(variable.aval.shape);
    const source = makeSource(variable.aval.dtype, size);
    const node = { variable, aval: variable.aval, size, source, ...rest };
    nodeOf.set(variable, node);
    return node;
  };
  program.inputs.forEach((variable, index) => {
    add(variable, { operands: [], origin: { kind: 'input', index }, name: 'input', site: null });
  });
  for (const eqn of program.eqns) {
    const operands = eqn.inputs.map((v) => lookup(nodeOf, v));
    const avals = eqn.inputs.map((v) => v.aval);
    const outs = eqn.outputs.map((v) => v.aval);
    const given = eqn.primitive.lower(avals, eqn.params, outs);
    const change = given.kind === 'map' && eqn.outputs.some((v) => changed.has(v)) && given.change;
    const lowering = change || given;
    const rest = { operands, name: eqn.primitive.name, site: eqn.site };
    const siblings: ArrayNode[] = [];
    if (eqn.outputs.length === 0) {
      siblings.push(
        add(makeVar(tokenAval), { ...rest, origin: together(lowering, siblings, eqn) }),
      );
    }
    eqn.outputs.forEach((variable, i) => {
      const origin = originOf(lowering, i, variable.aval, avals, operands, isFused);
      siblings.push(
        add(variable, { ...rest, origin: origin ?? together(lowering, siblings, eqn) }),
      );
    });
  }
  return { nodes: [...nodeOf.values()], nodeOf };
}

/** The origin of results that are computed together. */
function together(lowering: Lowering, siblings: ArrayNode[], eqn: Eqn): ArrayNode['origin'] {
  switch (lowering.kind) {
    case 'steps':
      return { kind: 'steps', steps: lowering, siblings, eqn };
    case 'repeat':
    case 'while':
    case 'branch':
    case 'host':
      return { kind: 'control', control: lowering, siblings };
    default:
      throw new Error('results that are computed one by one');
  }
}

/** What every element of a map is, if that is known now: its operands are numbers and it is arithmetic on them. */
function constantOf(
  value: MapFacts['value'],
  aval: Aval,
  operands: readonly ArrayNode[],
): ConstExpr | null {
  const numbers = operands.map(({ origin }) =>
    origin.kind === 'map' && origin.facts.reads.length === 0
      ? origin.facts.value([])(origin.facts.axes.map(axisPosition))
      : null,
  );
  if (numbers.length === 0 || !numbers.every((number) => number?.kind === 'const')) return null;
  const readers = numbers.flatMap((number) => (number === null ? [] : [() => number]));
  const element = foldConstants(value(readers)(aval.shape.map(makeAxis).map(axisPosition)));
  return element.kind === 'const' ? element : null;
}

function originOf(
  lowering: Lowering,
  output: number,
  aval: Aval,
  avals: readonly Aval[],
  operands: readonly ArrayNode[],
  isFused: boolean,
): ArrayNode['origin'] | null {
  switch (lowering.kind) {
    case 'map': {
      const value = (readers: readonly Reader[]) => {
        const element = lowering.values(readers)[output];
        if (element === undefined) throw new Error('a lowering lacks an output');
        return (index: readonly Expr[]) => fitTo(element(index), aval.dtype);
      };
      const number = isFused ? constantOf(value, aval, operands) : null;
      const facts =
        number === null ? mapFacts(value, aval, operands) : mapFacts(() => () => number, aval, []);
      return { kind: 'map', facts };
    }
    case 'dot':
      return isFused && !isSmallDot(lowering, avals, aval)
        ? { kind: 'dot', facts: { dims: lowering.dims } }
        : { kind: 'map', facts: mapFacts(dotAsMap(lowering.dims, avals, aval), aval, operands) };
    case 'call':
      throw new Error('calls are inlined before');
    default:
      return null;
  }
}
