/** Loop kernels with every choice of vector axis, against an interpreter. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KernelStore, LoopKernel } from '../../core/compile/kernel.ts';
import { emitLoopKernel } from '../../core/emit/wasm/loop-kernel.ts';
import {
  type Axis,
  axisIndex,
  constant,
  cumulate,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
  reduce,
  type Source,
  walk,
} from '../../core/ir/expr.ts';
import { addIndex, affineSum, floorDiv, modulo, scaleIndex } from '../../core/ir/index-algebra.ts';
import { type Contents, coerce, interpretKernel } from './interpreter.ts';
import { runKernel } from './run-kernel.ts';

const f = (value: number): Expr => constant(value, 'float32');
const i = (value: number): Expr => constant(value, 'int32');
const at = (source: Source, ...parts: readonly (readonly [Axis | Expr, number])[]): Expr =>
  load(source, index(...parts));
const index = (...parts: readonly (readonly [Axis | Expr, number])[]): Expr =>
  affineSum(
    parts.map(([atom, coefficient]) => ({
      atom: 'kind' in atom ? atom : axisIndex(atom),
      coefficient,
    })),
    0,
  );
const store = (
  target: Source,
  where: Expr,
  value: Expr,
  more: Partial<KernelStore> = {},
): KernelStore => ({
  target,
  index: where,
  value,
  mode: 'set',
  guard: null,
  serial: [],
  ...more,
});

function kernelOf(parallel: readonly Axis[], stores: readonly KernelStore[]): LoopKernel {
  const written = new Set(stores.map((s) => s.target));
  const roots = stores.flatMap((s) => [s.index, s.value, ...(s.guard === null ? [] : [s.guard])]);
  const read = walk(roots).flatMap((e) =>
    e.kind === 'load' && !written.has(e.source) ? [e.source] : [],
  );
  return {
    kind: 'loop',
    name: 'test',
    buffers: [
      ...[...new Set(read)].map((source) => ({ source, access: 'read' as const })),
      ...[...written].map((source) => ({ source, access: 'update' as const })),
    ],
    parallel,
    stores,
  };
}

let seed = 1;
const random = (): number => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return seed / 2147483648;
};

const fill = (source: Source): number[] =>
  Array.from({ length: source.length }, () =>
    coerce(
      source.dtype === 'float32'
        ? random() * 4 - 2
        : source.dtype === 'bool'
          ? Math.floor(random() * 2)
          : Math.floor(random() * 1000),
      source.dtype,
    ),
  );

/** Both forms, in one call and in single units, give what the interpreter gives. */
function agrees(kernel: LoopKernel, given: Contents = new Map(), tolerance = 1e-5): void {
  const start: Contents = new Map(
    kernel.buffers.map(({ source }) => [source, given.get(source) ?? fill(source)]),
  );
  const expected: Contents = new Map([...start].map(([s, values]) => [s, [...values]]));
  interpretKernel(kernel, expected);
  for (const options of [{ simd: false }, { simd: true }, { simd: true, grain: 1 }]) {
    const actual = runKernel(kernel, start, options);
    for (const { source } of kernel.buffers) {
      const [a, b] = [actual.get(source) ?? [], expected.get(source) ?? []];
      const fault = a.findIndex((value, k) => {
        const wanted = b[k] ?? Number.NaN;
        return !(
          Object.is(value, wanted) || Math.abs(value - wanted) <= tolerance * (1 + Math.abs(wanted))
        );
      });
      assert.is(
        fault,
        -1,
        `element ${fault}: ${a[fault]} instead of ${b[fault]} ${JSON.stringify(options)}`,
      );
    }
  }
}

const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 67];

for (const size of sizes) {
  test(`element-wise kernels handle ${size} elements`, () => {
    const n = makeAxis(size);
    const [x, y, out] = [
      makeSource('float32', size),
      makeSource('float32', size),
      makeSource('float32', size),
    ];
    agrees(
      kernelOf(
        [n],
        [store(out, axisIndex(n), op('add', [op('mul', [at(x, [n, 1]), f(2)]), at(y, [n, 1])]))],
      ),
    );
  });
  test(`sums of ${size} elements in each row`, () => {
    const rows = makeAxis(3);
    const [x, out] = [makeSource('float32', 3 * size), makeSource('float32', 3)];
    const sum = reduce('add', size, (k) => at(x, [rows, size], [k, 1]));
    agrees(kernelOf([rows], [store(out, axisIndex(rows), sum)]));
  });
  test(`sums over ${size} rows in each column`, () => {
    const columns = makeAxis(size);
    const [x, out] = [makeSource('float32', 5 * size), makeSource('float32', size)];
    const sum = reduce('add', 5, (k) => at(x, [k, size], [columns, 1]));
    agrees(kernelOf([columns], [store(out, axisIndex(columns), sum)]));
  });
  test(`transposes ${size} columns`, () => {
    const [a, b] = [makeAxis(7), makeAxis(size)];
    const [x, out] = [makeSource('float32', 7 * size), makeSource('float32', 7 * size)];
    agrees(kernelOf([a, b], [store(out, index([a, size], [b, 1]), at(x, [b, 7], [a, 1]))]));
  });
  test(`reverses ${size} elements`, () => {
    const n = makeAxis(size);
    const [x, out] = [makeSource('float32', size), makeSource('float32', size)];
    agrees(
      kernelOf([n], [store(out, axisIndex(n), load(x, scaleIndex(axisIndex(n), -1, size - 1)))]),
    );
  });
  test(`running totals of ${size} elements, along rows and along columns`, () => {
    const [rows, columns] = [makeAxis(5), makeAxis(size)];
    const [x, out] = [makeSource('float32', 5 * size), makeSource('float32', 5 * size)];
    const where = index([rows, size], [columns, 1]);
    const along = (serial: Axis) =>
      store(out, where, cumulate('add', serial, load(x, where)), { serial: [serial] });
    agrees(kernelOf([rows], [along(columns)]));
    agrees(kernelOf([columns], [along(rows)]));
  });
  test(`softmax of rows of ${size} elements`, () => {
    const [rows, columns] = [makeAxis(3), makeAxis(size)];
    const [x, out] = [makeSource('float32', 3 * size), makeSource('float32', 3 * size)];
    const most = reduce('max', size, (k) => at(x, [rows, size], [k, 1]));
    const shifted = (k: Expr): Expr => op('exp', [op('sub', [at(x, [rows, size], [k, 1]), most])]);
    const total = reduce('add', size, shifted);
    const value = op('div', [shifted(axisIndex(columns)), total]);
    agrees(
      kernelOf(
        [rows],
        [store(out, index([rows, size], [columns, 1]), value, { serial: [columns] })],
      ),
    );
    agrees(kernelOf([rows, columns], [store(out, index([rows, size], [columns, 1]), value)]));
  });
  test(`pads and concatenates around ${size} elements`, () => {
    const n = makeAxis(size + 11);
    const [x, y, out] = [
      makeSource('float32', size),
      makeSource('float32', 8),
      makeSource('float32', size + 11),
    ];
    const position = axisIndex(n);
    const second = op('select', [
      op('lt', [position, i(size + 8)]),
      load(y, scaleIndex(position, 1, -size)),
      f(-1),
    ]);
    const value = op('select', [op('lt', [position, i(size)]), load(x, position), second]);
    agrees(kernelOf([n], [store(out, position, value)]));
  });
  test(`guarded stores of ${size} elements`, () => {
    const n = makeAxis(size);
    const [x, out] = [makeSource('float32', size), makeSource('float32', size)];
    const guard = op('gt', [at(x, [n, 1]), f(0)]);
    agrees(kernelOf([n], [store(out, axisIndex(n), op('neg', [at(x, [n, 1])]), { guard })]));
    const outside = op('lt', [scaleIndex(axisIndex(n), 1, -2), i(size - 3)]);
    const inside = op('and', [outside, op('ge', [axisIndex(n), i(2)])]);
    agrees(kernelOf([n], [store(out, scaleIndex(axisIndex(n), 1, -2), f(1), { guard: inside })]));
  });
  test(`booleans: comparisons, all and any of ${size} elements`, () => {
    const rows = makeAxis(4);
    const n = makeAxis(4 * size);
    const [x, flags, all, any] = [
      makeSource('float32', 4 * size),
      makeSource('bool', 4 * size),
      makeSource('bool', 4),
      makeSource('bool', 4),
    ];
    agrees(
      kernelOf([n], [store(flags, axisIndex(n), op('not', [op('lt', [at(x, [n, 1]), f(0.3)])]))]),
    );
    agrees(
      kernelOf(
        [rows],
        [
          store(
            all,
            axisIndex(rows),
            reduce('and', size, (k) => at(flags, [rows, size], [k, 1])),
          ),
          store(
            any,
            axisIndex(rows),
            reduce('or', size, (k) => at(flags, [rows, size], [k, 1])),
          ),
        ],
      ),
    );
  });
  test(`gathers ${size} rows and scatters them with addition`, () => {
    const [n, w] = [makeAxis(size), makeAxis(6)];
    const [table, where, out] = [
      makeSource('float32', 60),
      makeSource('int32', size),
      makeSource('float32', 6 * size),
    ];
    const indices: Contents = new Map([
      [where, Array.from({ length: size }, (_, k) => (k * 7) % 10)],
    ]);
    agrees(
      kernelOf(
        [n, w],
        [store(out, index([n, 6], [w, 1]), at(table, [at(where, [n, 1]), 6], [w, 1]))],
      ),
      indices,
    );
    const sums = makeSource('float32', 60);
    agrees(
      kernelOf(
        [],
        [
          store(sums, index([at(where, [n, 1]), 6], [w, 1]), at(out, [n, 6], [w, 1]), {
            mode: 'add',
            serial: [n, w],
          }),
        ],
      ),
      indices,
    );
  });
  test(`reads ${size} elements through quotients and remainders`, () => {
    const n = makeAxis(size);
    const x = makeSource('float32', 70);
    const out = makeSource('float32', size);
    const twisted = addIndex(scaleIndex(modulo(axisIndex(n), 7), 10), floorDiv(axisIndex(n), 7));
    agrees(kernelOf([n], [store(out, axisIndex(n), load(x, twisted))]));
  });
}

test('indices out of range are never followed', () => {
  const n = makeAxis(40);
  const [x, where, out] = [
    makeSource('float32', 10),
    makeSource('int32', 40),
    makeSource('float32', 40),
  ];
  const position = at(where, [n, 1]);
  const valid = op('and', [op('ge', [position, i(0)]), op('lt', [position, i(10)])]);
  const value = op('select', [valid, load(x, position), f(Number.NaN)]);
  const wild = Array.from(
    { length: 40 },
    (_, k) => [k % 10, -1, 2147483647, -2147483648, 10][k % 5] ?? 0,
  );
  agrees(kernelOf([n], [store(out, axisIndex(n), value)]), new Map([[where, wild]]));
});

test('a swap reads both elements before it writes', () => {
  const n = makeAxis(20);
  const x = makeSource('float32', 40);
  const [first, second] = [index([n, 2]), scaleIndex(axisIndex(n), 2, 1)];
  agrees(kernelOf([n], [store(x, first, load(x, second)), store(x, second, load(x, first))]));
});

test('a float sum over 20 million elements keeps its digits', () => {
  const count = 20_000_000;
  const out = makeSource('float32', 1);
  const one = makeSource('float32', 1);
  const never = op('convert', [op('lt', [i(0), i(0)])], 'float32');
  // The elements are computed, not stored: 0.1 + 0·k, so that nothing can be folded.
  const mean = op('mul', [
    reduce('add', count, (k) =>
      op('add', [at(one), op('mul', [op('convert', [k], 'float32'), never])]),
    ),
    f(1 / count),
  ]);
  const kernel = kernelOf([], [store(out, i(0), mean)]);
  for (const simd of [false, true]) {
    const [value = 0] = runKernel(kernel, new Map([[one, [0.1]]]), { simd }).get(out) ?? [];
    assert.ok(Math.abs(value - 0.1) < 1e-6, `${value}`);
  }
});

test('a sum with an infinite term is infinite, and one with NaN is NaN', () => {
  for (const odd of [Infinity, -Infinity, Number.NaN]) {
    const [x, out] = [makeSource('float32', 40000), makeSource('float32', 1)];
    const sum = reduce('add', 40000, (k) => load(x, k));
    const values = fill(x);
    values[777] = odd;
    const kernel = kernelOf([], [store(out, i(0), sum)]);
    assert.ok(Object.is(runKernel(kernel, new Map([[x, values]])).get(out)?.[0], odd));
  }
});

test('integer and float extremes, products and several reductions share one loop', () => {
  const rows = makeAxis(3);
  const [x, k] = [makeSource('int32', 3 * 29), makeSource('float32', 3 * 29)];
  const outs = ['add', 'mul', 'max', 'min'] as const;
  const stores = outs.flatMap((name) => {
    const [a, b] = [makeSource('int32', 3), makeSource('float32', 3)];
    return [
      store(
        a,
        axisIndex(rows),
        reduce(name, 29, (p) => at(x, [rows, 29], [p, 1])),
      ),
      store(
        b,
        axisIndex(rows),
        reduce(name, 29, (p) => at(k, [rows, 29], [p, 1])),
      ),
    ];
  });
  agrees(kernelOf([rows], stores));
});

test('long axes are cut into units with ends that vectors do not divide', () => {
  const size = 60_007;
  const n = makeAxis(size);
  const [x, out] = [makeSource('float32', size), makeSource('float32', size)];
  const costly = [1, 2, 3].reduce<Expr>((value) => op('tanh', [value]), at(x, [n, 1]));
  const kernel = kernelOf([n], [store(out, axisIndex(n), costly)]);
  assert.ok(emitLoopKernel(kernel, { shared: false }).units > 3);
  agrees(kernel);
});

test('transpositions run tile by tile', () => {
  const [a, b] = [makeAxis(70), makeAxis(131)];
  const [x, out] = [makeSource('float32', 70 * 131), makeSource('float32', 70 * 131)];
  const kernel = kernelOf([a, b], [store(out, index([a, 131], [b, 1]), at(x, [b, 70], [a, 1]))]);
  // Four rows at a time, a row in three parts.
  assert.is(emitLoopKernel(kernel, { shared: false }).units, 18 * 3);
  agrees(kernel);
});

test('kernels without elements do nothing', () => {
  const n = makeAxis(0);
  const out = makeSource('float32', 1);
  agrees(kernelOf([n], [store(out, axisIndex(n), f(1))]));
});

test.run();
