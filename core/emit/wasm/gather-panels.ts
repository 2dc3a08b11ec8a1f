/**
 * Packing of operands that are gathered: tables say where in memory the rows (or columns) and the terms of a sum
 * are. Entries are byte offsets; the lowest bit of an entry says that it and the next three are neighbours.
 */
import { range } from '../../base/aval.ts';
import { advance, assign, at, choose, countUp, signature, smaller } from './assembly.ts';
import { TILE_COLUMNS } from './gemm.ts';
import { FunctionBuilder } from './module.ts';
import {
  branchIf,
  control,
  f32Const,
  f32Load,
  f32Store,
  f32x4,
  i32,
  i32Const,
  i32Load,
  i32Store,
  i32x4,
  localGet,
  localTee,
  shuffle32,
  v128Const,
  v128Load,
  v128Load32Lane,
  v128Load32Zero,
  v128Store,
  v128StoreHigh,
  v128StoreLow,
} from './opcodes.ts';

/**
 * The functions that pack, by name. All parameters are i32.
 *
 * `markRuns(table, count)` sets the lowest bit of entries that begin four neighbours.
 * `gatherLhs(to, base, along, terms, depth, rows)` writes panels of 2 rows.
 * `gatherRhs(to, base, along, terms, depth, columns)` writes panels of 16 columns.
 */
export const gatherFunctions = {
  markRuns: signature(2),
  gatherLhs: signature(6),
  gatherRhs: signature(6),
} as const;

/** A local for each name. */
const localsOf = <Name extends string>(
  b: FunctionBuilder,
  type: 'i32' | 'v128',
  ...names: readonly Name[]
): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name) => [name, b.local(type)])) as Record<Name, number>; // Of these names.

/** Clears the mark of the entry on the stack. */
const clear: readonly number[] = [...i32Const(-4), ...i32.and];

const isMarked = (entry: number): number[] => [...localGet(entry), ...i32Const(1), ...i32.and];

/** local + a constant. */
const plus = (local: number, value: number): number[] => [
  ...localGet(local),
  ...i32Const(value),
  ...i32.add,
];

/** The sum of two locals. */
const sum = (a: number, b: number): number[] => [...localGet(a), ...localGet(b), ...i32.add];

/** Runs `body`, which advances `terms`, until they end; there is at least one. */
const untilEnd = (terms: number, end: number, body: readonly number[]): number[] => [
  ...control.loop,
  ...body,
  ...localGet(terms),
  ...localGet(end),
  ...i32.ltU,
  ...branchIf(0),
  ...control.end,
];

/** Marks, from the first on, so that an entry is marked after those before it have looked at it. */
export function markRuns(): FunctionBuilder {
  const b = new FunctionBuilder(gatherFunctions.markRuns);
  const [table, count] = [0, 1] as const;
  const { k } = localsOf(b, 'i32', 'k');
  b.code.push(
    ...countUp(
      k,
      plus(count, -3),
      1,
      [...localGet(table), ...localGet(table), ...i32Load()],
      [...localGet(table), ...v128Load(), ...localGet(table), ...i32Load(), ...i32x4.splat],
      [...i32x4.sub, ...v128Const([0, 4, 8, 12]), ...i32x4.eq, ...i32x4.allTrue],
      i32.or,
      i32Store(),
      advance(table, i32Const(4)),
    ),
  );
  return b;
}

/** Runs `four` where four neighbours begin, `one` elsewhere; the offset is in `entry`. */
const overTerms = (
  { terms, entry, end }: { readonly terms: number; readonly entry: number; readonly end: number },
  four: readonly number[],
  one: readonly number[],
): number[] =>
  untilEnd(terms, end, [
    ...assign(entry, localGet(terms), i32Load()),
    ...choose(
      isMarked(entry),
      [...assign(entry, plus(entry, -1)), ...four, ...advance(terms, i32Const(16))],
      [...one, ...advance(terms, i32Const(4))],
    ),
  ]);

/** Panels of two rows; parameters as {@link gatherFunctions} says. */
export function gatherLhs(): FunctionBuilder {
  const b = new FunctionBuilder(gatherFunctions.gatherLhs);
  const [to, base, along, termTable, depth, rows] = [0, 1, 2, 3, 4, 5] as const;
  const { r, first, second, next, terms, end, entry } = localsOf(
    b,
    'i32',
    'r',
    'first',
    'second',
    'next',
    'terms',
    'end',
    'entry',
  );
  const { x, y } = localsOf(b, 'v128', 'x', 'y');
  const interleaved = (lanes: readonly number[], offset: number): number[] => [
    ...localGet(to),
    ...localGet(x),
    ...localGet(y),
    ...shuffle32(lanes),
    ...v128Store(offset),
  ];
  const run = [
    ...assign(x, sum(first, entry), v128Load()),
    ...assign(y, sum(second, entry), v128Load()),
    ...interleaved([0, 4, 1, 5], 0),
    ...interleaved([2, 6, 3, 7], 16),
    ...advance(to, i32Const(32)),
  ];
  const single = [
    ...localGet(to),
    ...sum(first, entry),
    ...f32Load(),
    ...f32Store(),
    ...localGet(to),
    ...sum(second, entry),
    ...f32Load(),
    ...f32Store(4),
    ...advance(to, i32Const(8)),
  ];
  // Four rows that are neighbours in memory: two panels.
  const fourRows = [
    ...localGet(to),
    ...localGet(first),
    ...localGet(terms),
    ...i32Load(),
    ...clear,
    ...i32.add,
    ...v128Load(),
    ...localTee(x),
    ...v128StoreLow(8),
    ...localGet(next),
    ...localGet(x),
    ...v128StoreHigh(),
    ...advance(to, i32Const(8)),
    ...advance(next, i32Const(8)),
    ...advance(terms, i32Const(4)),
  ];
  const place = (row: readonly number[]): number[] => [
    ...localGet(base),
    ...at(localGet(along), row, 4),
    ...i32Load(),
    ...clear,
    ...i32.add,
  ];
  b.code.push(
    ...countUp(
      r,
      localGet(rows),
      2,
      assign(first, place(localGet(r))),
      // A last single row is packed twice; its twin's sums land in a row that nobody reads.
      assign(second, place(smaller(plus(r, 1), plus(rows, -1)))),
      assign(terms, localGet(termTable)),
      assign(end, at(localGet(terms), localGet(depth), 4)),
      choose(
        [
          ...at(localGet(along), localGet(r), 4),
          ...i32Load(),
          ...i32Const(1),
          ...i32.and,
          ...plus(r, 4),
          ...localGet(rows),
          ...i32.leS,
          ...i32.and,
        ],
        [
          ...assign(next, at(localGet(to), localGet(depth), 8)),
          ...untilEnd(terms, end, fourRows),
          ...assign(to, localGet(next)),
          ...advance(r, i32Const(2)),
        ],
        overTerms({ terms, entry, end }, run, single),
      ),
    ),
  );
  return b;
}

/** Panels of 16 columns; parameters as {@link gatherFunctions} says. */
export function gatherRhs(): FunctionBuilder {
  const b = new FunctionBuilder(gatherFunctions.gatherRhs);
  const [to, base, along, termTable, depth, columns] = [0, 1, 2, 3, 4, 5] as const;
  const { c, out, terms, end, entry } = localsOf(b, 'i32', 'c', 'out', 'terms', 'end', 'entry');
  const starts = range(4).map(() => b.local('i32'));
  const lines = range(4).map(() => b.local('v128'));
  const [start = 0] = starts;
  const [line = 0] = lines;
  const places = starts.flatMap((local, k) => [
    ...localGet(base),
    ...at(localGet(along), smaller(plus(c, k), plus(columns, -1)), 4),
    ...i32Load(),
    ...clear,
    ...i32.add,
    ...assign(local),
  ]);
  // Four neighbours, for one term after the other.
  const alongRun = untilEnd(terms, end, [
    ...localGet(out),
    ...localGet(start),
    ...localGet(terms),
    ...i32Load(),
    ...clear,
    ...i32.add,
    ...v128Load(),
    ...v128Store(),
    ...advance(out, i32Const(64)),
    ...advance(terms, i32Const(4)),
  ]);
  const fourTerms = [
    ...starts.flatMap((local, k) => assign(lines[k] ?? 0, sum(local, entry), v128Load())),
    ...transposed(lines).flatMap((row, k) => [...localGet(out), ...row, ...v128Store(64 * k)]),
    ...advance(out, i32Const(256)),
  ];
  const oneTerm = [
    ...starts.flatMap((local, k) =>
      k === 0
        ? assign(line, sum(local, entry), v128Load32Zero())
        : assign(line, sum(local, entry), localGet(line), v128Load32Lane(k)),
    ),
    ...localGet(out),
    ...localGet(line),
    ...v128Store(),
    ...advance(out, i32Const(64)),
  ];
  // Columns beyond the last, of which sums are made that nobody reads.
  const zeros = untilEnd(terms, end, [
    ...localGet(out),
    ...f32Const(0),
    ...f32x4.splat,
    ...v128Store(),
    ...advance(out, i32Const(64)),
    ...advance(terms, i32Const(4)),
  ]);
  b.code.push(
    ...assign(end, at(localGet(termTable), localGet(depth), 4)),
    ...countUp(
      c,
      [...plus(columns, TILE_COLUMNS - 1), ...i32Const(-TILE_COLUMNS), ...i32.and],
      4,
      assign(terms, localGet(termTable)),
      assign(
        out,
        localGet(to),
        localGet(c),
        i32Const(TILE_COLUMNS - 1),
        i32.and,
        i32Const(2),
        i32.shl,
        i32.add,
      ),
      choose(
        [...localGet(c), ...localGet(columns), ...i32.ltS],
        [
          ...places,
          ...assign(entry, at(localGet(along), localGet(c), 4), i32Load()),
          ...choose(
            isMarked(entry),
            alongRun,
            overTerms({ terms, end, entry }, fourTerms, oneTerm),
          ),
        ],
        zeros,
      ),
      choose(
        [...plus(c, 4), ...i32Const(TILE_COLUMNS - 1), ...i32.and, ...i32.eqz],
        assign(to, at(localGet(to), localGet(depth), 64)),
      ),
    ),
  );
  return b;
}

/** The columns of four rows of four, as rows. */
function transposed([p = 0, q = 0, r = 0, s = 0]: readonly number[]): number[][] {
  const mix = (x: readonly number[], y: readonly number[], lanes: readonly number[]): number[] => [
    ...x,
    ...y,
    ...shuffle32(lanes),
  ];
  const [low, high] = [
    [0, 4, 1, 5],
    [2, 6, 3, 7],
  ] as const;
  const halves = (lanes: readonly number[]): [number[], number[]] => [
    mix(localGet(p), localGet(q), lanes),
    mix(localGet(r), localGet(s), lanes),
  ];
  return [low, high].flatMap((lanes) => {
    const [upper, lower] = halves(lanes);
    return [mix(upper, lower, [0, 1, 4, 5]), mix(upper, lower, [2, 3, 6, 7])];
  });
}
