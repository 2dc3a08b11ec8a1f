/** Every example runs, quickly, and does what it says. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inProject, smallRun, start, temporaryFolder } from './program.ts';

const { folder, remove } = temporaryFolder();
test.after(remove);

interface Example {
  readonly args?: readonly string[];
  /** Looks at what was printed. */
  readonly check: (out: string) => void;
}

/** The number after each occurrence of `name`. */
const numbers = (out: string, name: string): number[] =>
  [...out.matchAll(new RegExp(`${name} ([\\d.e-]+)`, 'g'))].map(([, number]) => Number(number));

const examples: Readonly<Record<string, Example>> = {
  'linear-regression.ts': {
    check: (out) => {
      // The noise has variance 0.01, and no plane does better.
      const last = numbers(out, 'loss').at(-1) ?? NaN;
      assert.ok(last > 0.005 && last < 0.015, out);
    },
  },
  'mlp.ts': {
    check: (out) => assert.ok((numbers(out, 'accuracy').at(-1) ?? 0) > 95, out),
  },
  'energy-correction.ts': {
    check: (out) => {
      const [expert = NaN, noisy = NaN, corrected = NaN] = numbers(out, 'energy');
      assert.ok(expert < corrected && corrected < noisy - 0.1, out);
    },
  },
  'tiny-pi0.ts': {
    args: ['1000'],
    check: (out) => {
      const [first = NaN] = numbers(out, 'flow loss');
      const last = numbers(out, 'flow loss').at(-1) ?? NaN;
      assert.ok(last < first / 100, out);
      assert.ok((numbers(out, 'sampled actions are')[0] ?? NaN) < 0.05, out);
    },
  },
  'demo.ts': {
    args: [...smallRun, '--steps', '10', '--out', join(folder, 'demo')],
    check: (out) => assert.match(out, /^report: /m),
  },
};

test('every example is tested', () => {
  const found = readdirSync(inProject('examples')).filter((name) => name.endsWith('.ts'));
  assert.equal(found.sort(), Object.keys(examples).sort());
});

for (const [name, { args = [], check }] of Object.entries(examples)) {
  test(`${name} runs in seconds and does what it says`, async () => {
    const { code, out, err, seconds } = await start(`examples/${name}`, args).ending;
    assert.is(code, 0, out + err);
    assert.is(err, '');
    check(out);
    // Ten are enough on a machine that does nothing else.
    assert.ok(seconds < 60, `${seconds.toFixed(1)} s`);
  });
}

test.run();
