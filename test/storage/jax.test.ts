/** Narrow types against JAX: promotion, arithmetic, conversions, reductions, products, random numbers. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type DType, dtypes, isFloat, promoteDTypes } from '../../core/base/dtype.ts';
import { bfloat16Bits, float16Bits } from '../../core/base/half.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as prim from '../../core/primitives/index.ts';
import * as random from '../../core/random.ts';
import { grad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';

type Number_ = number | 'nan' | 'inf' | '-inf' | '-0';
interface Recorded {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly Number_[];
}
interface Golden {
  readonly promotion: Readonly<Record<string, DType>>;
  readonly samples: Readonly<Record<string, readonly Number_[]>>;
  readonly elementwise: readonly { op: string; dtype: DType; result: Recorded }[];
  readonly conversions: {
    readonly float32: readonly Number_[];
    readonly int32: readonly Number_[];
    readonly records: readonly { from: DType; to: DType; result: Recorded }[];
  };
  readonly reductions: readonly (Readonly<Record<string, Recorded>> & {
    dtype: DType;
    x: readonly Number_[];
  })[];
  readonly products: readonly {
    dtype: DType;
    x: readonly Number_[];
    y: readonly Number_[];
    product: Recorded;
    wide: Recorded;
    loss?: Recorded;
    gradients?: readonly Recorded[];
  }[];
  readonly draws: readonly {
    name: 'uniform' | 'normal' | 'gumbel' | 'exponential' | 'laplace' | 'logistic';
    dtype: 'bfloat16' | 'float16';
    bounds?: readonly [number, number];
    result: Recorded;
  }[];
  readonly creation: readonly { code: string; dtype: DType; result: Recorded }[];
  readonly facts: {
    readonly finfo: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly iinfo: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

const path = new URL('../golden/storage.json', import.meta.url);
const golden: Golden = JSON.parse(readFileSync(path, 'utf8'));
const devices =
  process.env.ENERJAX_TEST_WEBGPU === '1'
    ? (['js', 'wasm', 'webgpu'] as const)
    : (['js', 'wasm'] as const);

const leastNormal = 2 ** -126;

const numberOf = (x: Number_): number =>
  x === 'nan'
    ? Number.NaN
    : x === 'inf'
      ? Infinity
      : x === '-inf'
        ? -Infinity
        : x === '-0'
          ? -0
          : x;

/** The place of a value in the order of all values of its type, so that differences count in units in the last place. */
function place(x: number, dtype: DType): number {
  const bits = dtype === 'bfloat16' ? bfloat16Bits(x) : float16Bits(x);
  return bits & 0x8000 ? -(bits & 0x7fff) : bits;
}

/** Complaints about elements that are more than `ulps` units of their type away. */
function differences(
  what: string,
  found: ArrayLike<number>,
  { dtype, values }: Recorded,
  ulps: number,
): string[] {
  const wanted = values.map(numberOf);
  if (wanted.length !== found.length) return [`${what}: ${found.length} elements`];
  return wanted.flatMap((w, i) => {
    const f = found[i] ?? Number.NaN;
    if (Number.isNaN(w) && Number.isNaN(f)) return [];
    // XLA flushes what is below the least normal number on CPUs, and GPUs may.
    if (Math.abs(w) <= leastNormal && Math.abs(f) <= leastNormal) return [];
    const isNear =
      dtype === 'bfloat16' || dtype === 'float16'
        ? Math.abs(place(f, dtype) - place(w, dtype)) <= ulps
        : isFloat(dtype)
          ? Math.abs(f - w) <= 1e-5 * Math.max(1, Math.abs(w))
          : f === w;
    return isNear ? [] : [`${what}[${i}]: ${f}, JAX ${w}`];
  });
}

const check = (complaints: readonly string[]): void =>
  assert.equal(complaints.slice(0, 12), [], `${complaints.length} differences`);

async function compare(what: string, found: Value, wanted: Recorded, ulps = 0): Promise<string[]> {
  if (found.dtype !== wanted.dtype) return [`${what}: ${found.dtype}, JAX ${wanted.dtype}`];
  return differences(what, await found.data(), wanted, ulps);
}

const given = (values: readonly Number_[], dtype: DType, shape?: readonly number[]): Value => {
  const x = np.array(values.map(numberOf), { dtype });
  return shape === undefined ? x : np.reshape(x, shape);
};

test('promotion of every pair of types is JAX’s', () => {
  const kinds = new Map<string, { dtype: DType; weak: boolean }>([
    ...dtypes.map((dtype) => [dtype, { dtype, weak: false }] as const),
    ['weak int', { dtype: 'int32', weak: true }],
    ['weak float', { dtype: 'float32', weak: true }],
  ]);
  const wrong = [...kinds].flatMap(([a, x]) =>
    [...kinds].flatMap(([b, y]) => {
      const found = promoteDTypes([x, y]).dtype;
      const wanted = golden.promotion[`${a} ${b}`];
      return found === wanted ? [] : [`${a} with ${b}: ${found}, JAX ${wanted}`];
    }),
  );
  check(wrong);
});

test('facts about types are JAX’s', () => {
  for (const dtype of ['bfloat16', 'float16', 'float32'] as const) {
    const {
      bits,
      eps,
      max,
      min,
      tiny,
      smallest_subnormal: least,
    } = golden.facts.finfo[dtype] ?? {};
    const found = np.finfo(dtype);
    assert.equal([found.bits, found.eps, found.max, found.min], [bits, eps, max, min]);
    assert.equal([found.tiny, found.smallestSubnormal], [tiny, least]);
  }
  for (const dtype of ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32'] as const) {
    assert.equal(np.iinfo(dtype), golden.facts.iinfo[dtype]);
  }
});

/** Operations whose float32 results are not correctly rounded: a unit of the narrow type may be lost. */
const approximate = new Set(['exp', 'log', 'tanh', 'logistic', 'sin', 'erf', 'rsqrt']);

const { uniform, normal, gumbel, exponential, laplace, logistic } = random;
const draw = { uniform, normal, gumbel, exponential, laplace, logistic };

const operations: Readonly<Record<string, (x: Value, y: Value) => Value>> = {
  add: prim.add,
  sub: prim.sub,
  mul: prim.mul,
  div: prim.div,
  rem: prim.rem,
  max: prim.max,
  min: prim.min,
  eq: prim.eq,
  lt: prim.lt,
  and: prim.and,
  or: prim.or,
  xor: prim.xor,
  not: prim.not,
  shiftLeft: prim.shiftLeft,
  shiftRightLogical: prim.shiftRightLogical,
  shiftRightArithmetic: prim.shiftRightArithmetic,
  populationCount: prim.populationCount,
  countLeadingZeros: prim.countLeadingZeros,
  neg: prim.neg,
  abs: prim.abs,
  sign: prim.sign,
  floor: prim.floor,
  round: prim.round,
  sqrt: prim.sqrt,
  rsqrt: prim.rsqrt,
  exp: prim.exp,
  log: prim.log,
  tanh: prim.tanh,
  logistic: prim.logistic,
  sin: prim.sin,
  erf: prim.erf,
};

for (const device of devices) {
  test(`arithmetic is JAX’s, bit for bit where float32 is exact, on ${device}`, async () => {
    await setDefaultDevice(device);
    const complaints: string[] = [];
    for (const dtype of Object.keys(golden.samples)) {
      const records = golden.elementwise.filter((record) => record.dtype === dtype);
      const x = given(golden.samples[dtype] ?? [], records[0]?.dtype ?? 'int8');
      const n = x.size;
      const left = np.reshape(np.broadcastTo(np.reshape(x, [n, 1]), [n, n]), [n * n]);
      const right = np.reshape(np.broadcastTo(x, [n, n]), [n * n]);
      const run = jit((x: Value, a: Value, b: Value) =>
        records.map(({ op, result }) => {
          const apply = operations[op];
          if (apply === undefined) throw new Error(`no operation ${op}`);
          return result.values.length === n ? apply(x, x) : apply(a, b);
        }),
      );
      const results = run(x, left, right);
      for (const [i, { op, result }] of records.entries()) {
        const found = results[i];
        if (found === undefined) throw new Error('a result is missing');
        const isApproximate = approximate.has(op);
        complaints.push(...(await compare(`${op} ${dtype}`, found, result, isApproximate ? 1 : 0)));
      }
    }
    check(complaints);
  });

  test(`conversions are JAX’s on ${device}`, async () => {
    await setDefaultDevice(device);
    const { records, float32, int32 } = golden.conversions;
    const complaints: string[] = [];
    for (const from of ['float32', 'int32', ...Object.keys(golden.samples)] as DType[]) {
      const wanted = records.filter((record) => record.from === from);
      const values = from === 'float32' ? float32 : from === 'int32' ? int32 : golden.samples[from];
      const results = jit((x: Value) => wanted.map(({ to }) => x.astype(to)))(
        given(values ?? [], from),
      );
      for (const [i, { to, result }] of wanted.entries()) {
        const found = results[i];
        if (found === undefined) throw new Error('a result is missing');
        complaints.push(...(await compare(`${from} to ${to}`, found, result)));
      }
    }
    check(complaints);
  });

  test(`reductions keep JAX’s types and round once on ${device}`, async () => {
    await setDefaultDevice(device);
    const complaints: string[] = [];
    for (const record of golden.reductions) {
      const { dtype } = record;
      const x = given(record.x, dtype, [3, 100]);
      const short = prim.slice(x, [0, 0], [3, 4]);
      const found = jit((x: Value, short: Value) => ({
        sum: np.sum(x, { axis: 1 }),
        mean: np.mean(x, { axis: 1 }),
        max: np.max(x, { axis: 1 }),
        min: np.min(x, { axis: 1 }),
        var: np.var(x, { axis: 1 }),
        std: np.std(x, { axis: 1 }),
        cumsum: np.cumsum(short, { axis: 1 }),
        sort: np.sort(x, { axis: 1 }),
        argmax: np.argmax(x, { axis: 1 }),
        prod: np.prod(short, { axis: 1 }),
      }))(x, short);
      for (const [name, value] of Object.entries(found)) {
        const wanted = record[name];
        if (wanted !== undefined)
          complaints.push(
            ...(await compare(`${name} ${dtype}`, value, wanted, name === 'cumsum' ? 2 : 1)),
          );
      }
    }
    check(complaints);
  });

  test(`products accumulate in 32 bits, and so do their gradients, on ${device}`, async () => {
    await setDefaultDevice(device);
    const complaints: string[] = [];
    for (const { dtype, x: xs, y: ys, product, wide, loss, gradients } of golden.products) {
      const [x, y] = [given(xs, dtype, [6, 40]), given(ys, dtype, [40, 5])];
      const dims = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] };
      const options = { preferredElementType: wide.dtype };
      complaints.push(...(await compare(`matmul ${dtype}`, np.matmul(x, y), product, 0)));
      const sums = prim.dotGeneral(x, y, dims, options);
      complaints.push(...(await compare(`dotGeneral ${dtype}`, sums, wide)));
      if (loss === undefined || gradients === undefined) continue;
      const f = (x: Value, y: Value): Value =>
        np.mean(np.square(np.add(np.tanh(np.matmul(x, y)), 1)));
      complaints.push(...(await compare(`loss ${dtype}`, f(x, y), loss, 1)));
      const found = jit(grad(f, { argnums: [0, 1] }))(x, y);
      for (const [i, wanted] of gradients.entries()) {
        const gradient = found[i];
        if (gradient === undefined) throw new Error('a gradient is missing');
        complaints.push(...(await gradientDifferences(`gradient ${i} ${dtype}`, gradient, wanted)));
      }
    }
    check(complaints);
  });

  test(`random numbers of 16 bits are JAX’s on ${device}`, async () => {
    await setDefaultDevice(device);
    const key = random.key(7);
    const complaints: string[] = [];
    for (const { name, dtype, bounds, result } of golden.draws) {
      const found =
        bounds === undefined
          ? draw[name](key, [33], { dtype })
          : random.uniform(key, [33], { dtype, minval: bounds[0], maxval: bounds[1] });
      // The logarithms of a Gumbel draw are rounded twice.
      const ulps = name === 'uniform' ? 0 : name === 'gumbel' ? 2 : 1;
      complaints.push(...(await compare(`${name} ${dtype}`, found, result, ulps)));
    }
    check(complaints);
  });

  test(`ranges of narrow types are JAX’s on ${device}`, async () => {
    await setDefaultDevice(device);
    const complaints: string[] = [];
    for (const { code, dtype, result } of golden.creation) {
      const found =
        code === 'arange'
          ? np.arange(2, 40, 3, { dtype })
          : code === 'linspace'
            ? np.linspace(0, 7, 12, { dtype })
            : np.arange(0.5, 9, 0.7, { dtype });
      // XLA multiplies by the reciprocal of the number of gaps.
      const ulps = code === 'linspace' ? 1 : 0;
      complaints.push(...(await compare(`${code} ${dtype}`, found, result, ulps)));
    }
    check(complaints);
  });
}

/** Gradients pass through several roundings: they agree to a few units of the largest. */
async function gradientDifferences(
  what: string,
  found: Value,
  wanted: Recorded,
): Promise<string[]> {
  if (found.dtype !== wanted.dtype) return [`${what}: ${found.dtype}, JAX ${wanted.dtype}`];
  const values = wanted.values.map(numberOf);
  const scale = Math.max(...values.map(Math.abs));
  const unit = found.dtype === 'bfloat16' ? 2 ** -8 : 2 ** -11;
  return [...(await found.data())].flatMap((x, i) =>
    Math.abs(x - (values[i] ?? 0)) <= 3 * unit * scale
      ? []
      : [`${what}[${i}]: ${x}, JAX ${values[i]}`],
  );
}

test.run();
