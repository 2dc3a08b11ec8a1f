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
} from '../ir/expr.ts';
import { axisPosition, flatten, strideAlong } from '../ir/index-algebra.ts';
import type { Place, Reader, StepSpec } from '../ir/lowering.ts';
import { fitTo } from '../ir/narrow.ts';
import { lookup } from '../ir/program.ts';
import { buffersOf, sourcesOf } from './buffers.ts';
import {
  buildControl,
  buildHostCall,
  type CallNumbers,
  type ControlArrays,
  heldCarries,
  type PlanOf,
} from './build-control.ts';
import type { Fusion, LocalArray, Root } from './fuse.ts';
import { asOffsets, oriented } from './gathered-product.ts';
import { type ArrayNode, isToken, memoryReader } from './graph.ts';
import type {
  GatheredProduct,
  KernelStore,
  LoopKernel,
  MatmulKernel,
  MatrixOperand,
} from './kernel.ts';
import { alongRows, asMatrix } from './matrix-operands.ts';
import type { Target, Task } from './plan.ts';
import { layOutProduct, type ProductLayout, rowShape } from './product-layout.ts';
import { splitProduct } from './split-product.ts';
import { splitLongReductions } from './split-reductions.ts';

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

/** Two arrays that share memory, since the second is the first with a change. */
export interface Overlay {
  readonly from: ArrayNode;
  readonly to: ArrayNode;
  /** The launch from which on the memory is changed. */
  readonly start: number;
}

/** Builds the kernels of one program. */
export class KernelBuilder {
  readonly launches: Launch[] = [];
  readonly overlays: Overlay[] = [];
  readonly #isChanged: (node: ArrayNode) => boolean;
  readonly #fusion: Fusion;
  readonly #target: Target;
  readonly #planOf: PlanOf;
  readonly #calls: CallNumbers;
  readonly #memo = new Map<string, Expr>();
  #product: ArrayNode | null = null;
  #locals: ReadonlyMap<ArrayNode, LocalPlace> = new Map();
  #names = new Set<string>();

  /**
   * @param planOf - Compiles the programs of loops and branches.
   * @param calls - Numbers of the host's functions.
   * @param isChanged - True for an array that lies where the one lay of which it is a change.
   */
  constructor(
    fusion: Fusion,
    target: Target,
    planOf: PlanOf,
    calls: CallNumbers,
    isChanged: (node: ArrayNode) => boolean,
  ) {
    this.#isChanged = isChanged;
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
    const axes = from.aval.shape.map(makeAxis);
    const index = flatten(axes.map(axisPosition), stridesOf(from.aval.shape));
    const store = { target: to, index, value: load(from.source, index), ...plain };
    this.#push('copy', axes, [store], null);
  }

  /** Makes `to` begin as `from`. */
  #begin(to: ArrayNode, from: ArrayNode): void {
    if (this.#isChanged(to)) this.overlays.push({ from, to, start: this.launches.length });
    else this.addCopy(from, to.source);
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
    const { writesWords, writesHalves } = this.#target;
    const isWhole = !isStorageType(source.dtype) || (writesHalves && source.dtype === 'float16');
    return writesWords && !isWhole ? makeSource(dtype, source.length) : source;
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
    const layout = layOutProduct(dims, lhs.aval, rhs.aval);
    const { batch, rows, columns, terms, index, lhsIndex, rhsIndex } = layout;
    if (batch.extent * rows.extent * columns.extent === 0) return;
    if (this.#target.gathersProducts && this.#addGathered(root, product, layout)) return;
    const operands = {
      lhs: this.#matrix(lhs, lhsIndex, [batch, rows, terms], product.site),
      rhs: this.#matrix(rhs, rhsIndex, [batch, terms, columns], product.site),
    };
    const final = this.#epilogue(root, product, index);
    const target = this.#writable(root.node, final.value);
    const stores = [{ ...final, target }];
    const kernel: MatmulKernel = {
      kind: 'matmul',
      name: this.#productName(product),
      buffers: buffersOf(stores, [...sourcesOf(operands.lhs), ...sourcesOf(operands.rhs)]),
      batch,
      rows,
      columns,
      depth: terms.extent,
      ...operands,
      stores,
    };
    for (const part of splitProduct(alongRows(kernel), this.#target.splitProducts)) {
      this.launches.push({ kernel: part, site: root.node.site });
    }
    if (target !== final.target) this.#pack(target, root.node);
  }

  #productName = (product: ArrayNode): string =>
    [...new Set([product.name, ...this.#names])].join('·');

  /** The product with operands that are gathered as they are read; false if they are matrices, or cannot be. */
  #addGathered(root: Root, product: ArrayNode, whole: ProductLayout): boolean {
    const [lhs, rhs] = product.operands;
    invariant(product.origin.kind === 'dot' && lhs && rhs, 'a product has two operands');
    const offsetsIn = (layout: ProductLayout) => {
      const { rows, columns, terms, lhsIndex, rhsIndex } = layout;
      const [left, right] = [this.#reader(lhs)(lhsIndex), this.#reader(rhs)(rhsIndex)];
      const areMatrices =
        asMatrix(left, rows, terms) !== null && asMatrix(right, terms, columns) !== null;
      const operands = [asOffsets(left, rows, terms), asOffsets(right, columns, terms)];
      return { areMatrices, operands };
    };
    const first = offsetsIn(whole);
    if (first.areMatrices || first.operands.includes(null)) return false;
    const { dims } = product.origin.facts;
    const lead = this.#leadingRows(root, product);
    const layout = lead === 0 ? whole : layOutProduct(dims, lhs.aval, rhs.aval, lead);
    const [left, right] = lead === 0 ? first.operands : offsetsIn(layout).operands;
    if (!left || !right) return false;
    const { batch, rows, columns, terms, index } = layout;
    const stores = [this.#epilogue(root, product, index)];
    const kernel: GatheredProduct = {
      kind: 'gathered-product',
      name: this.#productName(product),
      buffers: buffersOf(stores, [...sourcesOf(left), ...sourcesOf(right)]),
      batch,
      rows,
      columns,
      terms,
      lhs: left,
      rhs: right,
      stores,
    };
    this.launches.push({ kernel: oriented(kernel), site: root.node.site });
    return true;
  }

  /** How many leading axes of the rows go to the batch, so that the others are neighbours in the result. */
  #leadingRows(root: Root, product: ArrayNode): number {
    const [lhs, rhs] = product.operands;
    invariant(product.origin.kind === 'dot' && lhs && rhs, 'a product has two operands');
    const { dims } = product.origin.facts;
    const shape = rowShape(dims, lhs.aval);
    const strides = stridesOf(root.node.aval.shape);
    for (let lead = 0; lead < shape.length; lead++) {
      if (sizeOf(shape.slice(lead)) < minRowsOfBatch) break;
      const { rows, index } = layOutProduct(dims, lhs.aval, rhs.aval, lead);
      if (strideAlong(flatten(root.fromProduct(index), strides), rows) !== null) return lead;
    }
    return 0;
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
        : buildControl(name, origin.control, this.#beginCarries(first, arrays), this.#planOf);
    this.launches.push({ kernel, site });
  }

  /** The arrays of a loop of which some carries are changed where they lie: it finds them in their last place. */
  #beginCarries({ origin, operands }: ArrayNode, arrays: ControlArrays): ControlArrays {
    if (origin.kind !== 'control' || origin.control.kind === 'host') return arrays;
    const starts = [...arrays.operands];
    for (const { operand, result } of heldCarries(origin.control, this.#planOf)) {
      const [from, to] = [operands[operand], origin.siblings[result]];
      invariant(from !== undefined && to !== undefined, 'a carry without a beginning');
      this.#begin(to, from);
      starts[operand] = to.source;
    }
    return { ...arrays, operands: starts };
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
    const from = steps.startsFrom === undefined ? undefined : first.operands[steps.startsFrom];
    if (from !== undefined) this.#begin(first, from);
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
        const { mode = 'set', guard = null, depth } = store;
        const value = fitTo(store.value, target.dtype);
        return { target, index, value, mode, guard, serial: serial.slice(0, depth) };
      });
    this.#push(name, parallel, stores, site);
  }
}

/** The finished sum of a product, as an element of its result. */
const finishedSum = ({ aval: { dtype } }: ArrayNode): Expr =>
  fitTo(accumulator(scalarTypeOf(dtype)), dtype);

/** Rows that are worth a matrix of their own. */
const minRowsOfBatch = 48;

const plain = { mode: 'set', guard: null, serial: [] } as const;
