/** The array API against jax.numpy 0.10.2, recorded by test/golden/make-numpy.py. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as np from '../../core/numpy/index.ts';
import { device } from './device.ts';

interface Recorded {
  readonly dtype: np.DType;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

interface Case {
  readonly fn: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly result: Recorded | readonly Recorded[];
}

type Call = (...args: unknown[]) => np.Array | np.Array[];

const golden = new URL('../golden/numpy.json', import.meta.url);
const { cases }: { cases: Case[] } = JSON.parse(readFileSync(golden, 'utf8'));

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
  if (isRecord(value) && Array.isArray(value.slice)) {
    const [start, stop, step] = value.slice;
    return np.slice(start, stop, step);
  }
  if (typeof value === 'string' && Object.hasOwn(specials, value)) return numberOf(value);
  if (Array.isArray(value)) return value.map(decode);
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, decode(item)]))
    : value;
}

// The recording knows functions by name only; a wrong name or argument fails the case that has it.
const functionNamed = (name: string): Call => {
  const [space, method] = name.split('.');
  if (space === 'at') {
    return (x, index, ...rest) => {
      const part = (x as np.Array).at(...(index as np.Index[]));
      return (part[method as 'set'] as Call).apply(part, rest);
    };
  }
  if (name === 'get') return (x, index) => (x as np.Array).get(...(index as np.Index[]));
  const owner = space === 'linalg' ? np.linalg : np;
  return (owner as unknown as Record<string, Call>)[method ?? name] as Call;
};

/** Functions that add up terms of either sign, so that what is left may be small. */
const sums = new Set(
  'sum mean average std var trace einsum matmul dot vdot vecdot tensordot cross cumsum linspace logaddexp'.split(
    ' ',
  ),
);

/** Relative error allowed. */
const relative = 4e-6;

function agrees(fn: string, got: number, wanted: number): boolean {
  if (!Number.isFinite(wanted)) return Object.is(got, wanted);
  const absolute = sums.has(fn) ? 2e-6 : 1e-30;
  return Math.abs(got - wanted) <= absolute + relative * Math.abs(wanted);
}

async function compare(
  label: string,
  fn: string,
  result: np.Array,
  wanted: Recorded,
): Promise<void> {
  assert.is(`${result.dtype}[${result.shape}]`, `${wanted.dtype}[${wanted.shape}]`, label);
  const got = [...(await result.data())];
  const expected = wanted.data.map(numberOf);
  const wrong = got.findIndex((value, i) => !agrees(fn, value, expected[i] ?? Number.NaN));
  assert.is(wrong, -1, `${label}: element ${wrong} is ${got[wrong]}, not ${expected[wrong]}`);
}

async function check({ fn, args, kwargs, result }: Case): Promise<void> {
  const label = `${fn}(${JSON.stringify(args).slice(1, -1).slice(0, 300)}, ${JSON.stringify(kwargs)})`;
  const hasOptions = Object.keys(kwargs).length > 0;
  const decoded = args.map(decode);
  let got: np.Array | np.Array[];
  try {
    got = functionNamed(fn)(...decoded, ...(hasOptions ? [decode(kwargs)] : []));
  } catch (error) {
    throw new Error(`${label}: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
  }
  const results = Array.isArray(got) ? got : [got];
  const wanted = Array.isArray(result) ? result : [result];
  assert.is(results.length, wanted.length, label);
  for (const [i, one] of results.entries()) await compare(label, fn, one, wanted[i] as Recorded);
}

for (const name of new Set(cases.map(({ fn }) => fn))) {
  test(`${name} agrees with JAX on ${device.name}`, async () => {
    for (const c of cases) if (c.fn === name) await check(c);
  });
}

test.run();
