/** Every scalar operation, one element at a time and four at a time, against JavaScript's numbers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ScalarType } from '../../core/base/dtype.ts';
import type { LoopKernel } from '../../core/compile/kernel.ts';
import { axisIndex, load, makeAxis, makeSource, op } from '../../core/ir/expr.ts';
import { type ScalarOp, scalarOpFacts } from '../../core/ir/scalar-ops.ts';
import { coerce } from './interpreter.ts';
import { runKernel } from './run-kernel.ts';
import { scalarReference } from './scalar-reference.ts';

const tiny = 2 ** -149;
const largest = 3.4028234663852886e38;
const floats = [
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
  10,
  1e-3,
  -1e-3,
  1e-8,
  1e-20,
  0.7,
  0.9999999,
  1.0000001,
  Math.PI,
  Math.PI / 2,
  Math.PI / 4,
  -Math.PI,
  100,
  -100,
  88.5,
  88.8,
  -87.2,
  -103.5,
  -104.5,
  1234.567,
  1e4,
  1e5,
  123456.789,
  1e7,
  9999999,
  16777216,
  1e10,
  2 ** 31,
  2 ** 32,
  -(2 ** 31),
  1e20,
  -1e20,
  1e30,
  tiny,
  -tiny,
  1e-38,
  1.1754943508222875e-38,
  largest,
  -largest,
  Infinity,
  -Infinity,
  Number.NaN,
  0.3,
  0.62,
  0.63,
  0.1,
  1.2,
  4,
  7,
  -0.99,
  0.99,
  3.9,
  5.5,
  9.1,
  ...Array.from({ length: 300 }, (_, k) => Math.sin(k * 12.9898) * 10 ** ((k % 9) - 4)),
];
const integers = [
  0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 100, 255, 65535, 65536, 0x7fffffff, -0x80000000,
  -0x7fffffff, 12345678, -87654321,
];
const samples: Record<ScalarType, readonly number[]> = {
  float32: floats,
  int32: integers,
  uint32: integers.map((value) => value >>> 0),
  bool: [0, 1],
};

/** Units in the last place that each approximation may be off by. */
const tolerance: Partial<Record<ScalarOp, number>> = {
  exp: 2,
  expm1: 3,
  log: 2,
  log1p: 3,
  sin: 2,
  cos: 2,
  tan: 4,
  asin: 3,
  acos: 3,
  atan: 3,
  sinh: 4,
  cosh: 3,
  // The formula is the one of JAX, which rounds x² near 1, so that normal draws agree.
  tanh: 3,
  asinh: 4,
  acosh: 4,
  atanh: 4,
  erf: 4,
  erfc: 8,
  erfInv: 40,
  logistic: 3,
  pow: 4,
  atan2: 4,
  rsqrt: 2,
};

const bitsOf = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getInt32(0);
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
};

const distance = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Infinity;
  if (a === 0 && b === 0) return Object.is(a, b) ? 0 : 1e-3;
  return Math.abs(bitsOf(a) - bitsOf(b));
};

function check(
  name: ScalarOp,
  types: readonly ScalarType[],
  result: ScalarType,
  simd: boolean,
): void {
  const lists = types.map((type) => samples[type].map((value) => coerce(value, type)));
  const rows = lists.reduce<number[][]>(
    (all, list) =>
      all.flatMap((row) =>
        (list.length > 80 && types.length > 1 ? list.slice(0, 66) : list).map((v) => [...row, v]),
      ),
    [[]],
  );
  const axis = makeAxis(rows.length);
  const sources = types.map((type) => makeSource(type, rows.length));
  const target = makeSource(result, rows.length);
  const kernel: LoopKernel = {
    kind: 'loop',
    name,
    buffers: [
      ...sources.map((source) => ({ source, access: 'read' as const })),
      { source: target, access: 'write' as const },
    ],
    parallel: [axis],
    stores: [
      {
        target,
        index: axisIndex(axis),
        value: op(
          name,
          sources.map((s) => load(s, axisIndex(axis))),
          result,
        ),
        mode: 'set',
        guard: null,
        serial: [],
      },
    ],
  };
  const contents = new Map(sources.map((source, k) => [source, rows.map((row) => row[k] ?? 0)]));
  const values = runKernel(kernel, contents, { simd }).get(target) ?? [];
  const allowed = tolerance[name] ?? 0;
  const faults = rows.flatMap((row, k) => {
    const expected = scalarReference(name, row, types, result);
    const actual = values[k] ?? Number.NaN;
    const far = result === 'float32' ? distance(actual, expected) > allowed : actual !== expected;
    const [a = 0, b = 0, c = 0] = row;
    const isFused = name === 'mulAdd' && distance(actual, Math.fround(a * b + c)) <= 1;
    return far && !isFused
      ? [
          `${name}(${row.join(', ')}): got ${actual}, expected ${expected} (${distance(actual, expected)} ulp)`,
        ]
      : [];
  });
  assert.equal(faults.slice(0, 12), [], `${faults.length} of ${rows.length}`);
}

const floatOnly = new Set<ScalarOp>([
  'atan2',
  'floor',
  'ceil',
  'round',
  'sqrt',
  'rsqrt',
  'exp',
  'expm1',
  'log',
  'log1p',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
  'erf',
  'erfc',
  'erfInv',
  'logistic',
  'mulAdd',
  'isFinite',
  'roundBfloat16',
  'roundFloat16',
]);
const integerOnly = new Set<ScalarOp>([
  'and',
  'or',
  'xor',
  'not',
  'shiftLeft',
  'shiftRightLogical',
  'shiftRightArithmetic',
  'populationCount',
  'countLeadingZeros',
]);
const logical = new Set<ScalarOp>([
  'and',
  'or',
  'xor',
  'not',
  'eq',
  'ne',
  'max',
  'min',
  'lt',
  'le',
  'gt',
  'ge',
]);
const numeric: readonly ScalarType[] = ['float32', 'int32', 'uint32'];

function typesFor(name: ScalarOp): readonly ScalarType[] {
  const rest = floatOnly.has(name)
    ? ['float32' as const]
    : integerOnly.has(name)
      ? (['int32', 'uint32'] as const)
      : numeric;
  return logical.has(name) ? [...rest, 'bool'] : rest;
}

const names = Object.keys(scalarOpFacts) as ScalarOp[]; // The table's keys are the operations.
for (const simd of [false, true]) {
  const how = simd ? 'four elements at a time' : 'one element at a time';
  for (const name of names) {
    const { arity, result } = scalarOpFacts[name];
    if (name === 'select') {
      for (const type of [...numeric, 'bool'] as const) {
        test(`select on ${type} follows its definition, ${how}`, () =>
          check(name, ['bool', type, type], type, simd));
      }
    } else if (result === 'given') {
      const all: readonly ScalarType[] = name === 'bitcast' ? numeric : [...numeric, 'bool'];
      for (const from of all) {
        for (const to of all) {
          test(`${name} from ${from} to ${to} follows its definition, ${how}`, () =>
            check(name, [from], to, simd));
        }
      }
    } else {
      for (const type of typesFor(name)) {
        test(`${name} on ${type} follows its definition, ${how}`, () => {
          check(
            name,
            new Array<ScalarType>(arity).fill(type),
            result === 'bool' ? 'bool' : type,
            simd,
          );
        });
      }
    }
  }
}

test.run();
