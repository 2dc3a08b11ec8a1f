/**
 * The inner functions of products of few rows, which read the right operand where it lies: packing it would cost as
 * much as the product. Across: its rows are contiguous, and sums grow row by row in memory. Along: its columns are
 * contiguous, and sums grow in registers.
 */
import { advance, assign, at, choose, countUp, signature, smaller } from './assembly.ts';
import { FunctionBuilder, type ModuleBuilder } from './module.ts';
import {
  branch,
  branchIf,
  call,
  control,
  f32,
  f32Load,
  f32Store,
  f32x4,
  f32x4Extract,
  f32x4Replace,
  i32,
  i32Const,
  localGet,
  localSet,
  memoryFill,
  shuffle32,
  v128Load,
  v128Load32Splat,
  v128Store,
} from './opcodes.ts';
import { type GemmType, operandReader } from './operand-reader.ts';

/** Rows of the right operand that {@link across} reads together. */
export const TERMS = 8;
/** Columns of the right operand that {@link along} reads together. */
export const COLUMNS = 4;

/**
 * The functions that are exported, by name. All parameters are i32, strides in bytes.
 *
 * `clear(out, outStride, rows, columns)` writes zeros.
 * `toRows_‹type›(to, from, rows, columns, rowStride, columnStride)` copies as float32, row by row.
 * `across_‹type›(out, outStride, lhs, lhsRowStride, lhsColumnStride, rhs, rhsRowStride, rows, depth, columns)` adds
 * the product of float32 rows and of rows of the type to `out`.
 * `along_‹type›(out, outStride, lhs, lhsRowStride, rhs, rhsColumnStride, rows, depth, columns)` writes the product of
 * float32 rows and of columns of the type; columns are counted in fours, and what is written past the last is unused.
 */
export const thinFunctions = {
  clear: signature(4),
  toRows_float32: signature(6),
  toRows_bfloat16: signature(6),
  toRows_float16: signature(6),
  across_float32: signature(10),
  across_bfloat16: signature(10),
  across_float16: signature(10),
  along_float32: signature(9),
  along_bfloat16: signature(9),
  along_float16: signature(9),
} as const;

/** Adds {@link thinFunctions} to a module. */
export function addThinFunctions(module: ModuleBuilder, options: { relaxed: boolean }): void {
  module.add(clear(), 'clear');
  for (const type of ['float32', 'bfloat16', 'float16'] as const) {
    module.add(toRows(type), `toRows_${type}`);
    const tile = (rows: number, terms: number): number =>
      module.add(acrossTile({ rows, terms, type, ...options }));
    const tiles = { two: tile(2, 4), twoByOne: tile(2, 1), one: tile(1, 8), oneByOne: tile(1, 1) };
    module.add(across(tiles), `across_${type}`);
    const two = module.add(alongTile({ rows: 2, type, ...options }));
    const one = module.add(alongTile({ rows: 1, type, ...options }));
    module.add(along({ two, one }), `along_${type}`);
  }
}

interface TileOptions {
  readonly rows: number;
  readonly type: GemmType;
  readonly relaxed: boolean;
}

/** sum = left · right + sum, of locals. */
const multiplyAdd = (sum: number, left: number, right: number, relaxed: boolean): number[] => [
  ...localGet(left),
  ...localGet(right),
  ...(relaxed ? [] : f32x4.mul),
  ...localGet(sum),
  ...(relaxed ? f32x4.relaxedMadd : f32x4.add),
  ...localSet(sum),
];

const times = <T>(count: number, make: (k: number) => T): T[] =>
  Array.from({ length: count }, (_, k) => make(k));

function clear(): FunctionBuilder {
  const b = new FunctionBuilder(thinFunctions.clear);
  const [out, outStride, rows, columns] = [0, 1, 2, 3] as const;
  const row = b.local('i32');
  b.code.push(
    ...countUp(
      row,
      localGet(rows),
      1,
      [...localGet(out), ...i32Const(0)],
      [...localGet(columns), ...i32Const(2), ...i32.shl, ...memoryFill],
      advance(out, localGet(outStride)),
    ),
  );
  return b;
}

function toRows(type: GemmType): FunctionBuilder {
  const b = new FunctionBuilder(thinFunctions.toRows_float32);
  const { size, one, four } = operandReader(type, b);
  const [to, from, rows, columns, rowStride, columnStride] = [0, 1, 2, 3, 4, 5] as const;
  const [row, column, source, whole] = times(4, () => b.local('i32')) as [
    number,
    number,
    number,
    number,
  ];
  b.code.push(
    ...countUp(
      row,
      localGet(rows),
      1,
      assign(source, localGet(from)),
      assign(column, i32Const(0)),
      choose(
        [...localGet(columnStride), ...i32Const(size), ...i32.eq],
        [
          ...assign(whole, localGet(columns), i32Const(-4), i32.and),
          ...countUp(
            column,
            localGet(whole),
            4,
            [...localGet(to), ...localGet(source), ...four(), ...v128Store()],
            advance(source, i32Const(4 * size)),
            advance(to, i32Const(16)),
          ),
        ],
      ),
      countUp(
        column,
        localGet(columns),
        1,
        [...localGet(to), ...localGet(source), ...one(), ...f32Store()],
        advance(source, localGet(columnStride)),
        advance(to, i32Const(4)),
      ),
      advance(from, localGet(rowStride)),
    ),
  );
  return b;
}

/**
 * out[rows, columns] += lhs[rows, terms] · rhs[terms, columns]. Numbers of the left operand stay in registers, in all
 * four lanes; parameters out, outStride, lhs, lhsRowStride, lhsColumnStride, rhs, rhsRowStride, columns.
 */
function acrossTile({
  rows,
  terms,
  type,
  relaxed,
}: TileOptions & { readonly terms: number }): FunctionBuilder {
  const b = new FunctionBuilder(signature(8));
  const { size, one, four } = operandReader(type, b);
  const [out, outStride, lhs, lhsRowStride, lhsColumnStride, rhs, rhsRowStride, left] = [
    0, 1, 2, 3, 4, 5, 6, 7,
  ] as const;
  const factors = times(rows, () => times(terms, () => b.local('v128')));
  const sums = times(rows, () => b.local('v128'));
  const right = b.local('v128');
  const outs = times(rows, (r) => (r === 0 ? out : b.local('i32')));
  const lines = times(terms, (t) => (t === 0 ? rhs : b.local('i32')));
  const place = b.local('i32');
  const move = (columns: number): number[] => [
    ...outs.flatMap((local) => advance(local, i32Const(4 * columns))),
    ...lines.flatMap((local) => advance(local, i32Const(size * columns))),
    ...advance(left, i32Const(-columns)),
  ];
  const vector = (v: number): number[] => [
    ...outs.flatMap((local, r) => assign(sums[r] ?? 0, localGet(local), v128Load(16 * v))),
    ...lines.flatMap((line, t) => [
      ...assign(right, localGet(line), four(4 * size * v)),
      ...sums.flatMap((sum, r) => multiplyAdd(sum, factors[r]?.[t] ?? 0, right, relaxed)),
    ]),
    ...outs.flatMap((local, r) => [
      ...localGet(local),
      ...localGet(sums[r] ?? 0),
      ...v128Store(16 * v),
    ]),
  ];
  const scalar = outs.flatMap((local, r) => [
    ...localGet(local),
    ...localGet(local),
    ...f32Load(),
    ...lines.flatMap((line, t) => [
      ...localGet(factors[r]?.[t] ?? 0),
      ...f32x4Extract(0),
      ...localGet(line),
      ...one(),
      ...f32.mul,
      ...f32.add,
    ]),
    ...f32Store(),
  ]);
  b.code.push(
    ...factors.flatMap((ofRow) => [
      ...assign(place, localGet(lhs)),
      ...ofRow.flatMap((factor) => [
        ...assign(factor, localGet(place), v128Load32Splat()),
        ...advance(place, localGet(lhsColumnStride)),
      ]),
      ...advance(lhs, localGet(lhsRowStride)),
    ]),
    ...outs
      .slice(1)
      .flatMap((to, r) => assign(to, localGet(outs[r] ?? 0), localGet(outStride), i32.add)),
    ...lines
      .slice(1)
      .flatMap((to, t) => assign(to, localGet(lines[t] ?? 0), localGet(rhsRowStride), i32.add)),
    ...whileLeft(left, 8, [...vector(0), ...vector(1), ...move(8)]),
    ...whileLeft(left, 4, [...vector(0), ...move(4)]),
    ...whileLeft(left, 1, [...scalar, ...move(1)]),
  );
  return b;
}

/** Repeats the body, which counts down, while at least so many are left. */
const whileLeft = (left: number, count: number, body: readonly number[]): number[] => [
  ...localGet(left),
  ...i32Const(count),
  ...i32.geS,
  ...control.if,
  ...control.loop,
  ...body,
  ...localGet(left),
  ...i32Const(count),
  ...i32.geS,
  ...branchIf(0),
  ...control.end,
  ...control.end,
];

interface AcrossTiles {
  readonly two: number;
  readonly twoByOne: number;
  readonly one: number;
  readonly oneByOne: number;
}

/** Eight rows of the right operand at a time, for all rows of the left one: they stay in the first cache. */
function across(tiles: AcrossTiles): FunctionBuilder {
  const b = new FunctionBuilder(thinFunctions.across_float32);
  const [
    out,
    outStride,
    lhs,
    lhsRowStride,
    lhsColumnStride,
    rhs,
    rhsRowStride,
    rows,
    depth,
    columns,
  ] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
  const names = times(7, () => b.local('i32'));
  const [k = 0, row = 0, to = 0, from = 0, left = 0, line = 0, end = 0] = names;
  const steps = (tile: number, terms: number): number[] => [
    ...control.block,
    ...control.loop,
    ...localGet(left),
    ...i32Const(terms),
    ...i32.ltS,
    ...branchIf(1),
    ...[to, outStride, from, lhsRowStride, lhsColumnStride, line, rhsRowStride, columns].flatMap(
      localGet,
    ),
    ...call(tile),
    ...assign(from, at(localGet(from), localGet(lhsColumnStride), terms)),
    ...assign(line, at(localGet(line), localGet(rhsRowStride), terms)),
    ...advance(left, i32Const(-terms)),
    ...branch(0),
    ...control.end,
    ...control.end,
  ];
  const rowTile = (many: readonly number[]): number[] => [
    ...assign(left, smaller([...localGet(depth), ...localGet(k), ...i32.sub], i32Const(TERMS))),
    ...assign(line, localGet(rhs)),
    ...assign(from, localGet(lhs), localGet(row), localGet(lhsRowStride), i32.mul, i32.add),
    ...many,
  ];
  b.code.push(
    ...assign(end, localGet(rows), i32Const(-2), i32.and),
    ...countUp(
      k,
      localGet(depth),
      TERMS,
      assign(row, i32Const(0)),
      assign(to, localGet(out)),
      countUp(
        row,
        localGet(end),
        2,
        rowTile([...steps(tiles.two, 4), ...steps(tiles.twoByOne, 1)]),
        assign(to, at(localGet(to), localGet(outStride), 2)),
      ),
      choose(
        [...localGet(row), ...localGet(rows), ...i32.ltS],
        rowTile([...steps(tiles.one, 8), ...steps(tiles.oneByOne, 1)]),
      ),
      assign(lhs, at(localGet(lhs), localGet(lhsColumnStride), TERMS)),
      assign(rhs, at(localGet(rhs), localGet(rhsRowStride), TERMS)),
    ),
  );
  return b;
}

/**
 * out[rows, 4] = lhs[rows, depth] · rhs[4, depth]ᵀ, for float32 rows and four contiguous columns; parameters out,
 * outStride, lhs, lhsRowStride, the addresses of the columns, depth.
 */
function alongTile({ rows, type, relaxed }: TileOptions): FunctionBuilder {
  const b = new FunctionBuilder(signature(9));
  const { size, one, four } = operandReader(type, b);
  const [out, outStride, lhs, lhsRowStride, depth] = [0, 1, 2, 3, 8] as const;
  const columns = [4, 5, 6, 7];
  const lines = times(rows, (r) => (r === 0 ? lhs : b.local('i32')));
  const sums = times(rows, () => times(COLUMNS, () => b.local('v128')));
  const factors = times(rows, () => b.local('v128'));
  const [right, pair] = [b.local('v128'), b.local('v128')];
  const step = (v: number): number[] => [
    ...lines.flatMap((line, r) => assign(factors[r] ?? 0, localGet(line), v128Load(16 * v))),
    ...columns.flatMap((column, c) => [
      ...assign(right, localGet(column), four(4 * size * v)),
      ...sums.flatMap((ofRow, r) => multiplyAdd(ofRow[c] ?? 0, factors[r] ?? 0, right, relaxed)),
    ]),
  ];
  const move = (terms: number): number[] => [
    ...lines.flatMap((line) => advance(line, i32Const(4 * terms))),
    ...columns.flatMap((column) => advance(column, i32Const(size * terms))),
    ...advance(depth, i32Const(-terms)),
  ];
  const gather = [
    ...assign(right, localGet(columns[0] ?? 0), one(), f32x4.splat),
    ...columns
      .slice(1)
      .flatMap((column, c) =>
        assign(right, localGet(right), localGet(column), one(), f32x4Replace(c + 1)),
      ),
  ];
  b.code.push(
    ...lines
      .slice(1)
      .flatMap((to, r) => assign(to, localGet(lines[r] ?? 0), localGet(lhsRowStride), i32.add)),
    // A second step in the same turn would leave no register for eight sums.
    ...(rows === 1 ? whileLeft(depth, 8, [...step(0), ...step(1), ...move(8)]) : []),
    ...whileLeft(depth, 4, [...step(0), ...move(4)]),
    ...sums.flatMap((ofRow) => addLanes(ofRow, pair)),
    ...whileLeft(depth, 1, [
      ...gather,
      ...lines.flatMap((line, r) => [
        ...assign(factors[r] ?? 0, localGet(line), v128Load32Splat()),
        ...multiplyAdd(sums[r]?.[0] ?? 0, factors[r] ?? 0, right, relaxed),
      ]),
      ...move(1),
    ]),
    ...sums.flatMap((ofRow) => [
      ...localGet(out),
      ...localGet(ofRow[0] ?? 0),
      ...v128Store(),
      ...advance(out, localGet(outStride)),
    ]),
  );
  return b;
}

/** The sums of the lanes of four vectors, as the lanes of the first. */
function addLanes([a = 0, b = 0, c = 0, d = 0]: readonly number[], spare: number): number[] {
  const halves = (x: number, y: number): number[] => [
    ...localGet(x),
    ...localGet(y),
    ...shuffle32([0, 4, 1, 5]),
    ...localGet(x),
    ...localGet(y),
    ...shuffle32([2, 6, 3, 7]),
    ...f32x4.add,
  ];
  return [
    ...assign(spare, halves(a, b)),
    ...assign(b, halves(c, d)),
    ...[...localGet(spare), ...localGet(b), ...shuffle32([0, 1, 4, 5])],
    ...[...localGet(spare), ...localGet(b), ...shuffle32([2, 3, 6, 7])],
    ...f32x4.add,
    ...localSet(a),
  ];
}

/** Four columns at a time, for all rows. */
function along({ two, one }: { readonly two: number; readonly one: number }): FunctionBuilder {
  const b = new FunctionBuilder(thinFunctions.along_float32);
  const [out, outStride, lhs, lhsRowStride, rhs, rhsColumnStride, rows, depth, columns] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8,
  ] as const;
  const pointers = times(COLUMNS, () => b.local('i32'));
  const [column = 0, row = 0, to = 0, from = 0, end = 0] = times(5, () => b.local('i32'));
  const tile = (function_: number): number[] => [
    ...[to, outStride, from, lhsRowStride, ...pointers, depth].flatMap(localGet),
    ...call(function_),
  ];
  b.code.push(
    ...assign(end, localGet(rows), i32Const(-2), i32.and),
    ...countUp(
      column,
      localGet(columns),
      COLUMNS,
      // There may be fewer columns than four: then the last one is read several times.
      pointers.flatMap((pointer, c) =>
        assign(
          pointer,
          localGet(rhs),
          smaller(
            [...localGet(column), ...i32Const(c), ...i32.add],
            [...localGet(columns), ...i32Const(1), ...i32.sub],
          ),
          localGet(rhsColumnStride),
          i32.mul,
          i32.add,
        ),
      ),
      assign(row, i32Const(0)),
      assign(from, localGet(lhs)),
      assign(to, at(localGet(out), localGet(column), 4)),
      countUp(
        row,
        localGet(end),
        2,
        tile(two),
        assign(from, at(localGet(from), localGet(lhsRowStride), 2)),
        assign(to, at(localGet(to), localGet(outStride), 2)),
      ),
      choose([...localGet(row), ...localGet(rows), ...i32.ltS], tile(one)),
    ),
  );
  return b;
}
