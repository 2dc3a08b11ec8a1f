/**
 * The inner functions of matrix products, shared by all kernels: packing and the micro-kernel.
 *
 * The tile of 2 × 16 and the absence of unrolling along the sum are deliberate: its accumulators and
 * loads fit in 15 registers, which V8 needs in order not to spill.
 *
 * @see Goto, van de Geijn: Anatomy of high-performance matrix multiplication, TOMS 34 (2008).
 */

import type { HalfType } from '../../ir/narrow.ts';
import { advance, assign, at, choose, countUp, smaller } from './assembly.ts';
import { FunctionBuilder, ModuleBuilder, type Signature } from './module.ts';
import {
  branchIf,
  call,
  control,
  f32Const,
  f32Load,
  f32Store,
  f32x4,
  f32x4Extract,
  i32,
  i32Const,
  i32LoadNarrow,
  i32x4,
  localGet,
  localSet,
  localTee,
  shuffle32,
  v128,
  v128Load,
  v128Load16x4,
  v128Load32Splat,
  v128Store,
} from './opcodes.ts';

/** Rows and columns that the micro-kernel computes at once. */
export const TILE_ROWS = 2;
export const TILE_COLUMNS = 16;

const signature = (count: number): Signature => ({
  parameters: new Array<'i32'>(count).fill('i32'),
  results: [],
});

/**
 * The functions of the module, by name. All parameters are i32, strides in bytes.
 *
 * `packLhs_‹type›(to, from, rows, depth, rowStride, columnStride)` writes panels of 2 rows.
 * `packRhs_‹type›(to, from, depth, columns, rowStride, columnStride)` writes panels of 16 columns.
 * `multiply(lhs, rhs, out, outStride, rowPanels, columnPanels, depth, rhsPanelBytes, isFirst)` adds the
 * product of packed panels to `out`, or starts it.
 */
export const gemmFunctions = {
  packLhs_float32: signature(6),
  packLhs_bfloat16: signature(6),
  packLhs_float16: signature(6),
  packRhs_float32: signature(6),
  packRhs_bfloat16: signature(6),
  packRhs_float16: signature(6),
  multiply: signature(9),
} as const;

/** Types of operands; packing makes float32 of all of them. */
export type GemmType = 'float32' | HalfType;

/** The module; it exports {@link gemmFunctions}. */
export function emitGemm(options: { shared: boolean; relaxed: boolean }): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ shared: options.shared });
  const micro = module.add(microKernel(options.relaxed));
  module.add(multiply(micro), 'multiply');
  for (const type of ['float32', 'bfloat16', 'float16'] as const) {
    const lhsPanel = module.add(packLhsPanel(type));
    module.add(packLhs(lhsPanel), `packLhs_${type}`);
    const rhsPanel = module.add(packRhsPanel(type));
    module.add(packRhs(rhsPanel), `packRhs_${type}`);
  }
  return module.bytes();
}

/** out[2, 16] (+)= lhs[depth, 2]ᵀ · rhs[depth, 16]; parameters lhs, rhs, out, outStride, depth, isFirst. */
function microKernel(relaxed: boolean): FunctionBuilder {
  const b = new FunctionBuilder(signature(6));
  const [lhs, rhs, out, outStride, depth, isFirst] = [0, 1, 2, 3, 4, 5] as const;
  const sums = Array.from({ length: 8 }, () => b.local('v128'));
  const columns = Array.from({ length: 4 }, () => b.local('v128'));
  const [left, end] = [b.local('v128'), b.local('i32')];
  const multiplyAdd = (sum: number, column: number): number[] =>
    relaxed
      ? [
          ...localGet(left),
          ...localGet(column),
          ...localGet(sum),
          ...f32x4.relaxedMadd,
          ...localSet(sum),
        ]
      : [
          ...localGet(left),
          ...localGet(column),
          ...f32x4.mul,
          ...localGet(sum),
          ...f32x4.add,
          ...localSet(sum),
        ];
  const row = (which: number): number[] => [
    ...localGet(lhs),
    ...v128Load32Splat(which * 4),
    ...localSet(left),
    ...columns.flatMap((column, k) => multiplyAdd(sums[which * 4 + k] ?? 0, column)),
  ];
  b.code.push(
    ...assign(end, at(localGet(lhs), localGet(depth), 8)),
    ...control.loop,
    ...columns.flatMap((column, k) => [...localGet(rhs), ...v128Load(16 * k), ...localSet(column)]),
    ...row(0),
    ...row(1),
    ...advance(rhs, i32Const(64)),
    ...localGet(lhs),
    ...i32Const(8),
    ...i32.add,
    ...localTee(lhs),
    ...localGet(end),
    ...i32.ltU,
    ...branchIf(0),
    ...control.end,
    ...assign(end, localGet(out), localGet(outStride), i32.add),
    ...choose(
      [...localGet(isFirst), ...i32.eqz],
      sums.flatMap((sum, k) => [
        ...localGet(k < 4 ? out : end),
        ...v128Load(16 * (k % 4)),
        ...localGet(sum),
        ...f32x4.add,
        ...localSet(sum),
      ]),
    ),
    ...sums.flatMap((sum, k) => [
      ...localGet(k < 4 ? out : end),
      ...localGet(sum),
      ...v128Store(16 * (k % 4)),
    ]),
  );
  return b;
}

function multiply(micro: number): FunctionBuilder {
  const b = new FunctionBuilder(gemmFunctions.multiply);
  const [lhs, rhs, out, outStride, rowPanels, columnPanels, depth, rhsPanelBytes, isFirst] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8,
  ] as const;
  const [i, j, from, to] = [b.local('i32'), b.local('i32'), b.local('i32'), b.local('i32')];
  b.code.push(
    ...countUp(
      j,
      localGet(columnPanels),
      1,
      assign(i, i32Const(0)),
      assign(from, localGet(lhs)),
      assign(to, localGet(out)),
      countUp(
        i,
        localGet(rowPanels),
        1,
        [
          ...localGet(from),
          ...localGet(rhs),
          ...localGet(to),
          ...localGet(outStride),
          ...localGet(depth),
          ...localGet(isFirst),
        ],
        call(micro),
        assign(from, at(localGet(from), localGet(depth), 8)),
        assign(to, at(localGet(to), localGet(outStride), 2)),
      ),
      advance(out, i32Const(64)),
      advance(rhs, localGet(rhsPanelBytes)),
    ),
  );
  return b;
}

/** Reads elements of an operand as float32, from the address on the stack. */
interface OperandReader {
  /** Bytes of an element. */
  readonly size: number;
  readonly one: (offset?: number) => number[];
  readonly four: (offset?: number) => number[];
}

function operandReader(type: GemmType, b: FunctionBuilder): OperandReader {
  if (type === 'float32') return { size: 4, one: f32Load, four: v128Load };
  const widen = type === 'bfloat16' ? () => [...i32Const(16), ...i32x4.shl] : () => halfToFloat(b);
  return {
    size: 2,
    one: (offset = 0) => [
      ...i32LoadNarrow.unsigned16(offset),
      ...i32x4.splat,
      ...widen(),
      ...f32x4Extract(0),
    ],
    four: (offset = 0) => [...v128Load16x4(false, offset), ...widen()],
  };
}

/** Four float16, each in the low half of a word on the stack, as float32. */
function halfToFloat(b: FunctionBuilder): number[] {
  const [bits, size] = [b.local('v128'), b.local('v128')];
  const all = (value: number): number[] => [...i32Const(value), ...i32x4.splat];
  return [
    ...localTee(bits),
    ...all(0x7fff),
    ...v128.and,
    ...localTee(size),
    ...i32Const(13),
    ...i32x4.shl,
    // The exponent is 112 too small; the product is exact, for subnormal numbers as well.
    ...f32Const(2 ** 112),
    ...f32x4.splat,
    ...f32x4.mul,
    ...localGet(size),
    ...all(0x7bff),
    ...i32x4.gtS,
    ...all(0x7f800000),
    ...v128.and,
    ...v128.or,
    ...localGet(bits),
    ...all(0x8000),
    ...v128.and,
    ...i32Const(16),
    ...i32x4.shl,
    ...v128.or,
  ];
}

/** One panel of two rows; parameters to, first row, second row, depth, columnStride. */
function packLhsPanel(type: GemmType): FunctionBuilder {
  const b = new FunctionBuilder(signature(5));
  const { size, one, four } = operandReader(type, b);
  const [to, first, second, depth, stride] = [0, 1, 2, 3, 4] as const;
  const [k, whole, x, y] = [b.local('i32'), b.local('i32'), b.local('v128'), b.local('v128')];
  const interleaved = (lanes: readonly number[], offset: number): number[] => [
    ...localGet(to),
    ...localGet(x),
    ...localGet(y),
    ...shuffle32(lanes),
    ...v128Store(offset),
  ];
  b.code.push(
    ...choose(
      [...localGet(stride), ...i32Const(size), ...i32.eq],
      [
        ...assign(whole, localGet(depth), i32Const(-4), i32.and),
        ...countUp(
          k,
          localGet(whole),
          4,
          assign(x, localGet(first), four()),
          assign(y, localGet(second), four()),
          interleaved([0, 4, 1, 5], 0),
          interleaved([2, 6, 3, 7], 16),
          advance(first, i32Const(4 * size)),
          advance(second, i32Const(4 * size)),
          advance(to, i32Const(32)),
        ),
      ],
    ),
    ...countUp(
      k,
      localGet(depth),
      1,
      [...localGet(to), ...localGet(first), ...one(), ...f32Store(0)],
      [...localGet(to), ...localGet(second), ...one(), ...f32Store(4)],
      advance(first, localGet(stride)),
      advance(second, localGet(stride)),
      advance(to, i32Const(8)),
    ),
  );
  return b;
}

function packLhs(panel: number): FunctionBuilder {
  const b = new FunctionBuilder(gemmFunctions.packLhs_float32);
  const [to, from, rows, depth, rowStride, columnStride] = [0, 1, 2, 3, 4, 5] as const;
  const [r, next] = [b.local('i32'), b.local('i32')];
  b.code.push(
    ...countUp(
      r,
      localGet(rows),
      2,
      // A last single row is packed twice; its twin's sums land in a row that nobody reads.
      assign(
        next,
        [...localGet(from), ...localGet(rowStride), ...i32.add, ...localGet(from)],
        [
          ...localGet(r),
          ...i32Const(1),
          ...i32.add,
          ...localGet(rows),
          ...i32.ltS,
          ...control.select,
        ],
      ),
      [
        ...localGet(to),
        ...localGet(from),
        ...localGet(next),
        ...localGet(depth),
        ...localGet(columnStride),
      ],
      call(panel),
      assign(to, at(localGet(to), localGet(depth), 8)),
      assign(from, at(localGet(from), localGet(rowStride), 2)),
    ),
  );
  return b;
}

/** One panel of up to 16 columns; parameters to, from, depth, width, rowStride, columnStride. */
function packRhsPanel(type: GemmType): FunctionBuilder {
  const b = new FunctionBuilder(signature(6));
  const { size, one, four } = operandReader(type, b);
  const [to, from, depth, width, rowStride, columnStride] = [0, 1, 2, 3, 4, 5] as const;
  const [k, c, whole, source] = [b.local('i32'), b.local('i32'), b.local('i32'), b.local('i32')];
  const lines = Array.from({ length: 4 }, () => b.local('v128'));
  const pairs = Array.from({ length: 4 }, () => b.local('v128'));
  const isFull = [...localGet(width), ...i32Const(16), ...i32.eq];
  const isUnit = (stride: number): number[] => [...localGet(stride), ...i32Const(size), ...i32.eq];
  b.code.push(
    ...choose(
      [...isFull, ...isUnit(columnStride), ...i32.and],
      countUp(
        k,
        localGet(depth),
        1,
        [0, 4, 8, 12].flatMap((column) => [
          ...localGet(to),
          ...localGet(from),
          ...four(column * size),
          ...v128Store(column * 4),
        ]),
        advance(from, localGet(rowStride)),
        advance(to, i32Const(64)),
      ),
      choose(
        [...isFull, ...isUnit(rowStride), ...i32.and],
        [
          ...assign(whole, localGet(depth), i32Const(-4), i32.and),
          ...countUp(
            k,
            localGet(whole),
            4,
            assign(source, localGet(from)),
            [0, 1, 2, 3].flatMap((group) =>
              transposeGroup(group, { to, source, columnStride, lines, pairs, four }),
            ),
            advance(from, i32Const(4 * size)),
            advance(to, i32Const(256)),
          ),
        ],
      ),
    ),
    // What is left, one element at a time: odd widths, other strides, the last rows of a transposition.
    ...countUp(
      k,
      localGet(depth),
      1,
      assign(source, localGet(from)),
      assign(c, i32Const(0)),
      countUp(
        c,
        localGet(width),
        1,
        [...at(localGet(to), localGet(c), 4), ...localGet(source), ...one(), ...f32Store()],
        advance(source, localGet(columnStride)),
      ),
      countUp(c, i32Const(16), 1, [
        ...at(localGet(to), localGet(c), 4),
        0x43,
        0,
        0,
        0,
        0,
        ...f32Store(),
      ]),
      advance(from, localGet(rowStride)),
      advance(to, i32Const(64)),
    ),
  );
  return b;
}

/** Four columns of four rows, read along columns and written along rows. */
function transposeGroup(
  group: number,
  {
    to,
    source,
    columnStride,
    lines,
    pairs,
    four,
  }: {
    to: number;
    source: number;
    columnStride: number;
    lines: readonly number[];
    pairs: readonly number[];
    four: OperandReader['four'];
  },
): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = lines;
  const [p = 0, q = 0, r = 0, s = 0] = pairs;
  const mix = (x: number, y: number, lanes: readonly number[]): number[] => [
    ...localGet(x),
    ...localGet(y),
    ...shuffle32(lanes),
  ];
  const write = (row: number, value: readonly number[]): number[] => [
    ...localGet(to),
    ...value,
    ...v128Store(row * 64 + group * 16),
  ];
  return [
    ...lines.flatMap((line) => [
      ...assign(line, localGet(source), four()),
      ...advance(source, localGet(columnStride)),
    ]),
    ...assign(p, mix(a, b, [0, 4, 1, 5])),
    ...assign(q, mix(c, d, [0, 4, 1, 5])),
    ...assign(r, mix(a, b, [2, 6, 3, 7])),
    ...assign(s, mix(c, d, [2, 6, 3, 7])),
    ...write(0, mix(p, q, [0, 1, 4, 5])),
    ...write(1, mix(p, q, [2, 3, 6, 7])),
    ...write(2, mix(r, s, [0, 1, 4, 5])),
    ...write(3, mix(r, s, [2, 3, 6, 7])),
  ];
}

function packRhs(panel: number): FunctionBuilder {
  const b = new FunctionBuilder(gemmFunctions.packRhs_float32);
  const [to, from, depth, columns, rowStride, columnStride] = [0, 1, 2, 3, 4, 5] as const;
  const c = b.local('i32');
  b.code.push(
    ...countUp(
      c,
      localGet(columns),
      16,
      [...localGet(to), ...localGet(from), ...localGet(depth)],
      smaller([...localGet(columns), ...localGet(c), ...i32.sub], i32Const(16)),
      [...localGet(rowStride), ...localGet(columnStride)],
      call(panel),
      assign(to, at(localGet(to), localGet(depth), 64)),
      assign(from, at(localGet(from), localGet(columnStride), 16)),
    ),
  );
  return b;
}
