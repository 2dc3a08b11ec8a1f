/**
 * Kernels that touch more of an array than one binding may hold, in pieces: each runs over a part of one axis, and
 * sees of every array only the part that it needs.
 */
import { bytesOf, isStorageType } from '../base/dtype.ts';
import {
  type Axis,
  axisIndex,
  type Expr,
  load,
  makeAxis,
  makeSource,
  rebuild,
  type Source,
  substitute,
  walk,
} from '../ir/expr.ts';
import { addIndex, boundsOf, indexConstant, isRowMajor } from '../ir/index-algebra.ts';
import type { Kernel, KernelStore, MatmulKernel, MatrixOperand, PlainKernel } from './kernel.ts';

/** What limits a binding. */
export interface CutOptions {
  /** Bytes that one binding may hold. */
  readonly maxBytes: number;
  /** Bindings start at multiples of so many bytes. */
  readonly alignment: number;
  /** The binding of each of the kernel's buffers; those of one binding stay side by side. */
  readonly bindingOf: readonly number[];
  /** True: elements of float16 arrays are written one by one. */
  readonly writesHalves: boolean;
}

/** A part of a kernel. */
export interface KernelPiece {
  /** Its buffers are parts of the whole kernel's, in the same order. */
  readonly kernel: PlainKernel;
  /** Per buffer, the byte that it starts at. */
  readonly offsets: readonly number[];
}

/** Pieces of a kernel at most: more would be launches without end. */
const maxPieces = 4096;

/**
 * The kernel in pieces that fit; null if no cut along one axis makes them fit. A sum is not cut: a matrix of a product
 * fits in parts only if the axis that the result has of it is the outer one in memory.
 */
export function cutKernel(kernel: Kernel, options: CutOptions): KernelPiece[] | null {
  if (kernel.kind === 'gathered-product') return null;
  const longest = Math.max(...kernel.buffers.map(({ source }) => bytesOfArray(source)));
  const widths = kernel.buffers.map(({ source }) => bytesOf(source.dtype));
  const unit = options.alignment / Math.min(...widths);
  for (const axis of axesOf(kernel)) {
    const least = Math.ceil(longest / options.maxBytes);
    for (let count = least; count <= Math.min(axis.extent, maxPieces); count *= 2) {
      const even = Math.ceil(axis.extent / count);
      // Parts that begin where bindings can leave nothing over.
      const length = even > unit ? even - (even % unit) : even;
      const pieces = cutAlong(kernel, axis, length, options);
      if (pieces !== null) return pieces;
    }
  }
  return null;
}

const axesOf = (kernel: PlainKernel): Axis[] =>
  (kernel.kind === 'loop' ? kernel.parallel : [kernel.batch, kernel.rows, kernel.columns]).filter(
    ({ extent }) => extent > 1,
  );

function cutAlong(
  kernel: PlainKernel,
  axis: Axis,
  length: number,
  options: CutOptions,
): KernelPiece[] | null {
  const pieces: KernelPiece[] = [];
  for (let start = 0; start < axis.extent; start += length) {
    const part = restrict(kernel, axis, start, Math.min(length, axis.extent - start));
    const piece = shrink(part, options);
    if (piece === null || !writesWholeWords(piece.kernel, options)) return null;
    pieces.push(piece);
  }
  return pieces;
}

const bytesOfArray = ({ dtype, length }: Source): number => length * bytesOf(dtype);

/** True if packed arrays are written from the start of a word on, in the order of the loops. */
const writesWholeWords = (kernel: PlainKernel, { writesHalves }: CutOptions): boolean =>
  kernel.stores.every(
    ({ target, index }) =>
      !isStorageType(target.dtype) ||
      (writesHalves && target.dtype === 'float16') ||
      (kernel.kind === 'loop' && isRowMajor(index, kernel.parallel)),
  );

/** The iterations of a kernel at `start` … `start + length` − 1 of one of its axes. */
function restrict(kernel: PlainKernel, axis: Axis, start: number, length: number): PlainKernel {
  const part = makeAxis(length);
  const position = addIndex(axisIndex(part), indexConstant(start));
  const place = new Map([[axis, position]]);
  const move = (expr: Expr): Expr => substitute(expr, place);
  const renamed = (other: Axis): Axis => (other === axis ? part : other);
  const stores = kernel.stores.map((store) => mapStore(store, move));
  if (kernel.kind === 'loop') return { ...kernel, parallel: kernel.parallel.map(renamed), stores };
  const { batch, rows, columns, lhs, rhs } = kernel;
  const shift = (operand: MatrixOperand, stride: number): MatrixOperand => ({
    ...operand,
    base: addIndex(move(operand.base), indexConstant(start * stride)),
  });
  return {
    ...kernel,
    batch: renamed(batch),
    rows: renamed(rows),
    columns: renamed(columns),
    lhs: shift(lhs, axis === rows ? lhs.rowStride : 0),
    rhs: shift(rhs, axis === columns ? rhs.columnStride : 0),
    stores,
  };
}

const mapStore = (store: KernelStore, move: (expr: Expr) => Expr): KernelStore => ({
  ...store,
  index: move(store.index),
  value: move(store.value),
  guard: store.guard === null ? null : move(store.guard),
});

type Bounds = readonly [least: number, most: number];

/** The kernel with every array cut down to what it touches; null if that is too much of one. */
function shrink(
  kernel: PlainKernel,
  { maxBytes, alignment, bindingOf }: CutOptions,
): KernelPiece | null {
  const touched = touchedBy(kernel);
  const spans = new Map<number, Bounds>();
  kernel.buffers.forEach(({ source }, i) => {
    const [low, high] = touched.get(source) ?? [0, 0];
    const width = bytesOf(source.dtype);
    const inside: Bounds = [
      width * Math.max(0, low),
      width * (Math.min(source.length - 1, high) + 1) - 1,
    ];
    const binding = bindingOf[i] ?? i;
    const [least, most] = spans.get(binding) ?? inside;
    spans.set(binding, [Math.min(least, inside[0]), Math.max(most, inside[1])]);
  });
  const offsets: number[] = [];
  const parts = new Map<Source, { readonly source: Source; readonly offset: number }>();
  kernel.buffers.forEach(({ source }, i) => {
    const [least, most] = spans.get(bindingOf[i] ?? i) ?? [0, bytesOfArray(source) - 1];
    const offset = Math.floor(least / alignment) * alignment;
    offsets.push(offset);
    // A multiple of four, so that the part can be read by fours.
    const width = bytesOf(source.dtype);
    const needed = Math.ceil((most + 1 - offset) / width / 4) * 4;
    const length = Math.min(source.length - offset / width, needed);
    parts.set(source, { source: makeSource(source.dtype, length), offset: offset / width });
  });
  if ([...parts.values()].some(({ source }) => bytesOfArray(source) > maxBytes)) return null;
  return { kernel: rebase(kernel, parts), offsets };
}

/** The least and greatest element of each array that a kernel may touch. */
function touchedBy(kernel: PlainKernel): ReadonlyMap<Source, Bounds> {
  const touched = new Map<Source, Bounds>();
  const touch = (source: Source, [low, high]: Bounds): void => {
    const [least, most] = touched.get(source) ?? [Infinity, -Infinity];
    touched.set(source, [Math.min(least, low), Math.max(most, high)]);
  };
  const touchLoads = (roots: readonly Expr[]): void => {
    for (const node of walk(roots)) {
      if (node.kind === 'load') touch(node.source, boundsOf(node.index));
    }
  };
  for (const { target, index, value, guard } of kernel.stores) {
    touch(target, boundsOf(index));
    touchLoads(guard === null ? [index, value] : [index, value, guard]);
  }
  if (kernel.kind === 'matmul') {
    touchLoads([kernel.lhs.base, kernel.rhs.base]);
    touch(kernel.lhs.source, boundsOfOperand(kernel, kernel.lhs));
    touch(kernel.rhs.source, boundsOfOperand(kernel, kernel.rhs));
  }
  return touched;
}

function boundsOfOperand(
  { lhs, rows, columns, depth }: MatmulKernel,
  operand: MatrixOperand,
): Bounds {
  const [height, width] = operand === lhs ? [rows.extent, depth] : [depth, columns.extent];
  const ends = [(height - 1) * operand.rowStride, (width - 1) * operand.columnStride];
  const [low, high] = boundsOf(operand.base);
  return [
    ends.reduce((sum, end) => sum + Math.min(0, end), low),
    ends.reduce((sum, end) => sum + Math.max(0, end), high),
  ];
}

function rebase(
  kernel: PlainKernel,
  parts: ReadonlyMap<Source, { readonly source: Source; readonly offset: number }>,
): PlainKernel {
  const partOf = (source: Source) => parts.get(source) ?? { source, offset: 0 };
  const back = (index: Expr, offset: number): Expr => addIndex(index, indexConstant(-offset));
  const move = (expr: Expr): Expr =>
    rebuild(
      expr,
      () => undefined,
      (node) => {
        if (node.kind !== 'load') return undefined;
        const { source, offset } = partOf(node.source);
        return source === node.source
          ? undefined
          : load(source, back(node.index, offset), node.isRaw);
      },
    );
  const buffers = kernel.buffers.map((buffer) => ({
    ...buffer,
    source: partOf(buffer.source).source,
  }));
  const stores = kernel.stores.map((store) => {
    const { source: target, offset } = partOf(store.target);
    const moved = mapStore(store, move);
    return { ...moved, target, index: back(moved.index, offset) };
  });
  if (kernel.kind === 'loop') return { ...kernel, buffers, stores };
  const operand = (from: MatrixOperand): MatrixOperand => {
    const { source, offset } = partOf(from.source);
    return { ...from, source, base: back(move(from.base), offset) };
  };
  return { ...kernel, buffers, stores, lhs: operand(kernel.lhs), rhs: operand(kernel.rhs) };
}
