/**
 * Matrix products whose right operand is packed into panels; row blocks are multiplied with them, and the epilogue
 * runs on each block while it is in cache.
 */
import { invariant } from '../../base/errors.ts';
import type { MatmulKernel } from '../../compile/kernel.ts';
import type { Source } from '../../ir/expr.ts';
import { isHalf } from '../../ir/narrow.ts';
import { assign, at, countUp, roundUp, smaller } from './assembly.ts';
import { gemmFunctions, TILE_COLUMNS, TILE_ROWS } from './gemm.ts';
import { type EmitOptions, kernelSignature } from './loop-kernel.ts';
import { type Division, divide } from './matmul-division.ts';
import { type DirectTarget, directTarget, MatmulFrame } from './matmul-frame.ts';
import { sizeIn } from './memory.ts';
import { FunctionBuilder, ModuleBuilder } from './module.ts';
import { call, i32, i32Const, localGet } from './opcodes.ts';
import type { EmittedProgram, Launch } from './program.ts';

/** Summands that are worked on at once. */
const DEPTH_BLOCK = 256;

/** The product as functions that pack and multiply. */
export const emitPackedProduct = (kernel: MatmulKernel, options: EmitOptions): EmittedProgram =>
  new PackedWriter(kernel, options).program();

const bytesOfStride = (stride: number, size = 4): number[] => i32Const(stride * size);

/** The function of gemm.ts that packs an operand. */
function packer(side: 'packLhs' | 'packRhs', { dtype }: Source): keyof typeof gemmFunctions {
  invariant(dtype === 'float32' || isHalf(dtype), 'products of integers have no kernel');
  return `${side}_${dtype}`;
}

class PackedWriter {
  readonly #kernel: MatmulKernel;
  readonly #module: ModuleBuilder;
  readonly #division: Division;
  /** Floats per row of the block of sums. */
  readonly #sumStride: number;
  readonly #direct: DirectTarget | null;
  readonly #frame: MatmulFrame;
  readonly #lhsBytes: number;
  readonly #sumBytes: number;
  readonly #panelBytes: number;

  constructor(kernel: MatmulKernel, options: EmitOptions) {
    this.#kernel = kernel;
    const imports = Object.entries(gemmFunctions).map(([name, signature]) => ({ name, signature }));
    this.#module = new ModuleBuilder({ shared: options.shared, imports });
    this.#division = divide(kernel, options.shared);
    const { rowBlock, columnBlock } = this.#division;
    this.#sumStride = roundUp(columnBlock, TILE_COLUMNS);
    this.#frame = new MatmulFrame(kernel, this.#module, {
      relaxed: options.relaxed ?? false,
      block: { columns: columnBlock, sumStride: this.#sumStride },
    });
    this.#direct = directTarget(kernel, { rows: TILE_ROWS, columns: TILE_COLUMNS });
    const rows = Math.min(rowBlock, roundUp(kernel.rows.extent, 2));
    this.#lhsBytes = roundUp(rows * Math.min(DEPTH_BLOCK, kernel.depth) * 4, 64);
    this.#sumBytes = this.#direct === null ? rows * this.#sumStride * 4 : 0;
    this.#panelBytes = kernel.depth * this.#sumStride * 4;
  }

  program(): EmittedProgram {
    const { batch, rows, columns, depth } = this.#kernel;
    const epilogue = this.#direct === null ? this.#frame.addEpilogue() : null;
    const block = this.#addBlock(epilogue);
    const pack = this.#addPack();
    this.#addRows(block);
    this.#addPackLaunch(pack);
    this.#addProducts(pack, block);
    const { isByColumns, rowBlock, columnBlock } = this.#division;
    const launches = isByColumns ? this.#productLaunch() : this.#panelLaunches();
    const bytes = this.#module.bytes();
    return {
      bytes,
      launches,
      needsGemm: true,
      scratchBytes: this.#lhsBytes + this.#sumBytes + (isByColumns ? this.#panelBytes : 0),
      sharedBytes: isByColumns ? 0 : this.#panelBytes,
      text: `(module ;; ${this.#kernel.name}, ${bytes.length} bytes\n  ;; ${batch.extent} × f32[${rows.extent}, ${depth}] · f32[${depth}, ${columns.extent}], tiles 2×16, ${
        isByColumns ? `blocks of ${columnBlock} columns` : `blocks of ${rowBlock} rows`
      }, ${epilogue === null ? 'sums in place' : 'epilogue per block'}\n)`,
    };
  }

  #productLaunch(): Launch[] {
    const { batch, rows, columns, depth } = this.#kernel;
    const { columnBlock } = this.#division;
    const units = batch.extent * Math.ceil(columns.extent / columnBlock);
    const work = rows.extent * columnBlock * depth;
    return [{ name: 'products', units, unitCost: work * 0.03 + 100, block: null }];
  }

  #panelLaunches(): Launch[] {
    const { batch, rows, columns, depth } = this.#kernel;
    const { rowBlock, columnBlock } = this.#division;
    const launches: Launch[] = [];
    for (let b = 0; b < batch.extent; b++) {
      for (let column = 0; column < columns.extent; column += columnBlock) {
        const width = Math.min(columnBlock, columns.extent - column);
        const panels = Math.ceil(width / TILE_COLUMNS);
        const block = { batch: b, column };
        launches.push({ name: 'pack', units: panels, unitCost: depth * this.#packCost, block });
        const units = Math.ceil(rows.extent / rowBlock);
        const perRow = width * depth * 0.025 + width;
        const unitCost = Math.min(rowBlock, rows.extent) * perRow;
        launches.push({ name: 'rows', units, unitCost, block });
      }
    }
    return launches;
  }

  /** Nanoseconds that a row of a panel takes to pack. */
  get #packCost(): number {
    const { rowStride, columnStride } = this.#kernel.rhs;
    return columnStride === 1 ? 5 : rowStride === 1 ? 8 : 20;
  }

  /** pack(to, table, batch, column, firstPanel, endPanel): panels of a block of columns. */
  #addPack(): number {
    const { depth, columns, rhs } = this.#kernel;
    const b = new FunctionBuilder({
      parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      results: [],
    });
    const [to, table, batch, column, first, end] = [0, 1, 2, 3, 4, 5] as const;
    const [base, start] = [b.local('i32'), b.local('i32')];
    this.#frame.pushBase(b, table, batch, rhs);
    b.code.push(
      ...assign(base),
      ...assign(start, at(localGet(column), localGet(first), TILE_COLUMNS)),
      ...at(localGet(to), localGet(first), depth * TILE_COLUMNS * 4),
      ...at(localGet(base), localGet(start), rhs.columnStride * sizeIn(rhs.source)),
      ...i32Const(depth),
      // Columns of these panels, as far as there are any.
      ...smaller(
        [...localGet(end), ...localGet(first), ...i32.sub, ...i32Const(TILE_COLUMNS), ...i32.mul],
        [...i32Const(columns.extent), ...localGet(start), ...i32.sub],
      ),
      ...bytesOfStride(rhs.rowStride, sizeIn(rhs.source)),
      ...bytesOfStride(rhs.columnStride, sizeIn(rhs.source)),
      ...call(this.#module.importIndex(packer('packRhs', rhs.source))),
    );
    return this.#module.add(b);
  }

  /** block(panels, scratch, table, batch, column, firstRow, endRow): sums and epilogue, row block by row block. */
  #addBlock(epilogue: number | null): number {
    const { depth, columns, lhs } = this.#kernel;
    const b = new FunctionBuilder({
      parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
      results: [],
    });
    const [panels, scratch, table, batch, column, row, endRow] = [0, 1, 2, 3, 4, 5, 6] as const;
    const names = ['base', 'count', 'width', 'k', 'piece', 'out', 'outBase'] as const;
    const local = Object.fromEntries(names.map((name) => [name, b.local('i32')]));
    const [base = 0, count = 0, width = 0, k = 0, piece = 0, out = 0, outBase = 0] = names.map(
      (name) => local[name],
    );
    this.#frame.pushBase(b, table, batch, lhs);
    b.code.push(...assign(base));
    const direct = this.#direct;
    if (direct !== null) {
      this.#frame.pushBase(b, table, batch, { source: direct.target, base: direct.index });
      b.code.push(...assign(outBase));
    }
    const outStride = direct?.stride ?? this.#sumStride;
    const place =
      direct === null
        ? assign(out, localGet(scratch), i32Const(this.#lhsBytes), i32.add)
        : assign(
            out,
            at(at(localGet(outBase), localGet(row), direct.stride * 4), localGet(column), 4),
          );
    b.code.push(
      ...assign(
        width,
        smaller(
          [...i32Const(columns.extent), ...localGet(column), ...i32.sub],
          i32Const(this.#division.columnBlock),
        ),
      ),
      ...countUp(
        row,
        localGet(endRow),
        this.#division.rowBlock,
        assign(
          count,
          smaller(
            [...localGet(endRow), ...localGet(row), ...i32.sub],
            i32Const(this.#division.rowBlock),
          ),
        ),
        place,
        assign(k, i32Const(0)),
        countUp(
          k,
          i32Const(depth),
          DEPTH_BLOCK,
          assign(
            piece,
            smaller([...i32Const(depth), ...localGet(k), ...i32.sub], i32Const(DEPTH_BLOCK)),
          ),
          localGet(scratch),
          at(
            at(localGet(base), localGet(row), lhs.rowStride * sizeIn(lhs.source)),
            localGet(k),
            lhs.columnStride * sizeIn(lhs.source),
          ),
          localGet(count),
          localGet(piece),
          bytesOfStride(lhs.rowStride, sizeIn(lhs.source)),
          bytesOfStride(lhs.columnStride, sizeIn(lhs.source)),
          call(this.#module.importIndex(packer('packLhs', lhs.source))),
          localGet(scratch),
          at(localGet(panels), localGet(k), TILE_COLUMNS * 4),
          localGet(out),
          bytesOfStride(outStride),
          [...localGet(count), ...i32Const(1), ...i32.add, ...i32Const(1), ...i32.shrU],
          [...localGet(width), ...i32Const(15), ...i32.add, ...i32Const(4), ...i32.shrU],
          localGet(piece),
          i32Const(depth * TILE_COLUMNS * 4),
          [...localGet(k), ...i32.eqz],
          call(this.#module.importIndex('multiply')),
        ),
        epilogue === null
          ? []
          : this.#frame.callEpilogue(epilogue, { table, batch, column, row, count, out }),
      ),
    );
    return this.#module.add(b);
  }

  #addPackLaunch(pack: number): void {
    const b = new FunctionBuilder(kernelSignature);
    b.code.push(
      ...this.#frame.extra(3, 2),
      ...localGet(3),
      ...this.#frame.extra(3, 0),
      ...this.#frame.extra(3, 1),
      ...localGet(0),
      ...localGet(1),
      ...call(pack),
    );
    this.#module.add(b, 'pack');
  }

  #addRows(block: number): void {
    const { rowBlock } = this.#division;
    const b = new FunctionBuilder(kernelSignature);
    b.code.push(
      ...this.#frame.extra(3, 2),
      ...localGet(2),
      ...localGet(3),
      ...this.#frame.extra(3, 0),
      ...this.#frame.extra(3, 1),
      ...localGet(0),
      ...i32Const(rowBlock),
      ...i32.mul,
      ...smaller(
        [...localGet(1), ...i32Const(rowBlock), ...i32.mul],
        i32Const(this.#kernel.rows.extent),
      ),
      ...call(block),
    );
    this.#module.add(b, 'rows');
  }

  /** products(start, end, scratch, table): units of (batch, block of columns), which pack for themselves. */
  #addProducts(pack: number, block: number): void {
    const { rows, columns } = this.#kernel;
    const { columnBlock } = this.#division;
    const b = new FunctionBuilder(kernelSignature);
    const [unit, end, scratch, table] = [0, 1, 2, 3] as const;
    const [panels, batch, column] = [b.local('i32'), b.local('i32'), b.local('i32')];
    const blocks = i32Const(Math.ceil(columns.extent / columnBlock));
    const place = [...localGet(table), ...localGet(batch), ...localGet(column), ...i32Const(0)];
    b.code.push(
      ...assign(panels, localGet(scratch), i32Const(this.#lhsBytes + this.#sumBytes), i32.add),
      ...countUp(
        unit,
        localGet(end),
        1,
        assign(batch, localGet(unit), blocks, i32.divU),
        assign(column, localGet(unit), blocks, i32.remU, i32Const(columnBlock), i32.mul),
        [...localGet(panels), ...place, ...i32Const(Math.ceil(columnBlock / TILE_COLUMNS))],
        call(pack),
        [...localGet(panels), ...localGet(scratch), ...place, ...i32Const(rows.extent)],
        call(block),
      ),
    );
    this.#module.add(b, 'products');
  }
}
