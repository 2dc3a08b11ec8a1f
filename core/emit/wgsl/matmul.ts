/** Matrix products → WGSL: tiles of outputs in registers, operands staged in workgroup memory or not. */
import { scalarTypeOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { MatmulKernel } from '../../compile/kernel.ts';
import type { Source } from '../../ir/expr.ts';
import { BodyWriter } from './body-writer.ts';
import type { Grid } from './grid.ts';
import { isByTerms, sumInSubgroup } from './matmul-broadcast.ts';
import { Epilogue } from './matmul-epilogue.ts';
import { directionOf, OperandReader, type Side, sidesOf } from './matmul-operand.ts';
import { placeTiles } from './matmul-places.ts';
import type { ModuleWriter } from './module-writer.ts';
import type { MatmulTile } from './parameters.ts';
import { isWord, valueType } from './types.ts';

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
  readonly #epilogue: Epilogue;
  readonly #lhs: OperandReader;
  readonly #rhs: OperandReader;

  constructor(kernel: MatmulKernel, module: ModuleWriter, tile: MatmulTile) {
    const { threads, outputs, memory, depth } = tile;
    this.#kernel = kernel;
    this.#module = module;
    this.#tile = tile;
    this.#size = [threads[0] * outputs[0], threads[1] * outputs[1]];
    invariant(outputs[1] % 4 === 0, 'columns of a tile come in fours');
    invariant(memory !== 'workgroup' || this.#size[0] % 4 === 0, 'and rows of a staged one');
    invariant(memory !== 'workgroup' || depth % 4 === 0, 'and its steps along the sum');
    this.#type = valueType[scalarTypeOf(kernel.lhs.source.dtype)];
    this.#main = new BodyWriter(module);
    this.#epilogue = new Epilogue(kernel);
    const [lhs, rhs] = sidesOf(kernel);
    this.#lhs = new OperandReader(lhs, module);
    this.#rhs = new OperandReader(rhs, module);
  }

  write(): { readonly functions: string; readonly grid: Grid } {
    this.#module.bindByFours(this.#fours());
    const finish = this.#epilogue.write(this.#module, this.#size);
    const main = this.#main;
    const grid = placeTiles(this.#kernel, main, this.#size);
    this.#places();
    this.#declareSums();
    if (this.#tile.memory === 'workgroup') this.#staged();
    else this.#unstaged();
    this.#finishAll();
    const [threadRows, threadColumns] = this.#tile.threads;
    const head = [
      `@compute @workgroup_size(${threadRows * threadColumns})`,
      'fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) lane: u32) {',
    ];
    return { functions: [...finish, ...head, ...main.lines, '}'].join('\n'), grid };
  }

  /** The arrays that are read and written four elements at a time. */
  #fours(): ReadonlySet<Source> {
    const fours = new Set(this.#epilogue.fours);
    for (const { side, source } of [this.#lhs, this.#rhs]) {
      const isUsed = this.#loadsFours(side);
      if (isUsed && isWord(source.dtype) && !this.#epilogue.loadsOneOf(source)) fours.add(source);
    }
    if (!this.#loadsFours(this.#lhs.side)) fours.delete(this.#lhs.source);
    return fours;
  }

  /** True if all loads of an operand are by fours. */
  #loadsFours(side: Side): boolean {
    const own = directionOf(side);
    const byTerms = isByTerms(directionOf(this.#lhs.side), directionOf(this.#rhs.side));
    switch (this.#tile.memory) {
      case 'workgroup':
        return own !== null;
      case 'subgroup':
        return byTerms || (side.name === 'rhs' && own === 'along');
      case 'registers':
        return side.name === 'rhs' && own === 'along';
    }
  }

  /** First row and column of this invocation's outputs. */
  #places(): void {
    const [, threadColumns] = this.#tile.threads;
    const [rows, columns] = this.#tile.outputs;
    const main = this.#main;
    if (this.#tile.memory === 'workgroup') {
      main.line(`let thread_row = (i32(lane) / ${threadColumns}i) * ${rows}i;`);
      main.line(`let thread_column = (i32(lane) % ${threadColumns}i) * ${columns}i;`);
    } else {
      // Neighbouring lanes take neighbouring fours; one lane's own are a workgroup's width apart.
      main.line('let thread_row = 0i;');
      main.line('let thread_column = i32(lane) * 4i;');
    }
  }

  /** Steps between the fours of one invocation. */
  get #step(): number {
    return this.#tile.memory === 'workgroup' ? 4 : this.#tile.threads[1] * 4;
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

  #staged(): void {
    const { depth } = this.#kernel;
    const { depth: step, outputs } = this.#tile;
    const [tileRows, tileColumns] = this.#size;
    const main = this.#main;
    const four = `vec4<${this.#type}>`;
    this.#module.declare(`var<workgroup> lhs_tile: array<${four}, ${(step * tileRows) / 4}>;`);
    this.#module.declare(`var<workgroup> rhs_tile: array<${four}, ${(step * tileColumns) / 4}>;`);
    main.block(`for (var start = zero; start < ${depth}i; start += ${step}i)`, () => {
      this.#stage(this.#lhs, tileRows, 'tile_row');
      this.#stage(this.#rhs, tileColumns, 'tile_column');
      main.line('workgroupBarrier();');
      main.block(`for (var k = 0i; k < ${step}i; k++)`, () => {
        main.line(`let rhs_at = (k * ${tileColumns}i + thread_column) / 4i;`);
        for (const q of indices(this.#groups)) main.line(`let b_${q} = rhs_tile[rhs_at + ${q}i];`);
        main.line(`let lhs_at = k * ${tileRows}i + thread_row;`);
        for (const i of indices(outputs[0])) this.#multiplyRow(i);
      });
      main.line('workgroupBarrier();');
    });
  }

  #multiplyRow(i: number): void {
    const main = this.#main;
    if (this.#tile.outputs[0] % 4 !== 0) {
      main.line(`let a_${i} = lhs_tile[(lhs_at + ${i}i) / 4i][(lhs_at + ${i}i) % 4i];`);
    } else if (i % 4 === 0) {
      main.line(`let a_${i} = lhs_tile[lhs_at / 4i + ${i / 4}i];`);
    }
    const a = this.#tile.outputs[0] % 4 === 0 ? `a_${i - (i % 4)}[${i % 4}]` : `a_${i}`;
    for (const q of indices(this.#groups)) this.#accumulate(i, q, a, `b_${q}`);
  }

  /** Copies a tile of one operand; beyond the end of the sum it is zero, beyond other edges whatever is there. */
  #stage(reader: OperandReader, width: number, edge: string): void {
    const { name, depth } = reader.side;
    const { depth: step, threads } = this.#tile;
    const main = this.#main;
    const workers = threads[0] * threads[1];
    const isSum = reader.direction === 'sum';
    const fours = width / 4;
    // Along the sum a worker takes four by four elements, and turns them.
    const count = isSum ? (fours * step) / 4 : fours * step;
    const guard = (value: string): string =>
      depth % step === 0 ? value : `select(vec4<${this.#type}>(), ${value}, start + k < ${depth}i)`;
    main.block(`for (var e = i32(lane); e < ${count}i; e += ${workers}i)`, () => {
      if (!isSum) {
        // Neighbouring lanes read along the operand's closer-packed direction.
        const { alongStride, sumStride } = reader.side;
        const isAlong = Math.abs(alongStride) <= Math.abs(sumStride);
        main.line(`let along = ${isAlong ? `e % ${fours}i` : `e / ${step}i`};`);
        main.line(`let k = ${isAlong ? `e / ${fours}i` : `e % ${step}i`};`);
        const value = reader.fourAlong(`${edge} + along * 4i`, 'start + k');
        main.line(`${name}_tile[k * ${fours}i + along] = ${guard(value)};`);
        return;
      }
      main.line(`let along = e / ${step / 4}i;`);
      main.line(`let k = (e % ${step / 4}i) * 4i;`);
      for (const i of indices(4)) {
        const value = reader.four(`${edge} + along * 4i + ${i}i`, 'start + k');
        main.line(`let s${i} = ${guard(value)};`);
      }
      for (const i of indices(4)) {
        const column = indices(4).map((j) => `s${j}[${i}]`);
        const value = `vec4<${this.#type}>(${column.join(', ')})`;
        main.line(`${name}_tile[(k + ${i}i) * ${fours}i + along] = ${value};`);
      }
    });
  }

  /** Names the lane's columns, and adds up products without workgroup memory. */
  #unstaged(): void {
    const { rows, columns } = this.#kernel;
    const main = this.#main;
    const clamp = (text: string, extent: number, tile: number, unit: number): string =>
      extent % tile === 0 ? text : `min(${text}, ${Math.max(0, extent - unit)}i)`;
    const [tileRows, tileColumns] = this.#size;
    const unit = this.#rhs.direction === 'along' ? 4 : 1;
    for (const q of indices(this.#groups)) {
      const column = `tile_column + thread_column + ${q * this.#step}i`;
      main.line(`let column_${q} = ${clamp(column, columns.extent, tileColumns, unit)};`);
    }
    if (this.#tile.memory === 'registers') {
      this.#direct((row) => clamp(`tile_row + ${row}i`, rows.extent, tileRows, 1));
      return;
    }
    this.#module.enable('subgroups');
    sumInSubgroup({
      main,
      lhs: this.#lhs,
      rhs: this.#rhs,
      tile: this.#tile,
      row: (inTile) => clamp(`tile_row + ${inTile}`, rows.extent, tileRows, 1),
      columns: indices(this.#groups).map((q) => `column_${q}`),
      accumulate: (row, group, a, b) => this.#accumulate(row, group, a, b),
    });
  }

  #direct(row: (inTile: number) => string): void {
    const main = this.#main;
    const rows = indices(this.#tile.outputs[0]);
    for (const i of rows) main.line(`let row_${i} = ${row(i)};`);
    main.block(`for (var k = zero; k < ${this.#kernel.depth}i; k++)`, () => {
      for (const q of indices(this.#groups)) {
        main.line(`let b_${q} = ${this.#rhs.fourAlong(`column_${q}`, 'k')};`);
      }
      for (const i of rows) {
        main.line(`let a_${i} = ${this.#lhs.one(`row_${i}`, 'k')};`);
        for (const q of indices(this.#groups)) this.#accumulate(i, q, `a_${i}`, `b_${q}`);
      }
    });
  }

  #finishAll(): void {
    const main = this.#main;
    const [rows] = this.#tile.outputs;
    main.line('let row = tile_row + thread_row;');
    main.line('let column = tile_column + thread_column;');
    const groups = this.#groups;
    const sums = indices(rows).flatMap((i) => indices(groups).map((q) => this.#sum(i, q)));
    if (this.#tile.memory === 'workgroup' && this.#epilogue.isCheap) {
      sums.forEach((sum, e) => {
        const column = `column + ${(e % groups) * this.#step}i`;
        main.line(`finish(batch, row + ${Math.floor(e / groups)}i, ${column}, ${sum});`);
      });
      return;
    }
    // A loop over a copy: written out for each output, the epilogue would be compiled that many times, which
    // on software adapters takes as long as all the rest.
    const type = `array<vec4<${this.#type}>, ${sums.length}>`;
    main.line(`var sums = ${type}(${sums.join(', ')});`);
    main.block(`for (var e = zero; e < ${sums.length}i; e++)`, () => {
      const column = `column + (e % ${groups}i) * ${this.#step}i`;
      main.line(`finish(batch, row + e / ${groups}i, ${column}, sums[e]);`);
    });
  }
}
