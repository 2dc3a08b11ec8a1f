/** How a matrix product reads an operand: four elements at a time where memory allows it. */
import { scalarTypeOf } from '../../base/dtype.ts';
import type { MatmulKernel, MatrixOperand } from '../../compile/kernel.ts';
import type { Source } from '../../ir/expr.ts';
import { placeInFour } from './by-fours.ts';
import type { ModuleWriter } from './module-writer.ts';
import { isWord, valueType } from './types.ts';

/** One operand, as a matrix of `along` (the rows or columns that it gives to the result) by terms of the sum. */
export interface Side {
  readonly name: 'lhs' | 'rhs';
  readonly operand: MatrixOperand;
  /** Elements along the result. */
  readonly extent: number;
  readonly alongStride: number;
  readonly sumStride: number;
  /** Terms of the sum. */
  readonly depth: number;
}

/** Both operands of a product. */
export const sidesOf = ({
  lhs,
  rhs,
  rows,
  columns,
  depth,
}: MatmulKernel): readonly [Side, Side] => [
  {
    name: 'lhs',
    operand: lhs,
    extent: rows.extent,
    alongStride: lhs.rowStride,
    sumStride: lhs.columnStride,
    depth,
  },
  {
    name: 'rhs',
    operand: rhs,
    extent: columns.extent,
    alongStride: rhs.columnStride,
    sumStride: rhs.rowStride,
    depth,
  },
];

/** The direction in which four neighbours can be loaded at once; null: one element at a time. */
export type Direction = 'along' | 'sum' | null;

/** The direction in which an operand's memory is contiguous and aligned. */
export function directionOf({ operand, extent, alongStride, sumStride, depth }: Side): Direction {
  const { source, base } = operand;
  if (source.dtype === 'bool' || source.length % 4 !== 0) return null;
  if (placeInFour(base)?.lane !== 0) return null;
  if (alongStride === 1 && sumStride % 4 === 0 && extent % 4 === 0) return 'along';
  return sumStride === 1 && alongStride % 4 === 0 && depth % 4 === 0 ? 'sum' : null;
}

const times = (position: string, stride: number): string =>
  stride === 1 ? position : `(${position}) * ${stride}i`;

/** Texts that read an operand. */
export class OperandReader {
  readonly side: Side;
  readonly type: string;
  readonly #module: ModuleWriter;

  constructor(side: Side, module: ModuleWriter) {
    this.side = side;
    this.#module = module;
    this.type = valueType[scalarTypeOf(side.operand.source.dtype)];
  }

  get source(): Source {
    return this.side.operand.source;
  }

  /** Where four at once can be loaded: from whole words, if the array has been bound for it; packed ones anyway. */
  get direction(): Direction {
    const isBound = !isWord(this.source.dtype) || this.#module.isByFours(this.source);
    return isBound ? directionOf(this.side) : null;
  }

  /** One element. */
  one(along: string, term: string): string {
    const { name, alongStride, sumStride } = this.side;
    const index = `${name}_base + ${times(along, alongStride)} + ${times(term, sumStride)}`;
    if (!this.#module.isByFours(this.source)) {
      return this.#module.element(this.source, index);
    }
    return `${this.#module.four(this.source, `(${index}) / 4i`)}[(${index}) % 4i]`;
  }

  /** Four elements from this one on in {@link direction}; `along` or `term` is a multiple of four. */
  four(along: string, term: string): string {
    const { name, alongStride, sumStride } = this.side;
    const [near, far, stride] =
      this.direction === 'along' ? [along, term, sumStride] : [term, along, alongStride];
    const index = `${name}_base / 4i + (${near}) / 4i + ${times(far, stride / 4)}`;
    return isWord(this.source.dtype)
      ? this.#module.four(this.source, index)
      : this.#module.packedFour(this.source, index);
  }

  /** Four elements side by side along the result, by whichever loads it takes. */
  fourAlong(along: string, term: string): string {
    if (this.direction === 'along') return this.four(along, term);
    const each = [0, 1, 2, 3].map((i) => this.one(i === 0 ? along : `${along} + ${i}i`, term));
    return `vec4<${this.type}>(${each.join(', ')})`;
  }

  /** The bits of eight halves from this one on in {@link direction}; `along` or `term` is a multiple of eight. */
  eightHalves(along: string, term: string): string {
    const { name, alongStride, sumStride } = this.side;
    const [near, far, stride] =
      this.direction === 'along' ? [along, term, sumStride] : [term, along, alongStride];
    const index = `${name}_base / 8i + (${near}) / 8i + ${times(far, stride / 8)}`;
    return this.#module.four(this.source, index);
  }

  /** Four terms of the sum side by side, by whichever loads it takes; beyond its end zeros. */
  fourTerms(along: string, term: string): string {
    if (this.direction === 'sum') return this.four(along, term);
    const { depth } = this.side;
    const each = [0, 1, 2, 3].map((i) => {
      const at = i === 0 ? term : `${term} + ${i}i`;
      const value = this.one(along, at);
      return depth % 4 === 0 ? value : `select(${this.type}(), ${value}, ${at} < ${depth}i)`;
    });
    return `vec4<${this.type}>(${each.join(', ')})`;
  }
}
