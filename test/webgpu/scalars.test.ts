/** Every scalar operation on the values where WGSL leaves the result open, against the reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ScalarType, TypedArray } from '../../core/base/dtype.ts';
import type { KernelStore, LoopKernel } from '../../core/compile/kernel.ts';
import {
  type Axis,
  axisIndex,
  constant,
  type Expr,
  load,
  makeAxis,
  makeSource,
  op,
} from '../../core/ir/expr.ts';
import { scaleIndex } from '../../core/ir/index-algebra.ts';
import { type ScalarOp, scalarOpFacts } from '../../core/ir/scalar-ops.ts';
import { hasWebGpu, makeDevice, reference, runOn } from './kernels.ts';

/** One result column: an operation on the operands x and y. */
interface Column {
  readonly name: string;
  readonly value: Expr;
  /** Units in the last place that the result may be off. */
  readonly tolerance: number;
}

/** All columns in one kernel with one output, since each distinct kernel is compiled for a long time. */
function pack(columns: readonly Column[], buffers: LoopKernel['buffers'], axis: Axis): LoopKernel {
  const { extent } = axis;
  const out = makeSource('int32', extent * columns.length);
  const stores = columns.map(
    ({ value }, k): KernelStore => ({
      target: out,
      index: scaleIndex(axisIndex(axis), 1, k * extent),
      value: toBits(value),
      mode: 'set',
      guard: null,
      serial: [],
    }),
  );
  return {
    kind: 'loop',
    name: 'scalars',
    buffers: [...buffers, { source: out, access: 'write' }],
    parallel: [axis],
    stores,
  };
}

const toBits = (value: Expr): Expr =>
  value.dtype === 'int32'
    ? value
    : value.dtype === 'bool'
      ? op('convert', [value], 'int32')
      : op('bitcast', [value], 'int32');

const asFloat = (bits: TypedArray): Float32Array => new Float32Array(Int32Array.from(bits).buffer);

/** Units in the last place between two floats; all NaNs are alike. */
function ulps(a: number, b: number): number {
  if (Object.is(a, b) || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b) || a === b) return Infinity;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.max(Math.abs(b), 2 ** -126))));
  return Math.abs(a - b) / 2 ** (exponent - 23);
}

const show = (x: number | undefined): string => (Object.is(x, -0) ? '-0' : String(x));

/** Runs the columns and compares each with the reference. */
async function compare(
  columns: readonly Column[],
  x: readonly number[],
  y: readonly number[],
  build: (columns: readonly Column[]) => { kernel: LoopKernel; data: Parameters<typeof runOn>[2] },
): Promise<void> {
  const { kernel, data } = build(columns);
  const [actual] = await runOn(await device, kernel, data);
  const [expected] = reference(kernel, data);
  assert.ok(actual !== undefined && expected !== undefined);
  const [floats, wanted] = [asFloat(actual), asFloat(expected)];
  const wrong: string[] = [];
  columns.forEach(({ name, value, tolerance }, k) => {
    for (let i = 0; i < x.length; i++) {
      const at = k * x.length + i;
      // The reference loses the sign of erf(−0).
      if (name === 'erf' && x[i] === 0) continue;
      const isRight =
        value.dtype === 'float32'
          ? ulps(floats[at] ?? 0, wanted[at] ?? 0) <= tolerance
          : actual[at] === expected[at];
      if (isRight) continue;
      const [got, want] =
        value.dtype === 'float32' ? [floats[at], wanted[at]] : [actual[at], expected[at]];
      wrong.push(`${name}(${show(x[i])}, ${show(y[i])}) is ${show(got)}, should be ${show(want)}`);
      break;
    }
  });
  assert.is(wrong.slice(0, 20).join('\n'), '');
}

const floatSpecials = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  2,
  3,
  -3,
  1e-45,
  -1e-40,
  1.1754944e-38,
  3.4028235e38,
  -3.4028235e38,
  Infinity,
  -Infinity,
  Number.NaN,
  2147483648,
  -2147483648,
  4294967296,
  -2147483904,
  16777217,
  100000,
  1e7,
  88.8,
  -104,
  0.1,
  1e-6,
];
const intSpecials = [0, 1, -1, 2, -2, 7, -7, 31, 32, 33, 64, 255, 65536, 0x7fffffff, -0x80000000];
const unsignedSpecials = [
  0, 1, 2, 3, 7, 31, 32, 33, 255, 65536, 0x7fffffff, 0x80000000, 0xffffffff,
];

const pairs = (values: readonly number[]): [number[], number[]] => [
  values.flatMap((a) => values.map(() => a)),
  values.flatMap(() => [...values]),
];

/** Ulps by which results may be off, where not zero. */
const tolerances: Partial<Record<ScalarOp, number>> = {
  div: 2.5,
  pow: 3,
  atan2: 4,
  sqrt: 1,
  rsqrt: 2,
  exp: 2,
  expm1: 2,
  log: 2,
  log1p: 3,
  sin: 3,
  cos: 3,
  tan: 4,
  asin: 4,
  acos: 4,
  atan: 4,
  sinh: 4,
  cosh: 4,
  tanh: 5,
  asinh: 4,
  acosh: 4,
  atanh: 4,
  erf: 3,
  erfc: 10,
  // The square of the operand is rounded, as in XLA, so that random normals agree with JAX's.
  erfInv: 64,
  logistic: 3,
};
const integerOnly: readonly ScalarOp[] = [
  'and',
  'or',
  'xor',
  'not',
  'shiftLeft',
  'shiftRightLogical',
  'shiftRightArithmetic',
  'populationCount',
  'countLeadingZeros',
];
const everyType: readonly ScalarOp[] = [
  'add',
  'sub',
  'mul',
  'div',
  'rem',
  'max',
  'min',
  'neg',
  'abs',
  'sign',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'select',
  'convert',
  'bitcast',
];

function columnsFor(
  ops: readonly ScalarOp[],
  x: Expr,
  y: Expr,
  casts: readonly ScalarType[],
): Column[] {
  return ops.flatMap((name): Column[] => {
    const tolerance = tolerances[name] ?? 0;
    if (name === 'convert' || name === 'bitcast') {
      return casts.map((to) => ({ name: `${name} to ${to}`, value: op(name, [x], to), tolerance }));
    }
    if (name === 'select') return [{ name, value: op(name, [op('lt', [x, y]), x, y]), tolerance }];
    // A product that is exact: whether it is rounded before the sum is up to the device.
    if (name === 'mulAdd') {
      return [{ name, value: op(name, [x, constant(1, 'float32'), y]), tolerance }];
    }
    const args = scalarOpFacts[name].arity === 1 ? [x] : [x, y];
    return [{ name, value: op(name, args), tolerance }];
  });
}

function typed(dtype: ScalarType, x: readonly number[], y: readonly number[]) {
  const axis = makeAxis(x.length);
  const [a, b] = [makeSource(dtype, x.length), makeSource(dtype, x.length)];
  const host = (values: readonly number[]): TypedArray =>
    dtype === 'float32'
      ? Float32Array.from(values)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : Uint32Array.from(values);
  return {
    x: load(a, axisIndex(axis)),
    y: load(b, axisIndex(axis)),
    build: (columns: readonly Column[]) => ({
      kernel: pack(
        columns,
        [
          { source: a, access: 'read' },
          { source: b, access: 'read' },
        ],
        axis,
      ),
      data: new Map([
        [a, host(x)],
        [b, host(y)],
      ]),
    }),
  };
}

const names = Object.keys(scalarOpFacts) as ScalarOp[]; // The table's own keys.
const isAvailable = hasWebGpu('scalars.test.ts');
const device = isAvailable ? makeDevice() : Promise.reject(new Error('no adapter'));
device.catch(() => {});

if (isAvailable) {
  test('every float operation agrees with the reference on special values', async () => {
    const [x, y] = pairs(floatSpecials);
    const { x: a, y: b, build } = typed('float32', x, y);
    const ops = names.filter((name) => !integerOnly.includes(name));
    await compare(columnsFor(ops, a, b, ['int32', 'uint32', 'bool', 'float32']), x, y, build);
  });

  test('float functions are accurate to a few units in the last place over their whole range', async () => {
    const count = 20_000;
    const x: number[] = [];
    const y: number[] = [];
    for (let i = 0; i < count; i++) {
      const t = i / count;
      const near = [
        20 * t - 10,
        2 * t - 1,
        200 * t - 100,
        10 ** (76 * t - 38),
        -(10 ** (76 * t - 38)),
      ];
      const far = [1e5 + 3 * i, 1e7 + 7 * i, Math.PI * 1000 * t * 2];
      x.push([...near, ...far][i % 8] ?? 0);
      y.push(((i * 37) % 101) / 10 - 5);
    }
    const { x: a, y: b, build } = typed('float32', x, y);
    const ops = names.filter((name) => tolerances[name] !== undefined || name === 'rem');
    await compare(columnsFor(ops, a, b, []), x, y, build);
  });

  test('every int32 operation agrees with the reference, INT_MIN and division by zero included', async () => {
    const [x, y] = pairs(intSpecials);
    const { x: a, y: b, build } = typed('int32', x, y);
    const ops = [...everyType, ...integerOnly];
    await compare(columnsFor(ops, a, b, ['float32', 'uint32', 'bool']), x, y, build);
  });

  test('every uint32 operation agrees with the reference', async () => {
    const [x, y] = pairs(unsignedSpecials);
    const { x: a, y: b, build } = typed('uint32', x, y);
    const ops = [...everyType.filter((name) => name !== 'sign'), ...integerOnly, 'pow' as const];
    await compare(columnsFor(ops, a, b, ['float32', 'int32', 'bool']), x, y, build);
  });

  test('an integer power by a negative exponent is 0 but for the bases 1 and −1', async () => {
    const x = [1, -1, -1, 2, 0, -3, 3];
    const y = [-5, -5, -4, -1, -1, -2, 4];
    const { x: a, y: b, build } = typed('int32', x, y);
    const { kernel, data } = build([{ name: 'pow', value: op('pow', [a, b]), tolerance: 0 }]);
    const [actual] = await runOn(await device, kernel, data);
    assert.equal([...(actual ?? [])], [1, -1, 1, 0, 0, 0, 81]);
  });

  test('every bool operation agrees with the reference', async () => {
    const x = [0, 0, 1, 1];
    const y = [0, 1, 0, 1];
    const { x: a, y: b, build } = typed('bool', x, y);
    const ops = [
      'and',
      'or',
      'xor',
      'not',
      'eq',
      'ne',
      'lt',
      'le',
      'gt',
      'ge',
      'max',
      'min',
      'select',
      'convert',
    ] as const;
    await compare(columnsFor(ops, a, b, ['float32', 'int32', 'uint32']), x, y, build);
  });

  test('constants of every kind arrive exactly, and operations on them alone compile', async () => {
    const x = [0];
    const { build } = typed('float32', x, x);
    const floats = [0, -0, 1e-45, -1e-40, 3.4028235e38, Infinity, -Infinity, Number.NaN, 0.1, -7];
    const columns: Column[] = [
      ...floats.map((v) => ({ name: String(v), value: constant(v, 'float32'), tolerance: 0 })),
      ...[0x7fffffff, -0x80000000, -1].map((v) => ({
        name: String(v),
        value: constant(v, 'int32'),
        tolerance: 0,
      })),
      { name: 'uint', value: constant(0xffffffff, 'uint32'), tolerance: 0 },
      {
        name: '1e38 · 1e38',
        value: op('mul', [constant(1e38, 'float32'), constant(1e38, 'float32')]),
        tolerance: 0,
      },
      {
        name: '1 / 0',
        value: op('div', [constant(1, 'int32'), constant(0, 'int32')]),
        tolerance: 0,
      },
      { name: 'exp 200', value: op('exp', [constant(200, 'float32')]), tolerance: 0 },
      {
        name: 'max + 1',
        value: op('add', [constant(0x7fffffff, 'int32'), constant(1, 'int32')]),
        tolerance: 0,
      },
      {
        name: '1 << 40',
        value: op('shiftLeft', [constant(1, 'int32'), constant(40, 'int32')]),
        tolerance: 0,
      },
    ];
    await compare(columns, x, x, build);
  });
}

test.run();
