/**
 * Matrix products of few rows → WGSL. They take as long as it takes to read the right operand, which is therefore read
 * once and as it lies in memory: a lane adds up four columns of all rows, over a part of the sum, and the lanes that
 * share columns then add up what they have.
 */
import { scalarTypeOf } from '../../base/dtype.ts';
import { invariant } from '../../base/errors.ts';
import type { MatmulKernel } from '../../compile/kernel.ts';
import type { Source } from '../../ir/expr.ts';
import { BodyWriter } from './body-writer.ts';
import { laneInSubgroup, subgroupInWorkgroup } from './cooperation.ts';
import { flatWorkgroup, foldGrid, type Grid } from './grid.ts';
import { Epilogue } from './matmul-epilogue.ts';
import { directionOf, OperandReader, sidesOf } from './matmul-operand.ts';
import type { ModuleWriter } from './module-writer.ts';
import type { FewRows } from './parameters.ts';
import { isWord, valueType } from './types.ts';

/** Turns of a lane that are added up by themselves, so that rounding errors do not grow with all of them. */
const blockTurns = 32;

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The functions of the shader of a product with few rows, and its grid. */
export function emitFewRows(
  kernel: MatmulKernel,
  module: ModuleWriter,
  parameters: FewRows,
): { readonly functions: string; readonly grid: Grid } {
  return new FewRowsWriter(kernel, module, parameters).write();
}

/** Lanes that share four columns: none has less than a turn, and those that would have no columns take part. */
function partsOf(
  { batch, columns, depth }: MatmulKernel,
  { lanes, partsAlongSum, partsAcrossSum }: FewRows,
  isAlongSum: boolean,
): number {
  const total = Math.ceil(columns.extent / 4) * batch.extent;
  let parts = isAlongSum ? partsAlongSum : partsAcrossSum;
  while (parts < lanes && lanes / (2 * parts) >= total) parts *= 2;
  while (parts > 1 && 4 * parts >= 2 * depth) parts /= 2;
  return parts;
}

class FewRowsWriter {
  readonly #kernel: MatmulKernel;
  readonly #module: ModuleWriter;
  readonly #lanes: number;
  readonly #main: BodyWriter;
  readonly #epilogue: Epilogue;
  readonly #lhs: OperandReader;
  readonly #rhs: OperandReader;
  readonly #type: string;
  readonly #rows: readonly number[];
  /** Whether the right operand's neighbours in memory are terms of the sum; else they are columns. */
  readonly #isAlongSum: boolean;
  /** Lanes that share four columns. */
  readonly #parts: number;
  /** Of these, lanes that are neighbours in one subgroup. */
  readonly #neighbours: number;
  /** Fours of columns of a workgroup. */
  readonly #owns: number;
  readonly #subgroupSize: number;

  constructor(kernel: MatmulKernel, module: ModuleWriter, parameters: FewRows) {
    const { lanes, subgroupSize } = parameters;
    const [lhs, rhs] = sidesOf(kernel);
    this.#kernel = kernel;
    this.#module = module;
    this.#lanes = lanes;
    this.#main = new BodyWriter(module);
    this.#epilogue = new Epilogue(kernel);
    this.#lhs = new OperandReader(lhs, module);
    this.#rhs = new OperandReader(rhs, module);
    this.#type = valueType[scalarTypeOf(kernel.lhs.source.dtype)];
    this.#rows = indices(kernel.rows.extent);
    this.#isAlongSum = Math.abs(rhs.sumStride) < Math.abs(rhs.alongStride);
    this.#parts = partsOf(kernel, parameters, this.#isAlongSum);
    this.#owns = lanes / this.#parts;
    this.#subgroupSize = subgroupSize;
    this.#neighbours = this.#isAlongSum ? Math.min(this.#parts, subgroupSize) : 1;
    invariant(lanes % this.#parts === 0 && lanes % subgroupSize === 0, 'whole groups of lanes');
  }

  write(): { readonly functions: string; readonly grid: Grid } {
    const { batch, columns, rows } = this.#kernel;
    const across = Math.ceil(columns.extent / 4);
    const total = across * batch.extent;
    const owns = this.#owns;
    const grid = foldGrid(Math.ceil(total / owns));
    const main = this.#main;
    this.#module.bindByFours(this.#fours());
    const finish = this.#epilogue.write(this.#module, [rows.extent, 4]);
    // The grid has no third dimension, which the driver does not know: it would unroll loops.
    main.line('let zero = i32(workgroup.z);');
    this.#nameLane();
    main.line(`let first = i32(${flatWorkgroup(grid)}) * ${owns}i;`);
    if (across % owns === 0) {
      // The batch is the same for all lanes, of which some drivers make something.
      main.line(`let batch = min(first / ${across}i, ${batch.extent - 1}i);`);
      main.line(`let column = (first % ${across}i + own) * 4i;`);
    } else {
      main.line(`let item = min(first + own, ${total - 1}i);`);
      main.line(`let batch = item / ${across}i;`);
      main.line(`let column = (item % ${across}i) * 4i;`);
    }
    main.bindAxis(batch, 'batch');
    main.line(`let lhs_base = ${main.expression(this.#kernel.lhs.base)};`);
    main.line(`let rhs_base = ${main.expression(this.#kernel.rhs.base)};`);
    for (const r of this.#rows) main.line(`var c_${r} = ${this.#four}();`);
    this.#sum();
    this.#combine();
    this.#finish(grid[0] * grid[1] * owns > total ? total : null);
    const inputs = [
      '@builtin(workgroup_id) workgroup: vec3u',
      ...(this.#neighbours > 1
        ? [laneInSubgroup, subgroupInWorkgroup]
        : ['@builtin(local_invocation_index) lane: u32']),
    ];
    const head = [`@compute @workgroup_size(${this.#lanes})`, `fn main(${inputs.join(', ')}) {`];
    return { functions: [...finish, ...head, ...main.lines, '}'].join('\n'), grid };
  }

  get #four(): string {
    return `vec4<${this.#type}>`;
  }

  /** The arrays that are read and written four elements at a time. */
  #fours(): ReadonlySet<Source> {
    const fours = new Set(this.#epilogue.fours);
    for (const { side, source } of [this.#lhs, this.#rhs]) {
      const direction = directionOf(side);
      const isUsed = direction === 'sum' || (direction === 'along' && side.name === 'rhs');
      if (!isUsed) fours.delete(source);
      else if (isWord(source.dtype) && !this.#epilogue.loadsOneOf(source)) fours.add(source);
    }
    return fours;
  }

  /** Names this lane's part of the sum and its own among the fours of a workgroup: neighbours read neighbours. */
  #nameLane(): void {
    const main = this.#main;
    if (this.#neighbours > 1) {
      this.#module.enable('subgroups');
      main.line(`let at = i32(subgroup * ${this.#subgroupSize}u + place);`);
    } else main.line('let at = i32(lane);');
    const [part, four] = this.#isAlongSum
      ? [`at % ${this.#parts}i`, `at / ${this.#parts}i`]
      : [`at / ${this.#owns}i`, `at % ${this.#owns}i`];
    main.line(`let part = ${part};`);
    main.line(`let own = ${four};`);
  }

  /** Adds up this lane's part, four terms at a time. */
  #sum(): void {
    const { depth } = this.#kernel;
    const main = this.#main;
    const step = 4 * this.#parts;
    const start = this.#parts === 1 ? 'zero' : 'part * 4i';
    if (depth <= 2 * blockTurns * step) {
      main.block(`for (var k = ${start}; k < ${depth}i; k += ${step}i)`, () => this.#turn('c'));
      return;
    }
    const block = blockTurns * step;
    main.block(`for (var start = ${start}; start < ${depth}i; start += ${block}i)`, () => {
      for (const r of this.#rows) main.line(`var s_${r} = ${this.#four}();`);
      const end = `min(start + ${block}i, ${depth}i)`;
      main.block(`for (var k = start; k < ${end}; k += ${step}i)`, () => this.#turn('s'));
      for (const r of this.#rows) main.line(`c_${r} += s_${r};`);
    });
  }

  /** Adds four terms to the sums of this name. */
  #turn(sums: string): void {
    const main = this.#main;
    for (const r of this.#rows) main.line(`let a_${r} = ${this.#lhs.fourTerms(`${r}i`, 'k')};`);
    for (const i of indices(4)) {
      const value = this.#isAlongSum
        ? this.#rhs.fourTerms(`column + ${i}i`, 'k')
        : this.#guarded(this.#rhs.fourAlong('column', `k + ${i}i`), `k + ${i}i`);
      main.line(`let b_${i} = ${value};`);
    }
    for (const r of this.#rows) {
      const sum = `${sums}_${r}`;
      if (this.#isAlongSum) {
        const dots = indices(4).map((i) => `dot(a_${r}, b_${i})`);
        main.line(`${sum} += ${this.#four}(${dots.join(', ')});`);
      } else {
        for (const i of indices(4))
          main.line(`${sum} = ${this.#multiplyAdd(`a_${r}[${i}]`, `b_${i}`, sum)};`);
      }
    }
  }

  #multiplyAdd(a: string, b: string, sum: string): string {
    return this.#type === 'f32' ? `fma(vec4<f32>(${a}), ${b}, ${sum})` : `${sum} + ${a} * ${b}`;
  }

  /** Zeros beyond the end of the sum. */
  #guarded(value: string, term: string): string {
    const { depth } = this.#kernel;
    return depth % 4 === 0 ? value : `select(${this.#four}(), ${value}, ${term} < ${depth}i)`;
  }

  /** Adds up the parts: among neighbours in a subgroup, then by halves in workgroup memory. */
  #combine(): void {
    const main = this.#main;
    for (let step = 1; step < this.#neighbours; step *= 2) {
      for (const r of this.#rows) main.line(`c_${r} += subgroupShuffleXor(c_${r}, ${step}u);`);
    }
    const left = this.#parts / this.#neighbours;
    if (left === 1) return;
    const rows = this.#rows.length;
    const size = this.#owns * rows;
    this.#module.declare(`var<workgroup> parts: array<${this.#four}, ${left * size}>;`);
    const [slot, isFirst] =
      this.#neighbours === 1
        ? ['part', null]
        : [`part / ${this.#neighbours}i`, `part % ${this.#neighbours}i == 0i`];
    main.line(`let slot = ${slot};`);
    main.line(`let mine = slot * ${size}i + own * ${rows}i;`);
    const put = (): void => {
      for (const r of this.#rows) main.line(`parts[mine + ${r}i] = c_${r};`);
    };
    if (isFirst === null) put();
    else main.block(`if (${isFirst})`, put);
    main.line('workgroupBarrier();');
    main.block(`for (var half = ${left / 2}i; half > 0i; half = half >> 1u)`, () => {
      const condition = isFirst === null ? 'slot < half' : `slot < half && ${isFirst}`;
      main.block(`if (${condition})`, () => {
        for (const r of this.#rows) {
          main.line(`parts[mine + ${r}i] += parts[mine + half * ${size}i + ${r}i];`);
        }
      });
      main.line('workgroupBarrier();');
    });
    for (const r of this.#rows) main.line(`c_${r} = parts[own * ${rows}i + ${r}i];`);
  }

  /** Finishes the rows, for each of which a lane of the columns' stands up if there are as many. */
  #finish(total: number | null): void {
    const main = this.#main;
    const rows = this.#rows.length;
    const write = (): void => {
      if (rows === 1) {
        const once = 'finish(batch, 0i, column, c_0);';
        main.line(this.#parts === 1 ? once : `if (part == 0i) { ${once} }`);
        return;
      }
      const sums = this.#rows.map((r) => `c_${r}`).join(', ');
      main.line(`var sums = array<${this.#four}, ${rows}>(${sums});`);
      const start = this.#parts === 1 ? 'zero' : 'part';
      main.block(`for (var r = ${start}; r < ${rows}i; r += ${this.#parts}i)`, () => {
        main.line('finish(batch, r, column, sums[r]);');
      });
    };
    if (total === null) write();
    else main.block(`if (first + own < ${total}i)`, write);
  }
}
