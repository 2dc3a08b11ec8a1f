/** Matrix products at odd sizes, transposed, batched, with epilogues, on one thread and on two. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nearest, toRaw } from '../../core/base/half.ts';
import type { KernelStore, MatmulKernel } from '../../core/compile/kernel.ts';
import type { Plan } from '../../core/compile/plan.ts';
import { emitGemm } from '../../core/emit/wasm/gemm.ts';
import type { GemmType } from '../../core/emit/wasm/operand-reader.ts';
import type { Device } from '../../core/host/device.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import {
  accumulator,
  axisIndex,
  constant,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
} from '../../core/ir/expr.ts';
import { affineSum, scaleIndex } from '../../core/ir/index-algebra.ts';

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly transposeLhs?: boolean;
  readonly transposeRhs?: boolean;
  /** Default: float32. */
  readonly lhsType?: GemmType;
  readonly rhsType?: GemmType;
  /** None: the bare sum. */
  readonly epilogue?: 'bias-relu' | 'scaled-transposed';
}

const one = createWasmDevice({ threads: 1 });
const two = createWasmDevice({ threads: 2 });

const index = (...terms: readonly (readonly [Expr, number])[]): Expr =>
  affineSum(
    terms.map(([atom, coefficient]) => ({ atom, coefficient })),
    0,
  );

function kernelOf({
  m,
  n,
  k,
  batch = 1,
  transposeLhs = false,
  transposeRhs = false,
  lhsType = 'float32',
  rhsType = 'float32',
  epilogue,
}: Case): MatmulKernel {
  const [batches, rows, columns] = [makeAxis(batch), makeAxis(m), makeAxis(n)];
  const [x, y, bias] = [
    makeSource(lhsType, batch * m * k),
    makeSource(rhsType, batch * k * n),
    makeSource('float32', n),
  ];
  const out = makeSource('float32', batch * m * n);
  const [b, r, c] = [axisIndex(batches), axisIndex(rows), axisIndex(columns)];
  const sum = accumulator('float32');
  const plain = index([b, m * n], [r, n], [c, 1]);
  const values: Record<string, Pick<KernelStore, 'index' | 'value'>> = {
    none: { index: plain, value: sum },
    'bias-relu': {
      index: plain,
      value: op('max', [op('add', [sum, load(bias, c)]), constant(0, 'float32')]),
    },
    'scaled-transposed': {
      index: index([b, m * n], [r, 1], [c, m]),
      value: op('mul', [sum, constant(0.5, 'float32')]),
    },
  };
  const chosen = values[epilogue ?? 'none'] ?? { index: plain, value: sum };
  return {
    kind: 'matmul',
    name: 'test',
    buffers: [
      { source: x, access: 'read' },
      { source: y, access: 'read' },
      ...(epilogue === 'bias-relu' ? [{ source: bias, access: 'read' as const }] : []),
      { source: out, access: 'write' },
    ],
    batch: batches,
    rows,
    columns,
    depth: k,
    lhs: {
      source: x,
      base: scaleIndex(b, m * k),
      rowStride: transposeLhs ? 1 : k,
      columnStride: transposeLhs ? m : 1,
    },
    rhs: {
      source: y,
      base: scaleIndex(b, k * n),
      rowStride: transposeRhs ? 1 : n,
      columnStride: transposeRhs ? k : 1,
    },
    stores: [{ target: out, ...chosen, mode: 'set', guard: null, serial: [] }],
  };
}

const random = (length: number, seed: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));

function expected(c: Case, x: Float32Array, y: Float32Array, bias: Float32Array): Float32Array {
  const { m, n, k, batch = 1 } = c;
  const out = new Float32Array(batch * m * n);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) {
          const left = x[b * m * k + (c.transposeLhs === true ? p * m + i : i * k + p)] ?? 0;
          sum += left * (y[b * k * n + (c.transposeRhs === true ? j * k + p : p * n + j)] ?? 0);
        }
        if (c.epilogue === 'bias-relu') sum = Math.max(0, sum + (bias[j] ?? 0));
        if (c.epilogue === 'scaled-transposed') out[b * m * n + j * m + i] = sum / 2;
        else out[b * m * n + i * n + j] = sum;
      }
    }
  }
  return out;
}

function check(c: Case, device: Device): void {
  const { m, n, k, batch = 1 } = c;
  const kernel = kernelOf(c);
  const aval = (shape: readonly number[], dtype: GemmType = 'float32') => ({
    ...{ shape, dtype, weak: false },
  });
  const hasBias = c.epilogue === 'bias-relu';
  const inputs = [
    aval([batch, m, k], c.lhsType),
    aval([batch, k, n], c.rhsType),
    ...(hasBias ? [aval([n])] : []),
  ];
  const plan: Plan = {
    inputs,
    outputs: [aval([batch, m, n])],
    steps: [
      {
        kernel,
        slots: [
          ...inputs.map((_, i) => ({ kind: 'input' as const, index: i, bytes: 0 })),
          { kind: 'output', index: 0, bytes: 0 },
        ],
        site: null,
      },
    ],
    arenaBytes: 0,
    aliases: new Map(),
  };
  const types = [c.lhsType ?? 'float32', c.rhsType ?? 'float32', 'float32'] as const;
  const bias = random(n, 3);
  const x = random(batch * m * k, 1).map((value) => nearest(value, types[0]));
  const y = random(batch * k * n, 2).map((value) => nearest(value, types[1]));
  const storages = [x, y, ...(hasBias ? [bias] : [])].map((data, i) =>
    device.upload(toRaw(data, types[i] ?? 'float32'), types[i] ?? 'float32'),
  );
  const [result] = device.load(plan).run(storages, new Set());
  const actual = result?.readSync() ?? new Float32Array();
  const wanted = expected(c, x, y, bias);
  const fault = wanted.findIndex(
    (value, i) => !(Math.abs(value - (actual[i] ?? Number.NaN)) <= 1e-5 * (k + 1)),
  );
  assert.is(fault, -1, `element ${fault}: ${actual[fault]} instead of ${wanted[fault]}`);
  for (const storage of [...storages, result]) storage?.free();
}

const sizes: readonly Case[] = [
  ...[1, 2, 3, 5, 8, 15, 17].map((m) => ({ m, n: 19, k: 13 })),
  ...[1, 4, 5, 16, 17, 31, 48].map((n) => ({ m: 9, n, k: 21 })),
  ...[1, 4, 5, 255, 256, 257].map((k) => ({ m: 6, n: 32, k })),
  { m: 64, n: 64, k: 64 },
  { m: 65, n: 63, k: 66 },
];
// Several blocks of rows, columns and summands.
const large: readonly Case[] = [
  { m: 130, n: 530, k: 70 },
  { m: 66, n: 1040, k: 300, epilogue: 'bias-relu' },
  { m: 200, n: 512, k: 256, transposeRhs: true },
  { m: 20, n: 520, k: 300, batch: 2, epilogue: 'bias-relu' },
];
const forms: readonly Partial<Case>[] = [
  {},
  { transposeLhs: true },
  { transposeRhs: true },
  { transposeLhs: true, transposeRhs: true },
  { epilogue: 'bias-relu' },
  { epilogue: 'scaled-transposed' },
  { batch: 3 },
  { batch: 3, epilogue: 'bias-relu', transposeRhs: true },
];

for (const form of forms) {
  const how = JSON.stringify(form);
  test(`products agree with three loops ${how}`, () => {
    for (const size of sizes) check({ ...size, ...form }, one);
  });
  test(`so they do on two threads ${how}`, () => {
    for (const size of sizes) check({ ...size, ...form }, two);
  });
}

test('products of several blocks agree', () => {
  for (const size of large) for (const device of [one, two]) check(size, device);
});

// All ways to read the large operand, and both roles of the small one; odd sizes leave a rest everywhere.
const layouts: readonly Partial<Case>[] = [
  {},
  { transposeLhs: true },
  { transposeRhs: true },
  { transposeLhs: true, transposeRhs: true },
];
const types = ['float32', 'bfloat16', 'float16'] as const;

test('products of few rows or columns agree, whatever lies where', () => {
  for (const layout of layouts) {
    for (let few = 1; few <= 17; few++) {
      check({ m: few, n: 77, k: 29, ...layout }, one);
      check({ m: 77, n: few, k: 29, ...layout, epilogue: 'scaled-transposed' }, one);
    }
  }
});

test('so they do with narrow operands', () => {
  for (const layout of layouts) {
    for (const few of [1, 2, 5, 16]) {
      for (const rhsType of types) {
        for (const lhsType of types) {
          const size = {
            m: few,
            n: 45,
            k: 19,
            batch: 2,
            epilogue: 'bias-relu',
            ...layout,
          } as const;
          check({ ...size, lhsType, rhsType }, one);
        }
        check({ m: 33, n: few, k: 30, lhsType: rhsType, rhsType, ...layout }, one);
      }
    }
  }
});

test('blocks of columns that threads share agree', () => {
  for (const layout of layouts) {
    for (const epilogue of [undefined, 'bias-relu'] as const) {
      const how = { ...layout, ...(epilogue === undefined ? {} : { epilogue }) };
      // Few rows; columns in blocks that pack for themselves; rows in small blocks.
      check({ m: 10, n: 1100, k: 131, ...how }, two);
      check({ m: 40, n: 2070, k: 67, ...how }, two);
      check({ m: 40, n: 1024, k: 64, batch: 3, ...how }, two);
      check({ m: 66, n: 48, k: 1500, ...how }, two);
    }
  }
});

test('many small products agree', () => {
  for (const device of [one, two]) {
    check({ m: 16, n: 16, k: 16, batch: 300 }, device);
    check({ m: 16, n: 16, k: 16, batch: 300, transposeRhs: true, epilogue: 'bias-relu' }, device);
  }
});

test('hosts without fused multiply-add get the same products', () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const bytes = emitGemm({ shared: false, relaxed: false });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const call = (name: string, ...args: number[]): void => {
    const found = exports[name];
    if (typeof found !== 'function') throw new TypeError(`no function ${name}`);
    found(...args);
  };
  const [m, n, k] = [3, 16, 5];
  const floats = new Float32Array(memory.buffer);
  const [x, y] = [random(m * k, 1), random(k * n, 2)];
  floats.set(x, 0);
  floats.set(y, 1000);
  call('packLhs_float32', 8000, 0, m, k, k * 4, 4);
  call('packRhs_float32', 12000, 4000, k, n, n * 4, 4);
  call('multiply', 8000, 12000, 16000, n * 4, 2, 1, k, k * 64, 1);
  const wanted = expected({ m, n, k }, x, y, new Float32Array());
  wanted.forEach((value, i) => {
    assert.ok(Math.abs(value - (floats[4000 + i] ?? Number.NaN)) < 1e-6);
  });
});

test.run();
