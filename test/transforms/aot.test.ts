/** What jitted functions tell about themselves before they run. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import { use } from '../support/devices.ts';
import { told } from '../support/told.ts';

const { arraySpec, evalShape, jit, lax, makeProgram, namedCall, namedScope, np, shapeDtypeStruct } =
  await import('../../index.ts');

const affine = ({ w, b }: { w: Value; b: Value }, x: Value) => ({ y: np.matmul(x, w).add(b) });
const params = { w: shapeDtypeStruct([3, 2]), b: shapeDtypeStruct([2]) };
const x = shapeDtypeStruct([64, 3]);

test('lower takes descriptions and tells types, trees, text and costs', async () => {
  await use('wasm');
  const lowered = jit(affine).lower(params, x);
  assert.is(String(lowered.outInfo.y), 'f32[64, 2]');
  assert.is(String(lowered.inTree), '[{b: *, w: *}, *]');
  assert.is(String(lowered.outTree), '{y: *}');
  const text = lowered.asText();
  assert.match(text, /^\{ a:f32\[2\], b:f32\[3, 2\], c:f32\[64, 3\] ->/);
  assert.ok(lowered.kernels.length > 0 && lowered.kernels.every((kernel) => text.includes(kernel)));
  const { flops, bytesAccessed } = lowered.costAnalysis();
  assert.ok(flops >= 64 * 2 * 3 && bytesAccessed >= 4 * (64 * 3 + 6 + 2 + 128));
  const memory = lowered.memoryAnalysis();
  assert.is(memory.argumentSizeInBytes, 4 * (64 * 3 + 6 + 2));
  assert.is(memory.outputSizeInBytes, 4 * 128);
  assert.is(memory.aliasSizeInBytes, 0);
  assert.ok(memory.generatedCodeSizeInBytes > 0);
});

test('what compile returns runs, and tells the same', async () => {
  await use('wasm');
  const step = jit((v: Value) => v.mul(2), { donate: 0 })
    .lower(arraySpec([4]))
    .compile();
  assert.is(step.memoryAnalysis().aliasSizeInBytes, 16);
  assert.is(String(step.outInfo), 'f32[4]');
  assert.equal(Array.from(await step(np.ones([4])).data()), [2, 2, 2, 2]);
});

test('trace gives the program without compiling, and evalShape the result’s type', async () => {
  await use('wasm');
  const f = jit(affine);
  const traced = f.trace(params, x);
  assert.match(String(traced.program), /dotGeneral/);
  assert.is(String(traced.lower().outInfo.y), 'f32[64, 2]');
  assert.is(String(f.evalShape(params, x).y), 'f32[64, 2]');
  assert.is(String(evalShape(affine, params, x).y), 'f32[64, 2]');
});

test('clearCache makes the next call trace again', async () => {
  await use('wasm');
  let traces = 0;
  const f = jit((v: Value) => {
    traces++;
    return v.add(1);
  });
  f(np.ones([2]));
  f(np.ones([2]));
  assert.is(traces, 1);
  f.clearCache();
  f(np.ones([2]));
  assert.is(traces, 2);
});

test('makeProgram knows named axes that it is told of, and returns shapes if asked', () => {
  const f = (v: Value): Value => lax.psum(v, 'i').mul(lax.axisSize('i'));
  const [program, shape] = makeProgram(f, { axisEnv: [['i', 4]], returnShape: true })(
    arraySpec([3]),
  );
  assert.match(String(program), /psum\[axisName=i axisSize=4\]/);
  assert.is(String(shape), 'f32[3]');
});

test('errors say in which named scope the operation is', async () => {
  await use('wasm');
  const layer = namedCall((v: Value) => np.add(v, np.ones([2])), 'attention');
  let message = '';
  try {
    jit((v: Value) => namedScope('encoder', () => layer(v)))(np.ones([3]));
  } catch (error) {
    message = String(error);
  }
  assert.match(message, /aot\.test\.ts:\d+:\d+ in encoder\/attention\n/);
  const outside = await told(() => np.add(np.ones([3]), np.ones([2])));
  assert.not.match(outside, /encoder/);
});

test.run();
