/** Which forms of a kernel are measured, which kernels are of one class, and which form wins. No adapter is needed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { candidatesFor } from '../../core/emit/wgsl/candidates.ts';
import { emitWgsl } from '../../core/emit/wgsl/emit.ts';
import { generatorFingerprint } from '../../core/emit/wgsl/fingerprint.ts';
import { kernelClass } from '../../core/emit/wgsl/kernel-class.ts';
import { largeTile, mediumTile, parametersOf } from '../../core/emit/wgsl/parameters.ts';
import { agree } from '../../core/host/webgpu/tuner/agreement.ts';
import type { Sample as Result } from '../../core/host/webgpu/tuner/scratch.ts';
import { choose } from '../../core/host/webgpu/tuner/trial.ts';
import { productOf, rowSums } from './samples.ts';

const limits = { maxComputeWorkgroupStorageSize: 16_384, maxComputeInvocationsPerWorkgroup: 256 };
const parameters = parametersOf.nvidia;
const large = productOf(512, 512, 512).kernel;

const namesFor = (...args: Parameters<typeof candidatesFor>): string[] =>
  candidatesFor(...args).map(({ name }) => name);

test('every candidate keeps to what the device allows a workgroup, and can be written', () => {
  const all = candidatesFor(large, { parameters }, limits);
  assert.is(all[0]?.name, 'default');
  assert.ok(all.length > 10);
  const tight = { maxComputeWorkgroupStorageSize: 4096, maxComputeInvocationsPerWorkgroup: 64 };
  const few = candidatesFor(large, { parameters }, tight);
  assert.ok(few.length > 2 && few.length < all.length);
  let most = 0;
  // The first is the generator's own choice, for what every device allows.
  for (const { options } of few.slice(1)) {
    const { code } = emitWgsl(large, { parameters, ...options });
    const size = Number(/@workgroup_size\((\d+)\)/.exec(code)?.[1]);
    assert.ok(size <= 64, `${size} lanes`);
    const staged = [...code.matchAll(/var<workgroup> \w+: array<vec4<?f(?:32>)?, (\d+)>/g)];
    const bytes = staged.reduce((sum, [, fours]) => sum + 16 * Number(fours), 0);
    assert.ok(bytes <= 4096, `${bytes} bytes`);
    most = Math.max(most, bytes);
  }
  assert.is(most, 4096);
  const sums = rowSums(64, 4096).kernel;
  for (const { options } of candidatesFor(sums, { parameters }, tight)) {
    const { code } = emitWgsl(sums, { parameters, ...options });
    if (options.parameters !== undefined) assert.match(code, /@workgroup_size\((32|64|256)\)/);
  }
});

test('small products may become loops, and get no tiles that they would leave half empty', () => {
  const names = namesFor(productOf(40, 16, 40).kernel, { parameters }, limits);
  assert.ok(names.some((name) => name.startsWith('loop ')));
  assert.not(names.some((name) => name.includes('16×16 of 8×8')));
  assert.not(namesFor(large, { parameters }, limits).some((name) => name.startsWith('loop ')));
});

test('subgroups are candidates only where all are of one size', () => {
  const sums = rowSums(64, 4096).kernel;
  const { loop } = parameters;
  const known = { ...parameters, loop: { ...loop, subgroupSize: 32 } };
  assert.not(namesFor(sums, { parameters }, limits).some((name) => name.includes('subgroup')));
  const names = namesFor(sums, { parameters: known }, limits);
  assert.ok(names.includes('subgroups of 128') && names.includes('one subgroup'));
  assert.not(names.includes('subgroups of 32'));
});

test('what is forced has no alternatives', () => {
  assert.equal(namesFor(large, { parameters, matmul: mediumTile }, limits), ['default']);
  const sums = rowSums(64, 4096).kernel;
  assert.equal(namesFor(sums, { parameters, loopStyle: 'workgroup' }, limits), ['default']);
});

test('kernels of about one size and shape are of one class', () => {
  assert.is(kernelClass(large), kernelClass(productOf(500, 400, 260).kernel));
  assert.is.not(kernelClass(large), kernelClass(productOf(512, 512, 513).kernel));
  assert.is.not(kernelClass(large), kernelClass(productOf(512, 511, 512).kernel));
  assert.is(kernelClass(rowSums(64, 4096).kernel), kernelClass(rowSums(40, 4000).kernel));
  assert.is.not(kernelClass(rowSums(64, 4096).kernel), kernelClass(rowSums(4096, 64).kernel));
  // Nothing to share, and too little to do.
  assert.is(kernelClass(rowSums(4096, 4).kernel), null);
  assert.is(kernelClass(rowSums(4, 64).kernel), null);
  assert.is(kernelClass(productOf(8, 16, 32).kernel), null);
  const { lhs } = large;
  const turned = { ...large, lhs: { ...lhs, rowStride: 1, columnStride: 512 } };
  assert.is.not(kernelClass(large), kernelClass(turned));
});

test('the fingerprint changes with the generator’s choices and with nothing else', () => {
  const own = generatorFingerprint({ parameters }, limits);
  assert.match(own, /^[0-9a-f]{8}$/);
  assert.is(generatorFingerprint({ parameters }, limits), own);
  const matmul = { ...parameters.matmul, small: largeTile };
  assert.is.not(generatorFingerprint({ parameters: { ...parameters, matmul } }, limits), own);
});

test('the fastest wins by its lower quartile, if it is clearly faster than the generator’s own', () => {
  const runners = (own: number[], other: number[]) => [
    { name: 'default', times: own },
    { name: 'other', times: other },
  ];
  const disturbed = [9, 8, 2, 20, 2];
  assert.equal(choose(runners([4, 4, 4, 4, 9], disturbed)), { name: 'other', speedup: 2 });
  assert.equal(choose(runners([4, 4, 4], [3.9, 3.9, 3.9])), { name: 'default', speedup: 1 });
  assert.equal(choose(runners([2, 2, 2], [4, 4, 1, 4, 4])), { name: 'default', speedup: 1 });
  assert.is(choose([]), null);
});

test('results agree if they differ by rounding, and integers if they are equal', () => {
  const floats = (...values: number[]): Result[] => [
    { dtype: 'float32', elements: Float32Array.from(values) },
  ];
  assert.ok(agree(floats(1, 1000, 1e-9), floats(1.00001, 1000.01, 0)));
  assert.not(agree(floats(1, 1000), floats(2, 1000)));
  assert.ok(agree(floats(Number.NaN, Infinity, 1), floats(Number.NaN, Infinity, 1)));
  assert.not(agree(floats(1, Number.NaN), floats(1, 2)));
  assert.not(agree(floats(1, 2), floats(1, Number.NaN)));
  assert.not(agree(floats(1, 2), floats(1, Infinity)));
  const integers = (...values: number[]): Result[] => [
    { dtype: 'int32', elements: Int32Array.from(values) },
  ];
  assert.ok(agree(integers(1, 2), integers(1, 2)));
  assert.not(agree(integers(1, 1_000_001), integers(1, 1_000_000)));
  const halves = (...bits: number[]): Result[] => [
    { dtype: 'bfloat16', elements: Uint16Array.from(bits) },
  ];
  assert.ok(agree(halves(0x3f80), halves(0x3f81)));
  assert.not(agree(halves(0x3f80), halves(0x4000)));
});

test.run();
