/** Matrix products → WGSL: tiles of outputs in registers, operands staged in workgroup memory or not. */
import { scalarTypeOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { MatmulKernel, MatrixOperand } from '../../compile/kernel.ts';
import { structure } from '../../compile/structure.ts';
import { BodyWriter } from './body-writer.ts';
import { flatWorkgroup, foldGrid, type Grid } from './grid.ts';
import type { ModuleWriter } from './module-writer.ts';
import { valueType } from './types.ts';

/** Parameters of the tiled kernel. */
export interface MatmulTile {
  /**
   * `workgroup`: a workgroup stages a tile of each operand in its memory. `registers`: every invocation
   * reads operands by itself, with rows that are the same for the whole workgroup (for software adapters,
   * where workgroup memory is slow).
   */
  readonly memory: 'workgroup' | 'registers';
  /** Invocations of a workgroup along rows and columns; for `registers` one along rows. */
  readonly threads: readonly [rows: number, columns: number];
  /** Outputs of one invocation; columns a multiple of four. */
  readonly outputs: readonly [rows: number, columns: number];
  /** Steps along the sum per staged tile; for `registers` 1. */
  readonly depth: number;
}

/** 32 × 32 outputs by 64 invocations. */
export const mediumTile: MatmulTile = {
  memory: 'workgroup',
  threads: [8, 8],
  outputs: [4, 4],
  depth: 16,
};
/** 64 × 64 outputs by 64 invocations, where there are outputs enough to fill a GPU. */
export const largeTile: MatmulTile = { ...mediumTile, outputs: [8, 8] };
/** Eight lanes, as wide as a software adapter's vectors. */
export const softwareTile: MatmulTile = {
  memory: 'registers',
  threads: [1, 8],
  outputs: [8, 4],
  depth: 1,
};

/** The functions of a matrix product's shader, and its grid. */
export function emitMatmul(
  kernel: MatmulKernel,
  module: ModuleWriter,
  tile: MatmulTile,
): { readonly functions: string; readonly grid: Grid } {
  return new MatmulWriter(kernel, module, tile).write();
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

class MatmulWriter {
  readonly #kernel: MatmulKernel;
  readonly #module: ModuleWriter;
  readonly #tile: MatmulTile;
  /** Rows and columns of outputs of one workgroup. */
  readonly #size: readonly [rows: number, columns: number];
  readonly #type: string;
  readonly #main: BodyWriter;

  constructor(kernel: MatmulKernel, module: ModuleWriter, tile: MatmulTile) {
    invariant(tile.outputs[1] % 4 === 0, 'columns of a tile come in fours');
    this.#kernel = kernel;
    this.#module = module;
    this.#tile = tile;
    this.#size = [tile.threads[0] * tile.outputs[0], tile.threads[1] * tile.outputs[1]];
    this.#type = valueType[scalarTypeOf(kernel.lhs.source.dtype)];
    this.#main = new BodyWriter(module);
  }

  write(): { readonly functions: string; readonly grid: Grid } {
    const { batch, rows, columns } = this.#kernel;
    const [tileRows, tileColumns] = this.#size;
    const across = Math.ceil(columns.extent / tileColumns);
    const perMatrix = across * Math.ceil(rows.extent / tileRows);
    const grid = foldGrid(perMatrix * batch.extent);
    const finish = this.#finish();
    const main = this.#main;
    main.line(`let tile = i32(${flatWorkgroup(grid)});`);
    if (grid[1] > 1) main.line(`if (tile >= ${perMatrix * batch.extent}i) { return; }`);
    main.line(`let batch = tile / ${perMatrix}i;`);
    main.line(`let tile_row = ((tile % ${perMatrix}i) / ${across}i) * ${tileRows}i;`);
    main.line(`let tile_column = (tile % ${across}i) * ${tileColumns}i;`);
    main.bindAxis(batch, 'batch');
    main.line(`let lhs_base = ${main.expression(this.#kernel.lhs.base)};`);
    main.line(`let rhs_base = ${main.expression(this.#kernel.rhs.base)};`);
    this.#places();
    this.#declareSums();
    if (this.#tile.memory === 'workgroup') this.#staged();
    else this.#direct();
    this.#callFinish();
    const [threadRows, threadColumns] = this.#tile.threads;
    const head = [
      `@compute @workgroup_size(${threadRows * threadColumns})`,
      'fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {',
    ];
    return { functions: [...finish, ...head, ...main.lines, '}'].join('\n'), grid };
  }

  /** First row and column of this invocation's outputs. */
  #places(): void {
    const [, threadColumns] = this.#tile.threads;
    const [rows, columns] = this.#tile.outputs;
    if (this.#tile.memory === 'workgroup') {
      this.#main.line(`let thread_row = (i32(lane) / ${threadColumns}i) * ${rows}i;`);
      this.#main.line(`let thread_column = (i32(lane) % ${threadColumns}i) * ${columns}i;`);
    } else {
      // Neighbouring lanes take neighbouring columns; one lane's own are a workgroup's width apart.
      this.#main.line('let thread_row = 0i;');
      this.#main.line('let thread_column = i32(lane);');
    }
  }

  /** Steps between the columns of one invocation. */
  get #columnStep(): number {
    return this.#tile.memory === 'workgroup' ? 1 : this.#tile.threads[1];
  }

  #sum(row: number, group: number): string {
    return `c${row}_${group}`;
  }

  get #groups(): number {
    return this.#tile.outputs[1] / 4;
  }

  #declareSums(): void {
    for (const i of indices(this.#tile.outputs[0])) {
      for (const q of indices(this.#groups)) {
        this.#main.line(`var ${this.#sum(i, q)} = vec4<${this.#type}>();`);
      }
    }
  }

  /** sum += a · b for a scalar and four columns. */
  #accumulate(row: number, group: number, a: string, b: string): void {
    const sum = this.#sum(row, group);
    const text =
      this.#type === 'f32' ? `fma(vec4<f32>(${a}), ${b}, ${sum})` : `${sum} + ${a} * ${b}`;
    this.#main.line(`${sum} = ${text};`);
  }

  #read(operand: MatrixOperand, base: string, row: string, column: string): string {
    const step = (position: string, stride: number): string =>
      stride === 1 ? position : `${position} * ${stride}i`;
    const index = `${base} + ${step(row, operand.rowStride)} + ${step(column, operand.columnStride)}`;
    return this.#module.element(operand.source, index);
  }

  #staged(): void {
    const { depth } = this.#kernel;
    const { depth: step, outputs } = this.#tile;
    const [tileRows, tileColumns] = this.#size;
    const main = this.#main;
    this.#module.declare(`var<workgroup> lhs_tile: array<${this.#type}, ${step * tileRows}>;`);
    this.#module.declare(`var<workgroup> rhs_tile: array<${this.#type}, ${step * tileColumns}>;`);
    main.block(`for (var start = 0i; start < ${depth}i; start += ${step}i)`, () => {
      this.#stage('lhs');
      this.#stage('rhs');
      main.line('workgroupBarrier();');
      main.block(`for (var k = 0i; k < ${step}i; k++)`, () => {
        main.line(`let lhs_at = k * ${tileRows}i + thread_row;`);
        main.line(`let rhs_at = k * ${tileColumns}i + thread_column;`);
        for (const q of indices(this.#groups)) {
          const four = indices(4).map((j) => `rhs_tile[rhs_at + ${q * 4 + j}i]`);
          main.line(`let b_${q} = vec4<${this.#type}>(${four.join(', ')});`);
        }
        for (const i of indices(outputs[0])) {
          main.line(`let a_${i} = lhs_tile[lhs_at + ${i}i];`);
          for (const q of indices(this.#groups)) this.#accumulate(i, q, `a_${i}`, `b_${q}`);
        }
      });
      main.line('workgroupBarrier();');
    });
  }

  /** Copies a tile of one operand; beyond the end of the sum it is zero, beyond other edges whatever is there. */
  #stage(side: 'lhs' | 'rhs'): void {
    const { depth, lhs, rhs } = this.#kernel;
    const { depth: step, threads } = this.#tile;
    const width = side === 'lhs' ? this.#size[0] : this.#size[1];
    const [operand, alongStride, sumStride] =
      side === 'lhs'
        ? [lhs, lhs.rowStride, lhs.columnStride]
        : [rhs, rhs.columnStride, rhs.rowStride];
    const main = this.#main;
    const count = width * step;
    const workers = threads[0] * threads[1];
    main.block(`for (var e = i32(lane); e < ${count}i; e += ${workers}i)`, () => {
      // Neighbouring lanes read along the operand's closer-packed direction.
      const isAlong = Math.abs(alongStride) <= Math.abs(sumStride);
      main.line(`let along = ${isAlong ? `e % ${width}i` : `e / ${step}i`};`);
      main.line(`let k = ${isAlong ? `e / ${width}i` : `e % ${step}i`};`);
      const edge = side === 'lhs' ? 'tile_row' : 'tile_column';
      const [row, column] =
        side === 'lhs'
          ? [`(${edge} + along)`, '(start + k)']
          : ['(start + k)', `(${edge} + along)`];
      const value = this.#read(operand, `${side}_base`, row, column);
      const guarded =
        depth % step === 0 ? value : `select(${this.#type}(), ${value}, start + k < ${depth}i)`;
      main.line(`${side}_tile[k * ${width}i + along] = ${guarded};`);
    });
  }

  #direct(): void {
    const { depth, lhs, rhs, rows, columns } = this.#kernel;
    const main = this.#main;
    const clamp = (text: string, extent: number, tile: number): string =>
      extent % tile === 0 ? text : `min(${text}, ${extent - 1}i)`;
    for (const i of indices(this.#tile.outputs[0])) {
      main.line(`let row_${i} = ${clamp(`tile_row + ${i}i`, rows.extent, this.#size[0])};`);
    }
    for (const j of indices(this.#tile.outputs[1])) {
      const column = `tile_column + thread_column + ${j * this.#columnStep}i`;
      main.line(`let column_${j} = ${clamp(column, columns.extent, this.#size[1])};`);
    }
    main.block(`for (var k = 0i; k < ${depth}i; k++)`, () => {
      for (const q of indices(this.#groups)) {
        const four = indices(4).map((j) => this.#read(rhs, 'rhs_base', 'k', `column_${q * 4 + j}`));
        main.line(`let b_${q} = vec4<${this.#type}>(${four.join(', ')});`);
      }
      for (const i of indices(this.#tile.outputs[0])) {
        main.line(`let a_${i} = ${this.#read(lhs, 'lhs_base', `row_${i}`, 'k')};`);
        for (const q of indices(this.#groups)) this.#accumulate(i, q, `a_${i}`, `b_${q}`);
      }
    });
  }

  /** What happens to one finished sum, as a function of its place. */
  #finish(): string[] {
    const { batch, rows, columns, stores } = this.#kernel;
    const body = new BodyWriter(this.#module);
    const edges = [
      ...(rows.extent % this.#size[0] === 0 ? [] : [`row >= ${rows.extent}i`]),
      ...(columns.extent % this.#size[1] === 0 ? [] : [`column >= ${columns.extent}i`]),
    ];
    if (edges.length > 0) body.line(`if (${edges.join(' || ')}) { return; }`);
    body.bindAxis(batch, 'batch');
    body.bindAxis(rows, 'row');
    body.bindAxis(columns, 'column');
    body.statements(structure([batch, rows, columns], stores));
    const parameters = `batch: i32, row: i32, column: i32, sum: ${this.#type}`;
    return [`fn finish(${parameters}) {`, ...body.lines, '}'];
  }

  #callFinish(): void {
    const main = this.#main;
    const [rows] = this.#tile.outputs;
    const step = this.#columnStep;
    main.line('let row = tile_row + thread_row;');
    main.line('let column = tile_column + thread_column;');
    // A loop over a copy: written out for each output, the epilogue would be compiled that many times.
    const sums = indices(rows).flatMap((i) => indices(this.#groups).map((q) => this.#sum(i, q)));
    const type = `array<vec4<${this.#type}>, ${sums.length}>`;
    main.line(`var sums = ${type}(${sums.join(', ')});`);
    main.block(`for (var e = 0i; e < ${sums.length * 4}i; e++)`, () => {
      const columns = this.#tile.outputs[1];
      main.line(
        `finish(batch, row + e / ${columns}i, column + (e % ${columns}i) * ${step}i, sums[e / 4i][e % 4i]);`,
      );
    });
  }
}
