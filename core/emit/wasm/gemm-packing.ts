/** Packing of operands for the micro-kernel: panels of 2 rows, and of 16 columns, in the order in which it reads. */
import { advance, assign, at, choose, countUp, signature, smaller } from './assembly.ts';
import { FunctionBuilder } from './module.ts';
import {
  call,
  control,
  f32Const,
  f32Store,
  i32,
  i32Const,
  localGet,
  shuffle32,
  v128Store,
} from './opcodes.ts';
import { type GemmType, type OperandReader, operandReader } from './operand-reader.ts';

/** One panel of two rows; parameters to, first row, second row, depth, columnStride. */
export function packLhsPanel(type: GemmType): FunctionBuilder {
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

/** packLhs of gemm.ts, by the panel function with this index. */
export function packLhs(panel: number): FunctionBuilder {
  const b = new FunctionBuilder(signature(6));
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
export function packRhsPanel(type: GemmType): FunctionBuilder {
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
        ...f32Const(0),
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

/** packRhs of gemm.ts, by the panel function with this index. */
export function packRhs(panel: number): FunctionBuilder {
  const b = new FunctionBuilder(signature(6));
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
