/**
 * Products of few rows, or of few columns: the large operand is read where it lies, once, and widened on the way if
 * its type is narrow. A unit of work is a block of columns, with the epilogue on its sums.
 */
import { isFloat } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { MatmulKernel, MatrixOperand } from '../../compile/kernel.ts';
import { isHalf } from '../../ir/narrow.ts';
import { assign, at, countUp, roundUp, smaller } from './assembly.ts';
import { type EmitOptions, kernelSignature } from './loop-kernel.ts';
import { type DirectTarget, directTarget, MatmulFrame } from './matmul-frame.ts';
import { sizeIn } from './memory.ts';
import { FunctionBuilder, ModuleBuilder } from './module.ts';
import { call, i32, i32Const, localGet } from './opcodes.ts';
import type { GemmType } from './operand-reader.ts';
import type { EmittedProgram } from './program.ts';
import { COLUMNS, TERMS, thinFunctions } from './thin-tiles.ts';

/** Rows up to which packing costs more than it saves; narrow elements are widened for every two rows again. */
const MOST_ROWS = { float32: 16, bfloat16: 8, float16: 8 } as const;
/** Floats of a block of sums, which shall stay in the first cache. */
const SUMS = 8192;
/** Columns of a block at least: across them, memory is best read in long pieces. */
const LEAST_COLUMNS = { across: 256, along: 64 } as const;

/** How the right operand lies: its rows are contiguous, or its columns. */
type Way = 'across' | 'along';

/** A product of few rows, and the way to compute it. */
export interface FewRows {
  readonly kernel: MatmulKernel;
  readonly way: Way;
}

const turned = (operand: MatrixOperand): MatrixOperand => ({
  ...operand,
  rowStride: operand.columnStride,
  columnStride: operand.rowStride,
});

/** The transposed product: the same sums in the same places, with rows and columns changing roles. */
const sideways = (kernel: MatmulKernel): MatmulKernel => ({
  ...kernel,
  rows: kernel.columns,
  columns: kernel.rows,
  lhs: turned(kernel.rhs),
  rhs: turned(kernel.lhs),
});

function wayOf({ rows, columns, depth, rhs }: MatmulKernel): Way | null {
  if (rows.extent > MOST_ROWS[typeOf(rhs)] || columns.extent < rows.extent) return null;
  if (rhs.columnStride === 1 && columns.extent >= 16) return 'across';
  if (rhs.rowStride === 1 && columns.extent >= 4 && depth >= 8) return 'along';
  return null;
}

/** The product in the form of one of few rows; null if it is none, or lies too scattered. */
export function asFewRows(kernel: MatmulKernel): FewRows | null {
  if (!isFloat(kernel.lhs.source.dtype) || !isFloat(kernel.rhs.source.dtype)) return null;
  for (const candidate of [kernel, sideways(kernel)]) {
    const way = wayOf(candidate);
    if (way !== null) return { kernel: candidate, way };
  }
  return null;
}

/** The product as one function over blocks of columns. */
export const emitFewRows = (product: FewRows, options: EmitOptions): EmittedProgram =>
  new FewRowsWriter(product, options).program();

function typeOf({ source: { dtype } }: MatrixOperand): GemmType {
  invariant(dtype === 'float32' || isHalf(dtype), 'products of integers have no kernel');
  return dtype;
}

/** Columns of a block: few enough for its sums to stay in the cache, and for several threads to have some. */
function blockOf({ kernel: { rows, columns }, way }: FewRows, isShared: boolean): number {
  const least = LEAST_COLUMNS[way];
  const most = Math.max(least, SUMS / rows.extent);
  const fair = isShared ? Math.max(least, columns.extent / 4) : columns.extent;
  return Math.min(columns.extent, roundUp(Math.min(most, fair), 16));
}

class FewRowsWriter {
  readonly #kernel: MatmulKernel;
  readonly #way: Way;
  readonly #module: ModuleBuilder;
  readonly #frame: MatmulFrame;
  readonly #direct: DirectTarget | null;
  readonly #block: number;
  readonly #sumStride: number;
  /** The left operand is copied: its type is narrow, or its rows are not contiguous where that is needed. */
  readonly #isCopied: boolean;
  /** The right operand is widened into memory, a few rows or columns at a time. */
  readonly #isWidened: boolean;
  readonly #lhsBytes: number;
  readonly #slabBytes: number;

  constructor(product: FewRows, options: EmitOptions) {
    const { kernel, way } = product;
    const { rows, depth, lhs, rhs } = kernel;
    this.#kernel = kernel;
    this.#way = way;
    const imports = Object.entries(thinFunctions).map(([name, signature]) => ({ name, signature }));
    this.#module = new ModuleBuilder({ shared: options.shared, imports });
    this.#block = blockOf(product, options.shared);
    this.#sumStride = roundUp(this.#block, 16);
    this.#frame = new MatmulFrame(kernel, this.#module, {
      relaxed: options.relaxed ?? false,
      block: { columns: this.#block, sumStride: this.#sumStride },
    });
    this.#direct = directTarget(kernel, { rows: 1, columns: COLUMNS });
    const isRowMajor = way === 'across' || lhs.columnStride === 1;
    this.#isCopied = typeOf(lhs) !== 'float32' || !isRowMajor;
    // It takes a dozen instructions to widen four float16, and one for bfloat16.
    this.#isWidened = typeOf(rhs) === 'float16' && rows.extent > 1;
    this.#lhsBytes = this.#isCopied ? roundUp(rows.extent * depth * 4, 64) : 0;
    const slab = way === 'across' ? TERMS * this.#block : COLUMNS * depth;
    this.#slabBytes = this.#isWidened ? roundUp(slab * 4, 64) : 0;
  }

  program(): EmittedProgram {
    const { name, batch, rows, columns, depth, rhs } = this.#kernel;
    const epilogue = this.#direct === null ? this.#frame.addEpilogue() : null;
    this.#addProducts(epilogue);
    const bytes = this.#module.bytes();
    const blocks = Math.ceil(columns.extent / this.#block);
    const cost = rows.extent * this.#block * depth * 0.025 + this.#block * depth * 0.1;
    const sumBytes = this.#direct === null ? rows.extent * this.#sumStride * 4 : 0;
    return {
      bytes,
      launches: [
        { name: 'products', units: batch.extent * blocks, unitCost: cost + 100, block: null },
      ],
      needsGemm: true,
      scratchBytes: this.#lhsBytes + this.#slabBytes + sumBytes,
      sharedBytes: 0,
      text: `(module ;; ${name}, ${bytes.length} bytes\n  ;; ${batch.extent} × f32[${rows.extent}, ${depth}] · ${typeOf(rhs)}[${depth}, ${columns.extent}] ${this.#way} its ${
        this.#way === 'across' ? 'rows' : 'columns'
      }, blocks of ${this.#block} columns, ${epilogue === null ? 'sums in place' : 'epilogue per block'}\n)`,
    };
  }

  #call(name: keyof typeof thinFunctions): number[] {
    return call(this.#module.importIndex(name));
  }

  /** products(start, end, scratch, table): units of (batch, block of columns). */
  #addProducts(epilogue: number | null): void {
    const { rows, columns, lhs, rhs } = this.#kernel;
    const b = new FunctionBuilder(kernelSignature);
    const [unit, end, scratch, table] = [0, 1, 2, 3] as const;
    const local = (): number => b.local('i32');
    const place: Place = {
      ...{ left: local(), leftRow: local(), leftColumn: local(), right: local(), out: local() },
      ...{ width: local(), slab: local(), counter: local() },
    };
    const [batch, column, row, count] = [local(), local(), local(), local()];
    const blocks = Math.ceil(columns.extent / this.#block);
    // The addresses are computed by functions, since what they need is written before loops.
    const [leftBase, rightBase] = [this.#addBase(lhs), this.#addBase(rhs)];
    const direct = this.#direct;
    const outBase =
      direct === null ? null : this.#addBase({ source: direct.target, base: direct.index });
    const base = (index: number): number[] => [
      ...localGet(table),
      ...localGet(batch),
      ...call(index),
    ];
    b.code.push(
      ...assign(count, i32Const(rows.extent)),
      ...assign(place.slab, localGet(scratch), i32Const(this.#lhsBytes), i32.add),
      ...countUp(
        unit,
        localGet(end),
        1,
        assign(batch, localGet(unit), i32Const(blocks), i32.divU),
        assign(
          column,
          [...localGet(unit), ...i32Const(blocks), ...i32.remU],
          i32Const(this.#block),
          i32.mul,
        ),
        assign(
          place.width,
          smaller(
            [...i32Const(columns.extent), ...localGet(column), ...i32.sub],
            i32Const(this.#block),
          ),
        ),
        this.#placeLeft(place, base(leftBase), scratch),
        assign(
          place.right,
          at(base(rightBase), localGet(column), rhs.columnStride * sizeIn(rhs.source)),
        ),
        outBase === null
          ? assign(place.out, localGet(place.slab), i32Const(this.#slabBytes), i32.add)
          : assign(place.out, at(base(outBase), localGet(column), 4)),
        this.#way === 'across' ? this.#across(place) : this.#along(place),
        epilogue === null
          ? []
          : this.#frame.callEpilogue(epilogue, {
              ...{ table, batch, column, row, count, out: place.out },
            }),
      ),
    );
    this.#module.add(b, 'products');
  }

  /** base(table, batch): the address of an operand's first element. */
  #addBase(operand: Pick<MatrixOperand, 'source' | 'base'>): number {
    const b = new FunctionBuilder({ parameters: ['i32', 'i32'], results: ['i32'] });
    this.#frame.pushBase(b, 0, 1, operand);
    return this.#module.add(b);
  }

  /** The left operand as float32: where it lies, or copied. */
  #placeLeft(place: Place, base: readonly number[], scratch: number): number[] {
    const { rows, depth, lhs } = this.#kernel;
    const size = sizeIn(lhs.source);
    const strides = [i32Const(lhs.rowStride * size), i32Const(lhs.columnStride * size)].flat();
    if (!this.#isCopied) {
      return [
        ...assign(place.left, base),
        ...strides,
        ...assign(place.leftColumn),
        ...assign(place.leftRow),
      ];
    }
    return [
      ...[...localGet(scratch), ...base, ...i32Const(rows.extent), ...i32Const(depth), ...strides],
      ...this.#call(`toRows_${typeOf(lhs)}`),
      ...assign(place.left, localGet(scratch)),
      ...assign(place.leftRow, i32Const(depth * 4)),
      ...assign(place.leftColumn, i32Const(4)),
    ];
  }

  get #outStride(): number[] {
    return i32Const((this.#direct?.stride ?? this.#sumStride) * 4);
  }

  #across(place: Place): number[] {
    const { rows, depth, rhs } = this.#kernel;
    const type = typeOf(rhs);
    const size = sizeIn(rhs.source);
    const { out, left, leftRow, leftColumn, right, width, slab, counter } = place;
    const start = [
      ...localGet(out),
      ...this.#outStride,
      ...i32Const(rows.extent),
      ...localGet(width),
      ...this.#call('clear'),
    ];
    const leftOperand = [...localGet(left), ...localGet(leftRow), ...localGet(leftColumn)];
    if (!this.#isWidened) {
      return [
        ...start,
        ...[...localGet(out), ...this.#outStride, ...leftOperand],
        ...[...localGet(right), ...i32Const(rhs.rowStride * size)],
        ...[...i32Const(rows.extent), ...i32Const(depth), ...localGet(width)],
        ...this.#call(`across_${type}`),
      ];
    }
    const terms = smaller([...i32Const(depth), ...localGet(counter), ...i32.sub], i32Const(TERMS));
    return [
      ...start,
      ...assign(counter, i32Const(0)),
      ...countUp(
        counter,
        i32Const(depth),
        TERMS,
        [...localGet(slab), ...localGet(right), ...terms, ...localGet(width)],
        [...i32Const(rhs.rowStride * size), ...i32Const(size), ...this.#call(`toRows_${type}`)],
        [...localGet(out), ...this.#outStride, ...leftOperand],
        [...localGet(slab), ...localGet(width), ...i32Const(2), ...i32.shl],
        [...i32Const(rows.extent), ...terms, ...localGet(width), ...this.#call('across_float32')],
        assign(left, at(localGet(left), localGet(leftColumn), TERMS)),
        assign(right, localGet(right), i32Const(TERMS * rhs.rowStride * size), i32.add),
      ),
    ];
  }

  #along(place: Place): number[] {
    const { rows, depth, rhs } = this.#kernel;
    const type = typeOf(rhs);
    const size = sizeIn(rhs.source);
    const { out, left, leftRow, right, width, slab, counter } = place;
    const leftOperand = [...localGet(left), ...localGet(leftRow)];
    if (!this.#isWidened) {
      return [
        ...[...localGet(out), ...this.#outStride, ...leftOperand],
        ...[...localGet(right), ...i32Const(rhs.columnStride * size)],
        ...[...i32Const(rows.extent), ...i32Const(depth), ...localGet(width)],
        ...this.#call(`along_${type}`),
      ];
    }
    const columns = smaller(
      [...localGet(width), ...localGet(counter), ...i32.sub],
      i32Const(COLUMNS),
    );
    return [
      ...assign(counter, i32Const(0)),
      ...countUp(
        counter,
        localGet(width),
        COLUMNS,
        [...localGet(slab), ...localGet(right), ...columns, ...i32Const(depth)],
        [...i32Const(rhs.columnStride * size), ...i32Const(size)],
        this.#call(`toRows_${type}`),
        [...at(localGet(out), localGet(counter), 4), ...this.#outStride, ...leftOperand],
        [...localGet(slab), ...i32Const(depth * 4)],
        [...i32Const(rows.extent), ...i32Const(depth), ...columns, ...this.#call('along_float32')],
        assign(right, localGet(right), i32Const(COLUMNS * rhs.columnStride * size), i32.add),
      ),
    ];
  }
}

/** Locals that say where things lie: addresses, and strides in bytes. */
interface Place {
  readonly left: number;
  readonly leftRow: number;
  readonly leftColumn: number;
  readonly right: number;
  readonly out: number;
  /** Columns of this block. */
  readonly width: number;
  readonly slab: number;
  readonly counter: number;
}
