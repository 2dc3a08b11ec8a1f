/** Arrays that are handed to a device run by run. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { DType, TypedArray } from '../../core/base/dtype.ts';
import { beginUpload, defaultDevice } from '../../core/host/runtime.ts';
import { np } from '../../index.ts';
import { testDevices, use } from '../support/devices.ts';

const cases: readonly (readonly [DType, TypedArray])[] = [
  ['float32', Float32Array.from({ length: 3000 }, (_, i) => i - 1500)],
  ['bfloat16', Uint16Array.from({ length: 1501 }, (_, i) => i + 0x3f80)],
  ['uint8', Uint8Array.from({ length: 1003 }, (_, i) => i % 251)],
  ['bool', Uint8Array.of(1, 0, 1, 1, 0)],
  ['float32', new Float32Array(0)],
];

/** Runs of 1, 2, 3, … elements, so that they begin at every place in a word. */
function* runsOf(data: TypedArray): Generator<TypedArray> {
  for (let start = 0, size = 1; start < data.length; start += size, size++) {
    yield data.subarray(start, start + size);
  }
}

for (const name of testDevices()) {
  test(`on ${name} the runs of an array join to the array`, async () => {
    await use(name);
    for (const [dtype, data] of cases) {
      const pending = beginUpload([data.length], dtype);
      for (const run of runsOf(data)) pending.append(run);
      const array = pending.finish();
      assert.equal(await array.rawData(), data, dtype);
      array.dispose();
    }
  });

  test(`on ${name} what was begun and abandoned holds no memory`, async () => {
    const device = await use(name);
    const before = device.memory();
    const pending = beginUpload([1000], 'float32');
    pending.append(new Float32Array(10));
    pending.abandon();
    assert.is(defaultDevice().memory().liveBytes, before.liveBytes);
    assert.is(defaultDevice().memory().liveArrays, before.liveArrays);
  });

  test(`on ${name} an array that lacks elements is refused`, async () => {
    await use(name);
    const pending = beginUpload([3], 'float32');
    pending.append(Float32Array.of(1, 2));
    assert.throws(() => pending.finish(), /handed over/);
    pending.append(Float32Array.of(3));
    assert.equal(await np.sum(pending.finish()).data(), Float32Array.of(6));
  });
}

test.run();
