/** Each line of the translation from JAX computes what JAX computes. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatten } from '../../core/base/pytree.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import { Value } from '../../core/ir/value.ts';
import { makeWorkshop, root } from '../support/examples.ts';
import { idiomsModule, readIdioms } from '../support/idioms.ts';

interface Leaf {
  readonly shape: readonly number[];
  /** Infinities and NaN are written as text. */
  readonly values: readonly (number | string)[];
}

const golden: Record<string, readonly Leaf[]> = JSON.parse(
  readFileSync(join(root, 'test/golden/idioms.json'), 'utf8'),
);
const idioms = readIdioms();

async function leavesOf(result: unknown): Promise<Leaf[]> {
  // What a transform returns beside arrays is a function: it is no number to compare.
  const leaves = flatten(result).leaves.filter((leaf) => typeof leaf !== 'function');
  return Promise.all(
    leaves.map(async (leaf) =>
      leaf instanceof Value
        ? { shape: leaf.shape, values: Array.from(await leaf.data(), Number) }
        : { shape: [], values: [Number(leaf)] },
    ),
  );
}

function compare(found: readonly Leaf[], expected: readonly Leaf[]): void {
  assert.equal(
    found.map(({ shape }) => [...shape]),
    expected.map(({ shape }) => [...shape]),
  );
  for (const [l, { values }] of found.entries()) {
    for (const [i, value] of values.entries()) {
      const wanted = Number(expected[l]?.values[i]);
      const near = Math.abs(Number(value) - wanted) <= 2e-6 + 2e-6 * Math.abs(wanted);
      assert.ok(near || Object.is(value, wanted), `${value} at ${i}, JAX has ${wanted}`);
    }
  }
}

const workshop = await makeWorkshop();
for (const device of ['js', 'wasm'] as const) {
  await setDefaultDevice(device);
  // Each device has a module of its own, whose arrays lie there.
  const file = workshop.fileOf(`idioms-${device}`);
  mkdirSync(workshop.folder, { recursive: true });
  writeFileSync(file, idiomsModule(idioms));
  const computed: Record<string, () => unknown> = await import(pathToFileURL(file).href);
  for (const { line, jax, ours } of idioms.rows) {
    test(`${device}: ${ours} is ${jax} (line ${line})`, async () => {
      await setDefaultDevice(device);
      const expected = golden[jax];
      assert.ok(expected !== undefined, 'JAX has not run this line: run make-idioms.py');
      compare(await leavesOf(computed[`line${line}`]?.()), expected);
    });
  }
}

test('the page has its lines', () => {
  assert.ok(idioms.rows.length >= 100, String(idioms.rows.length));
});

test.after(() => workshop.remove());

test.run();
