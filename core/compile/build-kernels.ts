/** Fusion decisions → kernels in the order in which they run. */
import { type Aval, sizeOf, stridesOf } from '../base/aval.ts';
import type { CallSite } from '../base/call-site.ts';
import { isStorageType, scalarTypeOf } from '../base/dtype.ts';
import { invariant } from '../base/errors.ts';
import {
  type Axis,
  accumulator,
  axisIndex,
  type Expr,
  load,
  makeAxis,
  makeSource,
  type Source,
  substitute,
} from '../ir/expr.ts';
import { axisPosition, flatten, indexConstant, unflatten } from '../ir/index-algebra.ts';
import type { Place, Reader, StepSpec } from '../ir/lowering.ts';
import { fitTo } from '../ir/narrow.ts';
import { lookup, type Program } from '../ir/program.ts';
import { buffersOf, sourcesOf } from './buffers.ts';
import { buildControl, buildHostCall, type CallNumbers } from './build-control.ts';
import type { Fusion, LocalArray, Root } from './fuse.ts';
import { type ArrayNode, dotIndices, freeAxes, isToken, memoryReader } from './graph.ts';
import type { KernelStore, LoopKernel, MatmulKernel, MatrixOperand } from './kernel.ts';
import type { Plan, Target, Task } from './plan.ts';
import { splitProduct } from './split-product.ts';
import { splitLongReductions } from './split-reductions.ts';
import { turnProduct } from './turn-product.ts';

/** A kernel, or a step of control flow, and the line that it comes from. */
export interface Launch {
  readonly kernel: Task;
  readonly site: CallSite | null;
}

export { buffersOf };

/** Where a kernel keeps the part of an array that one iteration computes. */
interface LocalPlace {
  readonly source: Source;
  /** The place of an element in it. */
  readonly flat: (index: readonly Expr[]) => Expr;
}

function localPlace({ node, axes }: LocalArray): LocalPlace {
  const shape = axes.map((axis) => axis.extent);
  const strides = stridesOf(shape);
  return {
    source: makeSource(node.aval.dtype, sizeOf(shape)),
    flat: (index) => flatten(index.slice(node.aval.shape.length - shape.length), strides),
  };
}

/** Builds the kernels of one program. */
export class KernelBuilder {
  readonly launches: Launch[] = [];
  readonly #fusion: Fusion;
  readonly #target: Target;
  readonly #planOf: (program: Program) => Plan;
  readonly #calls: CallNumbers;
  readonly #memo = new Map<string, Expr>();
  #product: ArrayNode | null = null;
  #locals: ReadonlyMap<ArrayNode, LocalPlace> = new Map();
  #names = new Set<string>();

  /**
   * @param planOf - Compiles the programs of loops and branches.
   * @param calls - Numbers of the host's functions.
   */
  constructor(
    fusion: Fusion,
    target: Target,
    planOf: (program: Program) => Plan,
    calls: CallNumbers,
  ) {
    this.#calls = calls;
    this.#fusion = fusion;
    this.#target = target;
    this.#planOf = planOf;
  }

  /** Emits the kernels that compute `node`, if it is computed by any of its own. */
  add(node: ArrayNode): void {
    const { origin } = node;
    if (origin.kind === 'steps') {
      if (origin.siblings[0] === node) this.#addSteps(node);
      return;
    }
    if (origin.kind === 'control') {
      if (origin.siblings[0] === node) this.#addControl(node);
      return;
    }
    const root = this.#fusion.roots.get(node);
    if (root === undefined) return;
    this.#memo.clear();
    this.#names = new Set();
    this.#product = root.product;
    this.#locals = new Map(root.locals.map((local) => [local.node, localPlace(local)]));
    if (root.product === null) this.#addLoop(root);
    else this.#addProduct(root, root.product);
  }

  /** Copies an array, for results that are inputs or appear twice. */
  addCopy(from: ArrayNode, to: Source): void {
    const axis = makeAxis(from.size);
    const index = axisPosition(axis);
    const store = { target: to, index, value: load(from.source, index), ...plain };
    this.#push('copy', [axis], [store], null);
  }

  #reader(node: ArrayNode): Reader {
    if (node === this.#product) return () => finishedSum(node);
    const local = this.#locals.get(node);
    if (local !== undefined) return (index) => load(local.source, local.flat(index));
    if (this.#fusion.isWritten(node)) return memoryReader(node);
    const { origin } = node;
    invariant(origin.kind === 'map', `'${node.name}' was not written`);
    return (index) => {
      const key = `${node.source.id}@${index.map((expr) => expr.id).join()}`;
      const seen = this.#memo.get(key);
      if (seen !== undefined) return seen;
      const value = this.#element(node, index);
      this.#memo.set(key, value);
      return value;
    };
  }

  #element(node: ArrayNode, index: readonly Expr[]): Expr {
    invariant(node.origin.kind === 'map', 'only maps have element expressions');
    this.#names.add(node.name);
    return node.origin.facts.value(node.operands.map((operand) => this.#reader(operand)))(index);
  }

  #addLoop(root: Root): void {
    const { node, axes } = root;
    const index = axes.map(axisPosition);
    const parallel = axes.slice(0, root.parallel);
    const value = this.#element(node, index);
    // Rows are written one element at a time.
    const target = root.parallel < axes.length ? this.#writable(node, value) : node.source;
    const store: KernelStore = {
      target,
      index: flatten(index, stridesOf(node.aval.shape)),
      value,
      mode: 'set',
      guard: null,
      serial: axes.slice(root.parallel),
    };
    const before = root.locals.map((local): KernelStore => {
      const { source, flat } = lookup(this.#locals, local.node);
      const own = [...parallel, ...local.axes].map(axisPosition);
      const element = this.#element(local.node, own);
      return { ...plain, target: source, index: flat(own), value: element, serial: local.axes };
    });
    const locals = [...this.#locals.values()].map(({ source }) => source);
    const stores = [...before.reverse(), store];
    this.#push(this.#kernelName(), parallel, stores, node.site, locals);
    if (target !== node.source) this.#pack(target, node);
  }

  /** What elements of a node can be written to one by one: if words are written, wider memory than a packed array. */
  #writable({ source }: ArrayNode, { dtype }: Expr): Source {
    const isStaged = this.#target.writesWords && isStorageType(source.dtype);
    return isStaged ? makeSource(dtype, source.length) : source;
  }

  #kernelName(): string {
    const names = [...this.#names];
    const shown = names.slice(0, 6).reverse().join('·');
    return names.length > 6 ? `…${shown}` : shown;
  }

  #push(
    name: string,
    parallel: readonly Axis[],
    stores: readonly KernelStore[],
    site: CallSite | null,
    locals: readonly Source[] = [],
  ): void {
    if ([...parallel, ...stores.flatMap((s) => s.serial)].some((axis) => axis.extent === 0)) return;
    for (const part of splitLongReductions(parallel, stores, this.#target)) {
      const buffers = buffersOf(part.stores, [], locals);
      const kernel: LoopKernel = { kind: 'loop', name, buffers, locals, ...part };
      this.launches.push({ kernel, site });
    }
  }

  #addProduct(root: Root, product: ArrayNode): void {
    invariant(product.origin.kind === 'dot', 'a product is a dot');
    const { dims } = product.origin.facts;
    const [lhs, rhs] = product.operands;
    invariant(lhs !== undefined && rhs !== undefined, 'a product has two operands');
    const shapes = {
      batch: dims.lhsBatch.map((axis) => lhs.aval.shape[axis] ?? 1),
      rows: freeAxes(lhs.aval, dims.lhsBatch, dims.lhsContract).map(
        (axis) => lhs.aval.shape[axis] ?? 1,
      ),
      columns: freeAxes(rhs.aval, dims.rhsBatch, dims.rhsContract).map(
        (axis) => rhs.aval.shape[axis] ?? 1,
      ),
      depth: dims.lhsContract.map((axis) => lhs.aval.shape[axis] ?? 1),
    };
    const [batch, rows, columns, depth] = [
      shapes.batch,
      shapes.rows,
      shapes.columns,
      shapes.depth,
    ].map((shape) => makeAxis(sizeOf(shape)));
    invariant(batch && rows && columns && depth, 'a product has four kinds of axes');
    if (batch.extent * rows.extent * columns.extent === 0) return;
    const index = [
      ...unflatten(axisPosition(batch), shapes.batch).slice(0, shapes.batch.length),
      ...unflatten(axisPosition(rows), shapes.rows).slice(0, shapes.rows.length),
      ...unflatten(axisPosition(columns), shapes.columns).slice(0, shapes.columns.length),
    ];
    const contracted = unflatten(axisPosition(depth), shapes.depth).slice(0, shapes.depth.length);
    const [lhsIndex, rhsIndex] = dotIndices(dims, lhs.aval, rhs.aval, index, contracted);
    const operands = {
      lhs: this.#matrix(lhs, lhsIndex, [batch, rows, depth], product.site),
      rhs: this.#matrix(rhs, rhsIndex, [batch, depth, columns], product.site),
    };
    const final = this.#epilogue(root, product, index);
    const target = this.#writable(root.node, final.value);
    const stores = [{ ...final, target }];
    const kernel: MatmulKernel = {
      kind: 'matmul',
      name: [...new Set([product.name, ...this.#names])].join('·'),
      buffers: buffersOf(stores, [...sourcesOf(operands.lhs), ...sourcesOf(operands.rhs)]),
      batch,
      rows,
      columns,
      depth: depth.extent,
      ...operands,
      stores,
    };
    for (const part of splitProduct(alongRows(kernel), this.#target.splitProducts)) {
      this.launches.push({ kernel: part, site: root.node.site });
    }
    if (target !== final.target) this.#pack(target, root.node);
  }

  /** Copies finished elements into their packed array. */
  #pack(from: Source, { source, aval, size, site }: ArrayNode): void {
    const axis = makeAxis(size);
    const index = axisPosition(axis);
    const value = fitTo(load(from, index), aval.dtype);
    this.#push('pack', [axis], [{ target: source, index, value, ...plain }], site);
  }

  #epilogue(root: Root, product: ArrayNode, index: readonly Expr[]): KernelStore {
    const { node } = root;
    const own = root.fromProduct(index);
    const value = node === product ? finishedSum(node) : this.#element(node, own);
    const flat = flatten(own, stridesOf(node.aval.shape));
    return { target: node.source, index: flat, value, ...plain };
  }

  /** An operand as a strided matrix; copied into one if its layout is none. */
  #matrix(
    node: ArrayNode,
    index: readonly Expr[],
    [batch, rows, columns]: readonly [Axis, Axis, Axis],
    site: CallSite | null,
  ): MatrixOperand {
    const element = this.#reader(node)(index);
    const strided = asMatrix(element, rows, columns);
    if (strided !== null) return strided;
    const axes = [batch, rows, columns].filter((axis) => element.deps.has(axis));
    const strides = stridesOf(axes.map((axis) => axis.extent));
    const packed = makeSource(element.dtype, sizeOf(axes.map((axis) => axis.extent)));
    const flat = flatten(axes.map(axisPosition), strides);
    this.#push('pack', axes, [{ target: packed, index: flat, value: element, ...plain }], site);
    const again = asMatrix(load(packed, flat), rows, columns);
    invariant(again !== null, 'a packed operand is a matrix');
    return again;
  }

  #addControl(first: ArrayNode): void {
    const { origin, operands, name, site } = first;
    invariant(origin.kind === 'control', 'control flow expected');
    const sources = (nodes: readonly ArrayNode[]): Source[] => nodes.map(({ source }) => source);
    const written = origin.siblings.filter((node) => !isToken(node));
    const arrays = { operands: sources(operands), results: sources(written) };
    const avals = (nodes: readonly ArrayNode[]): Aval[] => nodes.map(({ aval }) => aval);
    const kernel =
      origin.control.kind === 'host'
        ? buildHostCall(
            name,
            origin.control,
            arrays,
            { operands: avals(operands), results: avals(written) },
            this.#calls,
          )
        : buildControl(name, origin.control, arrays, this.#planOf);
    this.launches.push({ kernel, site });
  }

  #addSteps(first: ArrayNode): void {
    const { origin } = first;
    invariant(origin.kind === 'steps', 'steps expected');
    const { siblings, eqn, steps } = origin;
    const sources = new Map<Place, Source>();
    const place = (aval: Aval, source: Source): Place => {
      const made = { aval, at: memoryReader({ aval, source }) };
      sources.set(made, source);
      return made;
    };
    steps.build({
      operands: first.operands.map((node) => place(node.aval, node.source)),
      outputs: siblings.map((node) => place(node.aval, node.source)),
      hasFastThreads: this.#target.hasFastThreads,
      temporary: (aval) => place(aval, makeSource(aval.dtype, sizeOf(aval.shape))),
      step: (spec) => this.#addStep(spec, eqn.primitive.name, sources, eqn.site),
    });
  }

  #addStep(
    spec: StepSpec,
    name: string,
    sources: ReadonlyMap<Place, Source>,
    site: CallSite | null,
  ): void {
    const parallel = spec.parallel.map(makeAxis);
    const serial = (spec.serial ?? []).map(makeAxis);
    const stores = spec
      .stores(parallel.map(axisPosition), serial.map(axisIndex))
      .map((store): KernelStore => {
        const target = sources.get(store.to);
        invariant(target !== undefined, `'${name}' stores to a place that it was not given`);
        const index = flatten(store.index, stridesOf(store.to.aval.shape));
        const { mode = 'set', guard = null } = store;
        const value = fitTo(store.value, target.dtype);
        return { target, index, value, mode, guard, serial };
      });
    this.#push(name, parallel, stores, site);
  }
}

/** The finished sum of a product, as an element of its result. */
const finishedSum = ({ aval: { dtype } }: ArrayNode): Expr =>
  fitTo(accumulator(scalarTypeOf(dtype)), dtype);

const plain = { mode: 'set', guard: null, serial: [] } as const;

/** The product with its columns along the memory that it writes: (A·B)ᵀ = Bᵀ·Aᵀ. */
function alongRows(kernel: MatmulKernel): MatmulKernel {
  const { rows, columns, stores } = kernel;
  const [store] = stores;
  if (store === undefined || columns.extent === 1) return kernel;
  const isTurned = strideAlong(store.index, rows) === 1 && strideAlong(store.index, columns) !== 1;
  return isTurned ? turnProduct(kernel) : kernel;
}

/** The strides of a load along two axes, if it is affine in them. */
function asMatrix(element: Expr, rows: Axis, columns: Axis): MatrixOperand | null {
  if (element.kind !== 'load') return null;
  const { source, index } = element;
  const rowStride = strideAlong(index, rows);
  const columnStride = strideAlong(index, columns);
  if (rowStride === null || columnStride === null) return null;
  const zero = indexConstant(0);
  const base = substitute(index, new Map([rows, columns].map((axis) => [axis, zero])));
  return { source, base, rowStride, columnStride };
}

/** The coefficient of an axis in an index; null if it also appears inside a division. */
export function strideAlong(index: Expr, axis: Axis): number | null {
  if (!index.deps.has(axis)) return 0;
  if (index.kind === 'axis') return 1;
  if (index.kind !== 'affine') return null;
  let stride = 0;
  for (const { atom, coefficient } of index.terms) {
    if (atom.kind === 'axis' && atom.axis === axis) stride = coefficient;
    else if (atom.deps.has(axis)) return null;
  }
  return stride;
}
