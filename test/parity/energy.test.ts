import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { energySuite } from './energy.ts';
import { readGolden } from './golden-file.ts';
import { compareNumbers, isWithin, notCompared, showComparisons } from './suite.ts';

for (const name of ['energy_small', 'energy_other']) {
  test(`the energy model gives the recorded numbers of ${name}`, async () => {
    const file = await readGolden(
      fileURLToPath(new URL(`../golden/${name}.safetensors`, import.meta.url)),
    );
    assert.ok(energySuite.accepts(file));
    const comparisons = await energySuite.run(file);
    assert.is(comparisons.length, 65);
    assert.ok(comparisons.every(isWithin), `\n${showComparisons(comparisons)}`);
    assert.equal(notCompared(file, comparisons), []);
  });
}

test('a comparison notices what is off, missing or not a number', () => {
  const tolerance = { tolerance: 1e-4 };
  const within = (got: number[], expected: number[]): boolean =>
    isWithin(compareNumbers('x', got, expected, tolerance));
  assert.ok(within([1, 2], [1, 2.0001]));
  assert.not(within([1, 2], [1, 2.001]));
  assert.not(within([1], [1, 2]));
  assert.not(within([NaN], [0]));
  assert.not(within([Infinity], [1]));
  assert.ok(isWithin(compareNumbers('x', [1e-8], [-1e-8], { tolerance: 1e-6, isAbsolute: true })));
});

test.run();
