/** π0 and π0.5 give the numbers that openpi's own code recorded. */
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testDevices, use } from '../support/devices.ts';
import { readGolden } from './golden-file.ts';
import { comparePolicy, type PolicyPart, policyParts } from './policy.ts';
import { isWithin, showComparisons } from './suite.ts';

const everything = Object.keys(policyParts) as readonly PolicyPart[]; // Its own keys.

/** What each device is asked to show. On a software adapter every kernel takes a good part of a second. */
const parts: Readonly<Record<string, readonly PolicyPart[]>> = {
  js: ['embeddings', 'prefix', 'draws'],
  wasm: everything,
  webgpu: ['prefix'],
};

/** Outputs per part: some exist in one of the policies only. */
const expected: Readonly<Record<string, number>> = {
  'js pi0_tiny_f32': 12,
  'js pi05_tiny_f32': 13,
  'wasm pi0_tiny_f32': 70,
  'wasm pi05_tiny_f32': 72,
  'webgpu pi0_tiny_f32': 3,
};

for (const device of testDevices()) {
  for (const name of ['pi0_tiny_f32', 'pi05_tiny_f32']) {
    const count = expected[`${device} ${name}`];
    if (count === undefined) continue;
    test(`${name} on ${device}: ${(parts[device] ?? []).join(', ')}`, async () => {
      await use(device);
      const file = await readGolden(
        fileURLToPath(new URL(`../golden/${name}.safetensors`, import.meta.url)),
      );
      const comparisons = await comparePolicy(file, parts[device] ?? []);
      assert.ok(comparisons.every(isWithin), `\n${showComparisons(comparisons)}`);
      assert.is(comparisons.length, count);
    });
  }
}

test.run();
