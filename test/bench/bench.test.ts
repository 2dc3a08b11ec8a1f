/** The benchmarks run: every case can be traced, and contestants that are installed agree on a tiny one. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Case } from '../../bench/case.ts';
import { Unable } from '../../bench/case.ts';
import { cases } from '../../bench/cases/index.ts';
import { whyAbsent } from '../../bench/child.ts';
import { allowedBy, offenders } from '../../bench/compare.ts';
import type { Enerjax, EnerjaxArray } from '../../bench/contestants/enerjax-types.ts';
import { contestantNames } from '../../bench/contestants/index.ts';
import { difference, digest } from '../../bench/digest.ts';
import { elements } from '../../bench/inputs.ts';
import { merged, type Results, record } from '../../bench/results.ts';
import { Crew, measure, type Outcome } from '../../bench/rounds.ts';
import { geometricMean, spread } from '../../bench/statistics.ts';
import * as enerjax from '../../index.ts';
import * as energy from '../../models/energy/index.ts';

const library: Enerjax = { ...enerjax, energy };

/** Traces a case's program, its setup too. */
function traceCase({ enerjax: program, inputs }: Case): number {
  const body = program?.(library);
  if (body === undefined) return 0;
  const specs = inputs.map(({ shape, kind }) =>
    enerjax.arraySpec(shape, kind === 'index' ? 'int32' : 'float32'),
  );
  const whole = (...xs: EnerjaxArray[]): EnerjaxArray | readonly EnerjaxArray[] => {
    if (typeof body === 'function') return body(...xs);
    return body.f(...(body.setup(...xs) as readonly EnerjaxArray[])); // enerjax's setups are synchronous.
  };
  return [enerjax.evalShape(whole, ...specs)].flat().length;
}

test('no two cases have the same name', () => {
  assert.is(new Set(cases.map(({ name }) => name)).size, cases.length);
});

for (const example of cases) {
  test(`enerjax traces "${example.name}"`, () => {
    try {
      assert.ok(traceCase(example) > 0);
    } catch (error) {
      if (!(error instanceof Unable)) throw error;
    }
  });
}

test('installed contestants agree on a tiny product and a tiny call, and are timed', async () => {
  const names = contestantNames('cpu', 'cpu').filter((name) => whyAbsent(name) === null);
  assert.ok(names.includes('enerjax-wasm-1'));
  const crew = new Crew();
  for (const name of ['matmul 127', 'tiny call and read']) {
    const example = cases.find((one) => one.name === name);
    assert.ok(example);
    if (example === undefined) return;
    const outcomes = await measure(example, names, crew, {
      clock: 'wall',
      rounds: 2,
      milliseconds: 4,
    });
    for (const [who, outcome] of Object.entries(outcomes)) {
      assert.is(outcome.kind, 'measured', `${name}, ${who}: ${JSON.stringify(outcome)}`);
    }
  }
  await crew.dismissAll();
});

test('a result that differs is told from one that agrees', () => {
  const right = [digest([1, 2, 3, 4])];
  assert.ok(difference([digest([1, 2, 3, 4.00001])], right) < 1e-4);
  assert.ok(difference([digest([1, 2, 4, 3])], right) > 0.1);
  assert.is(difference([digest([1, 2, 3])], right), Number.POSITIVE_INFINITY);
  assert.is(difference([digest([1, 2, 3, Number.NaN])], right), Number.POSITIVE_INFINITY);
});

test('operands are the same every time, and spread as they should be', () => {
  const input = { shape: [10_000], kind: 'normal' } as const;
  const data = elements(input, 3);
  assert.equal(data, elements(input, 3));
  const numbers = Array.from(data);
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  assert.ok(Math.abs(mean(numbers)) < 0.05);
  assert.ok(Math.abs(mean(numbers.map((x) => x * x)) - 1) < 0.05);
});

const timed = (rounds: readonly number[]): Outcome => ({
  kind: 'measured',
  rounds,
  spread: spread(rounds),
  first: 0,
});

const someCase: Case = { name: 'a case', group: 'some', inputs: [] };

test('ratios are of rounds that were run one after the other', () => {
  const outcomes = { mine: timed([1, 2, 4]), other: timed([2, 4, 8]) };
  const { ratios } = record(someCase, outcomes, 'mine', 'abc');
  assert.equal(ratios.other, { median: 0.5, low: 0.5, high: 0.5 });
  assert.is(geometricMean([2, 8]), 4);
});

test('a case that is slower than its committed ratio is named', () => {
  const outcomes = { mine: timed([3, 3]), other: timed([2, 2]) };
  const measured = record(someCase, outcomes, 'mine', 'abc');
  assert.equal(offenders([measured], { 'a case': { other: 1.6 } }), []);
  const [line = ''] = offenders([measured], { 'a case': { other: 1.4 } });
  assert.match(line, /^a case: takes 1.50 of the time of other, allowed is 1.4$/);
});

test('what was measured is allowed, with room for noise, and what was not measured stays', () => {
  const outcomes = { mine: timed([1, 1]), other: timed([2, 2]), 'enerjax-wasm-1': timed([9, 9]) };
  const measured = record(someCase, outcomes, 'mine', 'abc');
  const allowed = allowedBy([measured], { former: { other: 2 }, 'a case': { third: 3 } });
  assert.equal(allowed, { former: { other: 2 }, 'a case': { third: 3, other: 0.75 } });
});

test('results of cases that were not run again are kept', () => {
  const one = (name: string, commit: string) => record({ ...someCase, name }, {}, 'mine', commit);
  const results = (list: Results['cases']): Results => ({
    machine: machineOf(),
    clock: 'wall',
    champion: 'mine',
    contestants: {},
    absent: {},
    cases: list,
  });
  const before = results([one('a', 'old'), one('b', 'old'), one('gone', 'old')]);
  const { cases: kept } = merged(before, results([one('b', 'new')]), ['a', 'b']);
  assert.equal(
    kept.map(({ name, commit }) => `${name} ${commit}`),
    ['a old', 'b new'],
  );
});

const machineOf = (): Results['machine'] => ({
  cpu: 'c',
  cores: 1,
  memoryGiB: 1,
  system: 's',
  node: 'n',
  v8: 'v',
  device: 'd',
  commit: 'abc',
});

test.run();
