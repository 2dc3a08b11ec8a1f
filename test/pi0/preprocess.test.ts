/** Observations before the network: augmentation and resizing as recorded, checks, the forms of openpi. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError, jit, np, random } from '../../index.ts';
import {
  computeLoss,
  fakeActions,
  fakeObs,
  inputsSpec,
  type Observation,
  observationFromDict,
  observationToDict,
  pi0Config,
  preprocessObservation,
  resizeWithPad,
  sampleActions,
} from '../../models/pi0/index.ts';
import { largest, tinyConfig, tinyObservation, tinyParams } from './tiny.ts';

const golden: Readonly<Record<string, readonly number[]>> = JSON.parse(
  readFileSync(new URL('../golden/pi0.json', import.meta.url), 'utf8'),
);

/** The image that the golden data was made of. */
function imageOf(samples: number, height: number, width: number): np.Array {
  const size = samples * height * width * 3;
  const pixels = Float32Array.from({ length: size }, (_, n) => Math.sin(0.37 * n));
  return np.array(pixels).reshape([samples, height, width, 3]);
}

async function assertGolden(name: string, got: np.Array, tolerance: number): Promise<void> {
  const expected = golden[name] ?? [];
  const found = await got.data();
  assert.is(found.length, expected.length);
  const error = Math.max(...expected.map((value, i) => Math.abs(value - Number(found[i]))));
  assert.ok(error < tolerance, `${name} is off by ${error}`);
}

const augmentation = tinyConfig({
  imageKeys: ['base_0_rgb', 'left_wrist_0_rgb', 'right_wrist_0_rgb'],
  siglipVariant: { width: 8, depth: 1, mlpDim: 8, numHeads: 1, patchSize: 1 },
  imageResolution: [9, 11],
});

test('training images are augmented with the numbers that JAX draws', async () => {
  const image = imageOf(4, 9, 11);
  const observation = {
    ...tinyObservation(augmentation, 4),
    images: Object.fromEntries(augmentation.imageKeys.map((name) => [name, image])),
  };
  const augment = jit((key: np.Array, o: Observation) =>
    preprocessObservation(augmentation, key, o),
  );
  const { images } = augment(random.key(3), observation);
  const { base_0_rgb: base, left_wrist_0_rgb: left, right_wrist_0_rgb: right } = images;
  if (base === undefined || left === undefined || right === undefined) throw new Error('no image');
  await assertGolden('augment_base', base, 2e-5);
  await assertGolden('augment_wrist', left, 2e-5);
  assert.is(await largest(right.sub(left)), 0);
});

test('images are resized with their shape kept, and padded with black', async () => {
  await assertGolden('resize_down', resizeWithPad(imageOf(1, 13, 9), [8, 10]), 1e-5);
  await assertGolden('resize_up', resizeWithPad(imageOf(1, 4, 5), [9, 9]), 1e-5);
  const image = imageOf(1, 4, 5);
  assert.is(resizeWithPad(image, [4, 5]), image);
});

test('at inference images stay as they are, extra cameras go, missing masks are true', async () => {
  const config = tinyConfig();
  const observation = tinyObservation(config);
  const { base_0_rgb: image } = observation.images;
  if (image === undefined) throw new Error('no image');
  const { left_wrist_0_rgb: _, ...imageMasks } = observation.imageMasks;
  const images = { extra: image, ...observation.images };
  const seen = preprocessObservation(config, null, { ...observation, images, imageMasks });
  assert.equal(Object.keys(seen.images), [...config.imageKeys]);
  assert.is(seen.images.base_0_rgb, image);
  assert.equal(await seen.imageMasks.left_wrist_0_rgb?.js(), [true, true]);
});

test('dictionaries with the names of openpi become observations, bytes become floats, and back', async () => {
  const bytes = np.array(new Uint8Array([0, 128, 255])).reshape([1, 1, 1, 3]);
  const data = {
    image: { base_0_rgb: bytes },
    image_mask: { base_0_rgb: np.array([true]) },
    state: np.ones([1, 2]),
    tokenized_prompt: np.ones([1, 2], { dtype: 'int32' }),
    tokenized_prompt_mask: np.ones([1, 2], { dtype: 'bool' }),
  };
  const observation = observationFromDict(data);
  const scaled = await observation.images.base_0_rgb?.data();
  assert.equal([...(scaled ?? [])], [-1, Math.fround(Math.fround((128 / 255) * 2) - 1), 1]);
  const back = observationToDict(observation);
  assert.is(back.state, data.state);
  assert.is(back.tokenized_prompt, data.tokenized_prompt);
  assert.is(back.image_mask, data.image_mask);
});

test('the types of inputs are those of openpi, for both policies', () => {
  for (const [pi05, tokens] of [
    [false, 48],
    [true, 200],
  ] as const) {
    const { observation, actions } = inputsSpec(pi0Config({ pi05 }), 2);
    assert.is(String(observation.images.right_wrist_0_rgb), 'f32[2, 224, 224, 3]');
    assert.is(String(observation.imageMasks.base_0_rgb), 'bool[2]');
    assert.is(String(observation.state), 'f32[2, 32]');
    assert.is(String(observation.tokenizedPrompt), `i32[2, ${tokens}]`);
    assert.is(String(observation.tokenizedPromptMask), `bool[2, ${tokens}]`);
    assert.is(String(actions), 'f32[2, 50, 32]');
  }
});

test('fake inputs are ones', async () => {
  const config = tinyConfig();
  const observation = fakeObs(config);
  assert.equal(await observation.imageMasks.base_0_rgb?.js(), [true]);
  assert.equal(await observation.tokenizedPrompt?.js(), [[1, 1, 1]]);
  assert.is(Number(await np.min(fakeActions(config)).item()), 1);
});

test('mistakes in an observation are found before anything is computed', () => {
  const config = tinyConfig();
  const observation = tinyObservation(config);
  const image = np.zeros([2, 8, 8, 3]);
  const withBase = (base_0_rgb: np.Array): Observation => ({
    ...observation,
    images: { ...observation.images, base_0_rgb },
  });
  const cases: readonly (readonly [Observation, code: string, text: RegExp])[] = [
    [
      { ...observation, images: { base: image } },
      'missing-cameras',
      /lacks base_0_rgb, left_wrist/,
    ],
    [withBase(image.astype('int32')), 'image-dtype', /images.base_0_rgb must be float32/],
    [withBase(image.add(255)), 'image-range', /values from 255 to 255/],
    [withBase(np.zeros([8, 8, 3])), 'wrong-axes', /images.base_0_rgb is f32\[8, 8, 3\]/],
    [withBase(np.zeros([3, 8, 8, 3])), 'axis-disagrees', /'batch' is 2 in state but 3 in images/],
    [
      { ...observation, state: np.zeros([2, 4]) },
      'axis-disagrees',
      /'actionDim' is 5 in the config.* 4/,
    ],
    [
      { ...observation, tokenizedPrompt: np.ones([2, 3]) },
      'layer-dtype',
      /tokenizedPrompt must be int32/,
    ],
    [
      { ...observation, tokenizedPrompt: np.full([2, 3], 10, { dtype: 'int32' }) },
      'token-range',
      /the token 10, but the vocabulary has the tokens 0 to 9/,
    ],
    [{ ...observation, tokenizedPrompt: null }, 'half-prompt', /no tokenizedPrompt\b/],
    [
      { ...observation, imageMasks: { base_0_rgb: np.ones([2]) } },
      'mask-not-bool',
      /imageMasks.base_0_rgb must be bool/,
    ],
  ];
  for (const [wrong, code, text] of cases) {
    try {
      preprocessObservation(config, null, wrong);
      assert.unreachable(code);
    } catch (error) {
      assert.instance(error, EnerjaxError);
      if (!(error instanceof EnerjaxError)) return;
      assert.is(error.code, code);
      assert.match(error.message, text);
      assert.match(error.message, 'preprocess.test.ts');
    }
  }
});

test('chunks of another length or width are refused', () => {
  const config = tinyConfig();
  const observation = tinyObservation(config);
  const params = tinyParams(config);
  const key = random.key(0);
  assert.throws(
    () => computeLoss(params, config, key, observation, np.zeros([2, 3, 5])),
    /'actionHorizon' is 4 in the configuration but 3 in actions/,
  );
  assert.throws(
    () => sampleActions(params, config, key, observation, { noise: np.zeros([2, 4, 6]) }),
    /'actionDim' is 5 in the configuration but 6 in noise/,
  );
});

test.run();
