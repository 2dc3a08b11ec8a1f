/** How operands come to the workgroup memory that fragments are loaded from. */
import type { Source } from '../../ir/expr.ts';
import { scaleIndex } from '../../ir/index-algebra.ts';
import type { BodyWriter } from './body-writer.ts';
import { placeInFour } from './by-fours.ts';
import {
  type FragmentPlace,
  type FragmentStaging,
  type FragmentTile,
  lanesOf,
} from './fragments.ts';
import { type Direction, directionOf, type OperandReader } from './matmul-operand.ts';
import type { ModuleWriter } from './module-writer.ts';
import { isWord } from './types.ts';

/** A declaration of workgroup memory for so many components. */
export const workgroupMemory = (
  name: string,
  type: string,
  components: number,
  { width }: FragmentStaging,
): string => {
  const element = width === 4 ? `vec4<${type}>` : type;
  return `var<workgroup> ${name}: array<${element}, ${Math.ceil(components / width)}>;`;
};

/** The place of a component, which begins four, in the units that fragments are loaded by. */
export const placeText = (component: string, { unit }: FragmentStaging): string =>
  unit === 1 ? component : `(${component}) / ${unit}i`;

/** One operand's tile. */
export class StagedOperand {
  readonly #reader: OperandReader;
  readonly #module: ModuleWriter;
  readonly #tile: FragmentTile;
  /** Rows or columns of outputs of the workgroup. */
  readonly #width: number;

  constructor(reader: OperandReader, module: ModuleWriter, tile: FragmentTile, width: number) {
    this.#reader = reader;
    this.#module = module;
    this.#tile = tile;
    this.#width = width;
  }

  get source(): Source {
    return this.#reader.source;
  }

  /** True if the array is read several elements at a time, if that can be. */
  get wantsVectors(): boolean {
    return isWord(this.source.dtype)
      ? directionOf(this.#reader.side) !== null
      : this.#comesInEights;
  }

  /** True if eight halves can be copied at once, as they are. */
  get #comesInEights(): boolean {
    const { operand, extent, depth, alongStride, sumStride } = this.#reader.side;
    const { source, base } = operand;
    const direction = directionOf(this.#reader.side);
    const quarter = placeInFour(base)?.at;
    const isHalf = source.dtype === 'float16' && this.#tile.shape.component === 'f16';
    if (!isHalf || direction === null || quarter === undefined) return false;
    const [near, stride] = direction === 'along' ? [extent, sumStride] : [depth, alongStride];
    const isEven = placeInFour(scaleIndex(quarter, 2))?.lane === 0;
    return source.length % 8 === 0 && near % 8 === 0 && stride % 8 === 0 && isEven;
  }

  /** The direction in which the operand's memory is packed more closely: staged tiles are packed the same way. */
  get #near(): NonNullable<Direction> {
    const { alongStride, sumStride } = this.#reader.side;
    const isAlong = Math.abs(alongStride) <= Math.abs(sumStride);
    return directionOf(this.#reader.side) ?? (isAlong ? 'along' : 'sum');
  }

  /** Components that lie side by side. */
  get #run(): number {
    return this.#near === 'along' ? this.#width : this.#tile.depth;
  }

  get #stride(): number {
    return this.#run + this.#tile.padding;
  }

  get #memory(): string {
    return `${this.#reader.side.name}_tile`;
  }

  /** Where the fragment begins that has this row or column of the tile, and this term of its sums. */
  place(along: string, term: string): FragmentPlace {
    const { staging } = this.#tile;
    const isAlong = this.#near === 'along';
    return {
      memory: this.#memory,
      at: placeText(isAlong ? this.#component(along, term) : this.#component(term, along), staging),
      stride: this.#stride / staging.unit,
      isRowMajor: isAlong === (this.#reader.side.name === 'rhs'),
    };
  }

  #component(near: string, far: string): string {
    return `(${far}) * ${this.#stride}i + ${near}`;
  }

  /**
   * Copies the tile that begins at `edge` and at term `start`. Beyond the end of the sum it is zero, beyond other
   * edges whatever is there: what comes of that is not stored.
   */
  write(main: BodyWriter, edge: string): void {
    const { depth, shape, staging } = this.#tile;
    const far = this.#near === 'along' ? depth : this.#width;
    const memory = workgroupMemory(this.#memory, shape.component, far * this.#stride, staging);
    this.#module.declare(memory);
    const isByEights = this.#comesInEights && this.#module.isByFours(this.source);
    const count = isByEights ? 8 : 4;
    const perRun = this.#run / count;
    const lanes = lanesOf(this.#tile);
    main.block(`for (var e = i32(lane); e < ${perRun * far}i; e += ${lanes}i)`, () => {
      main.line(`let near = (e % ${perRun}i) * ${count}i;`);
      main.line(`let far = e / ${perRun}i;`);
      main.line(`let at = ${this.#component('near', 'far')};`);
      const [along, term] = this.#near === 'along' ? ['near', 'far'] : ['far', 'near'];
      if (isByEights) this.#copyEight(main, `${edge} + ${along}`, `start + ${term}`);
      else this.#convertFour(main, `${edge} + ${along}`, `start + ${term}`);
    });
  }

  #copyEight(main: BodyWriter, along: string, term: string): void {
    const bits = this.#reader.eightHalves(along, term);
    main.line(`let bits = ${this.#guarded('vec4<u32>', bits, `${term} < ${this.#terms}i`)};`);
    this.#put(main, 'first', 'at', 'bitcast<vec4<f16>>(bits.xy)');
    this.#put(main, 'second', 'at + 4i', 'bitcast<vec4<f16>>(bits.zw)');
  }

  #convertFour(main: BodyWriter, along: string, term: string): void {
    const reader = this.#reader;
    const type = `vec4<${reader.type}>`;
    const isRun = this.#near === 'sum' && reader.direction === null;
    const value =
      this.#near === 'along'
        ? reader.fourAlong(along, term)
        : isRun
          ? `${type}(${[0, 1, 2, 3].map((i) => reader.one(along, `${term} + ${i}i`)).join(', ')})`
          : reader.four(along, term);
    // Four terms of which the last ones may be too many.
    const isThere = isRun
      ? `vec4<i32>(${term}) + vec4<i32>(0, 1, 2, 3) < vec4<i32>(${this.#terms}i)`
      : `${term} < ${this.#terms}i`;
    const four = this.#guarded(type, value, isThere);
    const { component } = this.#tile.shape;
    this.#put(main, 'four', 'at', component === reader.type ? four : `vec4<${component}>(${four})`);
  }

  get #terms(): number {
    return this.#reader.side.depth;
  }

  #guarded(type: string, value: string, isThere: string): string {
    const isWhole = this.#terms % this.#tile.depth === 0;
    return isWhole ? value : `select(${type}(), ${value}, ${isThere})`;
  }

  /** Writes four components. */
  #put(main: BodyWriter, name: string, at: string, value: string): void {
    if (this.#tile.staging.width === 4) {
      main.line(`${this.#memory}[(${at}) / 4i] = ${value};`);
      return;
    }
    main.line(`let ${name} = ${value};`);
    for (const i of [0, 1, 2, 3]) main.line(`${this.#memory}[${at} + ${i}i] = ${name}[${i}];`);
  }
}
