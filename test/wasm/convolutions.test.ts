/** Convolutions and their gradients, whose windows are gathered while they are packed, against the reference. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createJsDevice } from '../../core/host/js/device.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import type { ConvOptions } from '../../core/lax/windows.ts';
import { lax, np, setDefaultDevice, vjp, vmap } from '../../index.ts';

interface Case {
  readonly x: readonly number[];
  readonly kernel: readonly number[];
  readonly options?: ConvOptions;
}

const channelsLast: ConvOptions = { dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] };

const cases: Record<string, Case> = {
  'whole tiles': { x: [2, 16, 8, 16], kernel: [16, 16, 3, 3], options: { padding: 'SAME' } },
  'odd sizes': { x: [3, 5, 11, 9], kernel: [7, 5, 3, 3], options: { padding: 'SAME' } },
  'several blocks': { x: [1, 40, 19, 21], kernel: [70, 40, 3, 3] },
  'a batch of one and little space': { x: [1, 30, 5, 4], kernel: [20, 30, 3, 3] },
  'a window as large as the image': { x: [9, 12, 6, 6], kernel: [17, 12, 6, 6] },
  'a window of one': { x: [2, 24, 9, 9], kernel: [18, 24, 1, 1] },
  'a window of one with strides': {
    x: [2, 24, 9, 9],
    kernel: [18, 24, 1, 1],
    options: { windowStrides: [2, 3] },
  },
  strides: {
    x: [2, 9, 15, 14],
    kernel: [16, 9, 3, 3],
    options: { padding: 'SAME', windowStrides: [2, 2] },
  },
  'strides that leave the end out': {
    x: [2, 9, 16, 13],
    kernel: [8, 9, 2, 3],
    options: { windowStrides: [3, 2] },
  },
  'more padding than window': {
    x: [2, 6, 7, 9],
    kernel: [10, 6, 2, 3],
    options: {
      padding: [
        [4, 3],
        [5, 0],
      ],
    },
  },
  'padding that crops': {
    x: [2, 6, 12, 13],
    kernel: [10, 6, 3, 3],
    options: {
      padding: [
        [-1, 2],
        [0, -2],
      ],
    },
  },
  'a spread kernel': {
    x: [2, 7, 13, 12],
    kernel: [9, 7, 3, 2],
    options: { padding: 'SAME', rhsDilation: [2, 3] },
  },
  'a spread image': {
    x: [2, 7, 6, 7],
    kernel: [9, 7, 3, 4],
    options: {
      padding: [
        [2, 2],
        [1, 3],
      ],
      lhsDilation: [2, 3],
    },
  },
  'all at once': {
    x: [2, 8, 9, 10],
    kernel: [12, 4, 3, 2],
    options: {
      padding: [
        [2, 1],
        [0, 3],
      ],
      lhsDilation: [2, 1],
      rhsDilation: [1, 2],
      windowStrides: [3, 2],
      featureGroupCount: 2,
    },
  },
  groups: { x: [2, 12, 9, 8], kernel: [15, 4, 3, 3], options: { featureGroupCount: 3 } },
  'a group for each channel': {
    x: [2, 12, 9, 8],
    kernel: [24, 1, 3, 3],
    options: { padding: 'SAME', featureGroupCount: 12 },
  },
  'channels last': {
    x: [2, 9, 10, 12],
    kernel: [3, 3, 12, 20],
    options: { ...channelsLast, padding: 'SAME' },
  },
  'channels last, odd, with strides': {
    x: [2, 9, 10, 7],
    kernel: [3, 3, 7, 9],
    options: { ...channelsLast, padding: 'SAME', windowStrides: [2, 2] },
  },
  'patches of an image': {
    x: [2, 16, 24, 3],
    kernel: [8, 8, 3, 20],
    options: { ...channelsLast, windowStrides: [8, 8] },
  },
  'an order of axes of its own': {
    x: [11, 2, 8, 10],
    kernel: [3, 9, 3, 8],
    options: { dimensionNumbers: ['HNCW', 'HOWI', 'CWNH'], padding: 'SAME' },
  },
  'one axis': { x: [4, 20, 50], kernel: [30, 20, 5], options: { padding: 'SAME' } },
  'three axes': { x: [2, 4, 6, 7, 5], kernel: [8, 4, 3, 2, 3], options: { padding: 'SAME' } },
  'a long sum': { x: [3, 3, 33, 34], kernel: [5, 3, 7, 7], options: { padding: 'SAME' } },
};

const waves = (shape: readonly number[], seed: number): np.Array => {
  const length = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
  return np.array(data).reshape([...shape]);
};

/** The result, and what a cotangent makes of it for the image and the kernel. */
async function resultsOf({ x, kernel, options = {} }: Case): Promise<Float32Array[]> {
  const f = (a: np.Array, b: np.Array) => lax.convGeneralDilated(a, b, options);
  const [y, pull] = vjp(f, waves(x, 1), waves(kernel, 2));
  const [dx, dk] = pull(waves(y.shape, 3));
  const arrays = await Promise.all([y, dx, dk].map((array) => array.data()));
  return arrays.map((data) => Float32Array.from(data));
}

function assertClose(found: Float32Array, wanted: Float32Array, what: string): void {
  assert.is(found.length, wanted.length, what);
  const size = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  wanted.forEach((value, i) => {
    const error = Math.abs((found[i] ?? Number.NaN) - value);
    assert.ok(error <= 3e-5 * size, `${what}, element ${i}: ${found[i]} for ${value}`);
  });
}

const reference = createJsDevice({ precision: 'float64' });
const one = createWasmDevice({ threads: 1 });
const devices = [one, createWasmDevice({ threads: 2 })];

for (const [title, example] of Object.entries(cases)) {
  test(`a convolution with ${title} and its gradients are those of the reference`, async () => {
    await setDefaultDevice(reference);
    const wanted = await resultsOf(example);
    for (const device of devices) {
      await setDefaultDevice(device);
      const found = await resultsOf(example);
      ['result', 'gradient in x', 'gradient in the kernel'].forEach((what, k) => {
        assertClose(found[k] ?? new Float32Array(), wanted[k] ?? new Float32Array(), what);
      });
    }
  });
}

interface Batch {
  readonly inAxes: readonly [0 | null, 0 | null];
  readonly shapes: readonly (readonly number[])[];
}

test('a batch of kernels, of images, and of both gives what one after the other gives', async () => {
  const f = (a: np.Array, b: np.Array) =>
    lax.convGeneralDilated(a, b, { padding: 'SAME', featureGroupCount: 2 });
  const both = (g: (a: np.Array, b: np.Array) => np.Array, x: np.Array, kernel: np.Array) => {
    const [y, pull] = vjp(g, x, kernel);
    return [y, ...pull(waves(y.shape, 3))];
  };
  const [image, kernel] = [
    [2, 6, 7, 8],
    [10, 3, 3, 3],
  ];
  const batches: readonly Batch[] = [
    {
      inAxes: [0, 0],
      shapes: [
        [3, ...image],
        [3, ...kernel],
      ],
    },
    { inAxes: [0, null], shapes: [[3, ...image], kernel] },
    { inAxes: [null, 0], shapes: [image, [3, ...kernel]] },
  ];
  const run = async (device: typeof reference, { inAxes, shapes }: Batch) => {
    await setDefaultDevice(device);
    const [x = [], k = []] = shapes;
    return Promise.all(
      both(vmap(f, { inAxes }), waves(x, 1), waves(k, 2)).map((array) => array.data()),
    );
  };
  for (const batch of batches) {
    const wanted = await run(reference, batch);
    const found = await run(one, batch);
    wanted.forEach((data, k) => {
      assertClose(Float32Array.from(found[k] ?? []), Float32Array.from(data), `result ${k}`);
    });
  }
});

test.run();
