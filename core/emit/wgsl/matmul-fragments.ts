/** Matrix products → WGSL: tiles of outputs in fragments, which the hardware multiplies and adds up. */
import { scalarTypeOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { MatmulKernel } from '../../compile/kernel.ts';
import type { Source } from '../../ir/expr.ts';
import { BodyWriter } from './body-writer.ts';
import { placeText, StagedOperand, workgroupMemory } from './fragment-staging.ts';
import { type FragmentTile, type FragmentWriter, lanesOf, sizeOf } from './fragments.ts';
import type { Grid } from './grid.ts';
import { Epilogue } from './matmul-epilogue.ts';
import { OperandReader, sidesOf } from './matmul-operand.ts';
import { placeTiles } from './matmul-places.ts';
import type { ModuleWriter } from './module-writer.ts';

/** The functions of a matrix product's shader, and its grid. */
export function emitFragments(
  kernel: MatmulKernel,
  module: ModuleWriter,
  tile: FragmentTile,
): { readonly functions: string; readonly grid: Grid } {
  return new FragmentProduct(kernel, module, tile).write();
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

class FragmentProduct {
  readonly #kernel: MatmulKernel;
  readonly #module: ModuleWriter;
  readonly #tile: FragmentTile;
  readonly #main: BodyWriter;
  readonly #epilogue: Epilogue;
  readonly #lhs: StagedOperand;
  readonly #rhs: StagedOperand;
  readonly #fragments: FragmentWriter;

  constructor(kernel: MatmulKernel, module: ModuleWriter, tile: FragmentTile) {
    for (const { source } of [kernel.lhs, kernel.rhs]) {
      invariant(scalarTypeOf(source.dtype) === 'float32', 'fragments are of floats');
    }
    this.#kernel = kernel;
    this.#module = module;
    this.#tile = tile;
    this.#main = new BodyWriter(module);
    this.#epilogue = new Epilogue(kernel);
    const [lhs, rhs] = sidesOf(kernel);
    const [rows, columns] = sizeOf(tile);
    this.#lhs = new StagedOperand(new OperandReader(lhs, module), module, tile, rows);
    this.#rhs = new StagedOperand(new OperandReader(rhs, module), module, tile, columns);
    this.#fragments = tile.operations(module, tile);
  }

  write(): { readonly functions: string; readonly grid: Grid } {
    const size = sizeOf(this.#tile);
    this.#module.bindByFours(this.#vectors());
    const finish = this.#epilogue.write(this.#module, size);
    const grid = placeTiles(this.#kernel, this.#main, size);
    const builtins = this.#places();
    this.#sum();
    this.#finishAll();
    const head = [
      `@compute @workgroup_size(${lanesOf(this.#tile)})`,
      `fn main(${builtins.join(', ')}) {`,
    ];
    return { functions: [...finish, ...head, ...this.#main.lines, '}'].join('\n'), grid };
  }

  /** The arrays that are read and written as vectors. */
  #vectors(): ReadonlySet<Source> {
    const vectors = new Set(this.#epilogue.fours);
    const operands = [this.#lhs, this.#rhs];
    for (const { source } of operands) {
      const isWanted = operands.every((other) => other.source !== source || other.wantsVectors);
      if (isWanted && !this.#epilogue.loadsOneOf(source)) vectors.add(source);
    }
    return vectors;
  }

  /** Names the place of the subgroup's part of the tile. Returns the inputs of the entry point. */
  #places(): string[] {
    const { subgroups, fragments, shape, subgroupSizes } = this.#tile;
    const main = this.#main;
    const builtins = [
      '@builtin(workgroup_id) workgroup: vec3u',
      '@builtin(local_invocation_index) lane: u32',
    ];
    if (this.#isSizeKnown) {
      main.line(`let size = ${subgroupSizes[1]}u;`);
    } else {
      this.#module.enable('subgroups');
      builtins.push('@builtin(subgroup_size) size: u32');
    }
    main.line('let subgroup = i32(lane / size);');
    const [rows, columns] = [shape.rows * fragments[0], shape.columns * fragments[1]];
    main.line(`let part_row = (subgroup / ${subgroups[1]}i) * ${rows}i;`);
    main.line(`let part_column = (subgroup % ${subgroups[1]}i) * ${columns}i;`);
    return builtins;
  }

  get #isSizeKnown(): boolean {
    const [least, most] = this.#tile.subgroupSizes;
    return least === most;
  }

  /** Writes what subgroups with a part do: if they are smaller than they may be, there are some without. */
  #inParts(write: () => void): void {
    const [rows, columns] = this.#tile.subgroups;
    if (this.#isSizeKnown) write();
    else this.#main.block(`if (subgroup < ${rows * columns}i)`, write);
  }

  #name(row: number, column: number): string {
    return `c${row}_${column}`;
  }

  #sum(): void {
    const { depth: step, fragments, shape } = this.#tile;
    const [rows, columns] = fragments;
    const main = this.#main;
    for (const i of indices(rows)) {
      for (const j of indices(columns)) main.line(this.#fragments.zeros(this.#name(i, j)));
    }
    main.block(`for (var start = zero; start < ${this.#kernel.depth}i; start += ${step}i)`, () => {
      this.#lhs.write(main, 'tile_row');
      this.#rhs.write(main, 'tile_column');
      main.line('workgroupBarrier();');
      this.#inParts(() => {
        main.block(`for (var k = 0i; k < ${step}i; k += ${shape.depth}i)`, () => {
          for (const i of indices(rows)) {
            const place = this.#lhs.place(`part_row + ${i * shape.rows}i`, 'k');
            main.line(this.#fragments.load(`a_${i}`, 'left', place));
          }
          for (const j of indices(columns)) {
            const place = this.#rhs.place(`part_column + ${j * shape.columns}i`, 'k');
            main.line(this.#fragments.load(`b_${j}`, 'right', place));
            for (const i of indices(rows)) {
              main.line(this.#fragments.multiplyAdd(this.#name(i, j), `a_${i}`, `b_${j}`));
            }
          }
        });
      });
      main.line('workgroupBarrier();');
    });
  }

  /** Nobody can look into a fragment, so sums go through workgroup memory, a row of every subgroup's at a time. */
  #finishAll(): void {
    const { subgroups, fragments, shape, staging } = this.#tile;
    const [, columns] = sizeOf(this.#tile);
    const main = this.#main;
    const height = subgroups[0] * shape.rows;
    this.#module.declare(workgroupMemory('sums', 'f32', height * columns, staging));
    main.block(`for (var turn = zero; turn < ${fragments[0]}i; turn++)`, () => {
      this.#inParts(() => {
        main.block('switch turn', () => {
          for (const i of indices(fragments[0])) {
            main.block(`case ${i}i:`, () => this.#storeRow(i));
          }
          main.line('default: {}');
        });
      });
      main.line('workgroupBarrier();');
      const fours = columns / 4;
      const lanes = lanesOf(this.#tile);
      main.block(`for (var e = i32(lane); e < ${height * fours}i; e += ${lanes}i)`, () => {
        main.line(`let line = e / ${fours}i;`);
        const part = `(line / ${shape.rows}i) * ${shape.rows * fragments[0]}i`;
        main.line(`let row = tile_row + ${part} + turn * ${shape.rows}i + line % ${shape.rows}i;`);
        main.line(`let column = tile_column + (e % ${fours}i) * 4i;`);
        const ones = indices(4).map((i) => `sums[e * 4i + ${i}i]`);
        const four = staging.width === 4 ? 'sums[e]' : `vec4<f32>(${ones.join(', ')})`;
        main.line(`finish(batch, row, column, ${four});`);
      });
      main.line('workgroupBarrier();');
    });
  }

  /** Puts one row of this subgroup's fragments where the others' of the same row are. */
  #storeRow(row: number): void {
    const { subgroups, fragments, shape, staging } = this.#tile;
    const [, columns] = sizeOf(this.#tile);
    const first = `(subgroup / ${subgroups[1]}i) * ${shape.rows * columns}i + part_column`;
    for (const j of indices(fragments[1])) {
      const at = placeText(`${first} + ${j * shape.columns}i`, staging);
      const stride = columns / staging.unit;
      const place = { memory: 'sums', at, stride, isRowMajor: true };
      this.#main.line(this.#fragments.store(this.#name(row, j), place));
    }
  }
}
