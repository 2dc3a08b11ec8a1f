/** The breadth of the array API and its gradients against JAX, recorded by test/golden/make-breadth.py. */
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Value } from '../../core/ir/value.ts';
import { grad, np, setDefaultDevice } from '../../index.ts';
import { hasWebGpu, isFull } from '../support/devices.ts';
import { namespaces } from './namespaces.ts';

interface Recorded {
  readonly dtype: np.DType;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

interface Case {
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly results: readonly Recorded[];
  readonly argnums?: readonly number[];
  readonly grads?: readonly Recorded[];
  readonly tolerance?: number;
  /** What a function gives that gives no arrays. */
  readonly value?: unknown;
}

type Call = (...args: unknown[]) => unknown;

const folder = new URL('../golden/', import.meta.url);
const cases: readonly Case[] = readdirSync(folder)
  .filter((file) => /^breadth.*\.json$/.test(file))
  .flatMap((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')).cases as Case[]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isArray = (value: unknown): value is Recorded =>
  isRecord(value) && 'dtype' in value && 'data' in value;

const specials: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-0': -0,
};
const numberOf = (value: number | string): number =>
  typeof value === 'string' ? (specials[value] ?? Number.NaN) : value;

/** What a recorded argument stands for. */
function decode(value: unknown): unknown {
  if (isArray(value)) {
    return np.array(value.data.map(numberOf), { dtype: value.dtype }).reshape(value.shape);
  }
  if (typeof value === 'string' && Object.hasOwn(specials, value)) return numberOf(value);
  if (Array.isArray(value)) return value.map(decode);
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, decode(item)]))
    : value;
}

/** The function of this name; the recording knows functions by name only. */
function functionNamed(name: string): Call {
  const found = name
    .split('.')
    .reduce<unknown>((space, part) => (space as Record<string, unknown>)[part], namespaces);
  assert.type(found, 'function', `there is no ${name}`);
  return found as Call;
}

const listOf = (result: unknown): np.Array[] =>
  result instanceof Value
    ? [result]
    : typeof result === 'number' || typeof result === 'boolean'
      ? [np.asarray(result)]
      : Object.values(result as object).flatMap(listOf);

/** Σ over all float results of element · cos(position + 1). */
const weighted = (results: readonly np.Array[]): np.Array =>
  results
    .filter(({ dtype }) => dtype === 'float32')
    .map((x) => {
      const weights = np.cos(np.arange(1, x.size + 1, { dtype: 'float32' }));
      return np.sum(np.multiply(np.ravel(x), weights));
    })
    .reduce((a, b) => np.add(a, b));

async function compare(label: string, got: np.Array, wanted: Recorded, tolerance: number) {
  assert.is(`${got.dtype}[${got.shape}]`, `${wanted.dtype}[${wanted.shape}]`, label);
  const found = [...(await got.data())];
  const expected = wanted.data.map(numberOf);
  const finite = expected.filter(Number.isFinite).map(Math.abs);
  const scale = Math.max(1e-5, ...finite);
  const allowed = wanted.dtype === 'float32' ? tolerance : 0;
  const isWrong = (value: number, i: number): boolean => {
    const aim = expected[i] ?? Number.NaN;
    if (!Number.isFinite(aim)) return !Object.is(value, aim);
    return !(Math.abs(value - aim) <= allowed * (Math.abs(aim) + 0.3 * Math.min(scale, 1e6)));
  };
  const wrong = found.findIndex(isWrong);
  assert.is(wrong, -1, `${label}: element ${wrong} is ${found[wrong]}, not ${expected[wrong]}`);
}

async function check(one: Case): Promise<void> {
  const { fn, args, kwargs = {}, results, grads, argnums = [], tolerance = 1e-5 } = one;
  const label = `${fn}(${JSON.stringify(args).slice(1, -1).slice(0, 200)}, ${JSON.stringify(kwargs).slice(0, 100)})`;
  const options = Object.keys(kwargs).length > 0 ? [decode(kwargs)] : [];
  const decoded = args.map(decode);
  const call = functionNamed(fn);
  const run = (given: readonly unknown[]): np.Array[] => listOf(call(...given, ...options));
  try {
    if (one.value !== undefined) {
      assert.equal(call(...decoded, ...options), one.value, label);
      return;
    }
    const got = run(decoded);
    assert.is(got.length, results.length, label);
    for (const [k, result] of got.entries()) {
      await compare(label, result, results[k] as Recorded, tolerance);
    }
    if (grads === undefined) return;
    const loss = (chosen: np.Array[]): np.Array =>
      weighted(run(decoded.map((arg, k) => chosen[argnums.indexOf(k)] ?? arg)));
    const found = grad(loss)(argnums.map((k) => decoded[k] as np.Array));
    for (const [k, wanted] of grads.entries()) {
      await compare(`gradient ${k} of ${label}`, found[k] as np.Array, wanted, 10 * tolerance);
    }
  } catch (error) {
    if (error instanceof assert.Assertion) throw error;
    throw new Error(`${label}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
}

/** The values alone. */
const withoutGradients = ({ grads: _, ...rest }: Case): Case => rest;

const only = process.env.BREADTH;
const names = [...new Set(cases.map(({ fn }) => fn))].filter(
  (name) => only === undefined || name.includes(only),
);
for (const device of ['js', 'wasm'] as const) {
  for (const name of names) {
    test(`${name} agrees with JAX on ${device}`, async () => {
      await setDefaultDevice(device);
      for (const one of cases) if (one.fn === name) await check(one);
    });
  }
}

/** Every twelfth function, where each kernel takes long to compile; decompositions have many. */
const onGpu = isFull
  ? names
  : names.filter((name, i) => i % 12 === 0 && !/linalg|matri|minimize|eig|svd/.test(name));
if (hasWebGpu) {
  for (const name of onGpu) {
    test(`${name} agrees with JAX on webgpu`, async () => {
      await setDefaultDevice('webgpu');
      const own = cases.filter(({ fn }) => fn === name);
      for (const one of isFull ? own : own.slice(0, 1)) {
        await check(isFull ? one : withoutGradients(one));
      }
    });
  }
} else {
  console.log('not run: recordings on webgpu, without an adapter');
}

test.run();
