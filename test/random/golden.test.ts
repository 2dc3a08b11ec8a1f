/** Random numbers against those of JAX 0.10.2, recorded in test/golden/jax_random.json. */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random.ts';
import '../numpy/device.ts';

interface Args {
  readonly shape?: readonly number[] | null;
  readonly num?: number | readonly number[];
  readonly data?: number;
  readonly seed?: number;
  readonly ctr?: readonly [number, number];
  readonly minval?: number | readonly number[];
  readonly maxval?: number | readonly number[];
  readonly dtype?: string | null;
  readonly lower?: number;
  readonly upper?: number;
  readonly p?: number | readonly number[];
  readonly mode?: string;
  readonly x?: number | string;
  readonly a?: number;
  readonly axis?: number;
  readonly independent?: boolean;
  readonly logits?: np.ArrayData;
  readonly replace?: boolean;
}

interface Case {
  readonly fn: string;
  readonly key: readonly [number, number] | null;
  readonly args: Args;
  readonly dtype?: string;
  readonly shape?: readonly number[];
  readonly enc?: 'int' | 'bits';
  readonly data?: readonly number[];
  readonly exact: boolean;
  readonly crc32?: number;
  readonly head?: readonly number[];
}

const golden = new URL('../golden/jax_random.json', import.meta.url);
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(golden, 'utf8'));

const keyOf = ({ key }: Case): np.Array => np.array([...(key ?? [0, 0])], { dtype: 'uint32' });
const integers = (x: number | readonly number[] | undefined): np.ArrayLike =>
  typeof x === 'object' ? np.array(x, { dtype: 'int32' }) : (x ?? 0);
const floats = (x: number | readonly number[] | undefined): np.ArrayLike =>
  typeof x === 'object' ? np.array(x) : (x ?? 0);

function permute({ args, ...rest }: Case): np.Array {
  const key = keyOf({ args, ...rest });
  if (typeof args.x === 'number') return random.permutation(key, args.x);
  const { axis = 0, independent = false } = args;
  return random.permutation(key, np.arange(12).reshape(3, 4), { axis, independent });
}

/** How each recorded function is called here. */
const calls: Record<string, (c: Case) => np.Array> = {
  key: ({ args }) => random.key(args.seed ?? 0),
  split: (c) => random.split(keyOf(c), c.args.num ?? 2),
  fold_in: (c) => random.foldIn(keyOf(c), c.args.data ?? 0),
  bits: (c) => random.bits(keyOf(c), c.args.shape ?? []),
  uniform: (c) =>
    random.uniform(keyOf(c), c.args.shape ?? [], {
      minval: floats(c.args.minval ?? 0),
      maxval: floats(c.args.maxval ?? 1),
    }),
  normal: (c) => random.normal(keyOf(c), c.args.shape ?? []),
  truncated_normal: (c) =>
    random.truncatedNormal(keyOf(c), c.args.lower ?? 0, c.args.upper ?? 0, c.args.shape ?? []),
  gumbel: (c) => random.gumbel(keyOf(c), c.args.shape ?? []),
  exponential: (c) => random.exponential(keyOf(c), c.args.shape ?? []),
  laplace: (c) => random.laplace(keyOf(c), c.args.shape ?? []),
  logistic: (c) => random.logistic(keyOf(c), c.args.shape ?? []),
  rademacher: (c) => random.rademacher(keyOf(c), c.args.shape ?? []),
  bernoulli: (c) => random.bernoulli(keyOf(c), floats(c.args.p), c.args.shape ?? []),
  randint: (c) =>
    random.randint(keyOf(c), c.args.shape ?? [], integers(c.args.minval), integers(c.args.maxval), {
      dtype: c.args.dtype === 'uint32' ? 'uint32' : 'int32',
    }),
  permutation: permute,
  choice: (c) =>
    random.choice(keyOf(c), c.args.a ?? 0, c.args.shape ?? [], {
      replace: c.args.replace ?? true,
      ...(c.args.p === undefined ? {} : { p: floats(c.args.p) }),
    }),
  categorical: (c) =>
    random.categorical(keyOf(c), np.array(c.args.logits ?? []), {
      axis: c.args.axis ?? -1,
      replace: c.args.replace ?? true,
      ...(c.args.shape ? { shape: c.args.shape } : {}),
    }),
};

/** Recorded in modes or element types that do not exist here, or tested elsewhere. */
const isOurs = ({ fn, dtype, args, key }: Case): boolean =>
  Object.hasOwn(calls, fn) &&
  !['uint8', 'uint16', 'int8', 'int16', 'float16', 'bfloat16'].includes(dtype ?? '') &&
  args.mode !== 'high' &&
  // A seed beyond 2⁵³ is no whole number in JavaScript.
  (key !== null || Number.isSafeInteger(args.seed));

const ours = cases.filter(isOurs);

/** Floats in order as whole numbers, so that neighbours differ by one. */
const order = (bits: number): number => (bits < 0x80000000 ? bits : 0x80000000 - bits);

/** Units in the last place by which a float may differ where logarithms or erfInv are involved. */
const maxUlp = 8;
/** Near zero, where a difference of nearly equal numbers was taken, this much may be off. */
const maxError = 1e-7;

const floatOf = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;

async function check(c: Case): Promise<void> {
  const called = calls[c.fn];
  if (called === undefined) throw new Error(`no call for ${c.fn}`);
  const result = called(c);
  const got = await result.data();
  const label = `${c.fn} ${JSON.stringify(c.key)} ${JSON.stringify(c.args)}`;
  if (c.crc32 !== undefined) {
    assert.equal([...got.subarray(0, 8)], c.head, label);
    assert.is(crc32(new Uint8Array(got.buffer, got.byteOffset, got.byteLength)), c.crc32, label);
    return;
  }
  assert.equal([...result.shape], c.shape, label);
  assert.is(result.dtype, c.dtype, label);
  if (c.enc === 'int') {
    assert.equal([...got], c.data, label);
    return;
  }
  const bits = [...new Uint32Array(Float32Array.from(got).buffer)];
  if (c.exact) assert.equal(bits, c.data, label);
  const distances = bits.map((b, i) => {
    const wanted = c.data?.[i] ?? 0;
    if (Math.abs(floatOf(b) - floatOf(wanted)) <= maxError) return 0;
    return Math.abs(order(b) - order(wanted));
  });
  assert.ok(Math.max(0, ...distances) <= maxUlp, `${label}: off by ${distances.join(', ')} ulp`);
}

for (const name of Object.keys(calls)) {
  test(`${name} gives JAX's numbers`, async () => {
    const own = ours.filter((c) => c.fn === name);
    assert.ok(own.length > 0);
    for (const c of own) await check(c);
  });
}

test('keys that come from keys are those of JAX', async () => {
  const chain = cases.find((c) => c.fn === 'split_chain');
  const second = random.split(random.split(random.key(0)).get(0)).get(1);
  assert.equal([...(await random.split(second).data())], chain?.data);
});

test.run();
