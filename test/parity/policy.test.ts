/** π0 and π0.5 give the numbers that openpi's own code recorded. */
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testDevices, use } from '../support/devices.ts';
import { type GoldenFile, readGolden } from './golden-file.ts';
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

const golden = (name: string): Promise<GoldenFile> =>
  readGolden(fileURLToPath(new URL(`../golden/${name}.safetensors`, import.meta.url)));

for (const device of testDevices()) {
  for (const name of ['pi0_tiny_f32', 'pi05_tiny_f32']) {
    const count = expected[`${device} ${name}`];
    if (count === undefined) continue;
    test(`${name} on ${device}: ${(parts[device] ?? []).join(', ')}`, async () => {
      await use(device);
      const comparisons = await comparePolicy(await golden(name), parts[device] ?? []);
      assert.ok(comparisons.every(isWithin), `\n${showComparisons(comparisons)}`);
      assert.is(comparisons.length, count);
    });
  }
}

for (const name of ['pi0_tiny', 'pi05_tiny']) {
  test(`${name} in bfloat16 gives what was recorded in bfloat16, one pass to the bit`, async () => {
    const device = await use('wasm');
    // Parameters and inputs are the same; of the other file only the outputs are kept here, so that gradients are
    // compared with those of float32.
    const file = (await golden(`${name}_f32`)).with(await golden(`${name}_bf16_outputs`));
    const comparisons = await comparePolicy(file, everything);
    assert.ok(comparisons.every(isWithin), `\n${showComparisons(comparisons)}`);
    // One pass rounds where the reference rounds, to the bit, if sums are taken as they were when this was written.
    if (!device.description.includes('fused multiply-add')) return;
    const exact = comparisons.filter(({ output }) =>
      /^out\/(prefix_tokens|kv_k|kv_v|suffix_out)$/.test(output),
    );
    assert.equal(
      exact.map(({ error }) => error),
      [0, 0, 0, 0],
    );
  });
}

test.run();
