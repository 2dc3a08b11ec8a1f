/** Configurations: defaults of openpi, and what is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError } from '../../index.ts';
import { type GemmaVariant, type Pi0Config, pi0Config } from '../../models/pi0/index.ts';

test('defaults are those of openpi and of its energy model', () => {
  const { imageKeys, ...config } = pi0Config();
  assert.equal(imageKeys, ['base_0_rgb', 'left_wrist_0_rgb', 'right_wrist_0_rgb']);
  assert.equal(config, {
    actionDim: 32,
    actionHorizon: 50,
    maxTokenLen: 48,
    dtype: 'bfloat16',
    paligemmaVariant: 'gemma_2b',
    actionExpertVariant: 'gemma_300m',
    pi05: false,
    discreteStateInput: false,
    pytorchCompileMode: 'max-autotune',
    siglipVariant: 'So400m/14',
    vocabulary: 257_152,
    imageResolution: [224, 224],
    checkpointLayers: true,
    energyVariant: 'cross-attention',
    energyHidden: 512,
    energyHeads: 8,
    energyLayers: 1,
    energyActDim: 7,
    energyPool: 'mean',
    energyDropout: 0.2,
    useEnergyLoss: false,
    trainOnlyEnergyModel: false,
    energyLossWeight: 1,
    energyTau: 0.5,
  });
});

test('π₀.₅ has longer prompts, which spell the state, unless told otherwise', () => {
  const { maxTokenLen, discreteStateInput } = pi0Config({ pi05: true });
  assert.equal([maxTokenLen, discreteStateInput], [200, true]);
  assert.is(pi0Config({ pi05: true, discreteStateInput: false }).discreteStateInput, false);
  assert.is(pi0Config({ pi05: true, maxTokenLen: 180 }).maxTokenLen, 180);
});

const unknown = 'gemma_7b' as GemmaVariant;
const refused: readonly (readonly [Partial<Pi0Config>, code: string, text: RegExp])[] = [
  [{ paligemmaVariant: unknown }, 'unknown-variant', /no variant 'gemma_7b' \(known: dummy, /],
  [{ siglipVariant: 'So500m/14' as 'mu/14' }, 'unknown-variant', /siglip.*So500m\/14/],
  [{ actionExpertVariant: 'dummy' }, 'unlike-experts', /depth is 18 in expert 0 and 4 in expert 1/],
  [{ trainOnlyEnergyModel: true }, 'trains-nothing', /useEnergyLoss is false/],
  [
    { trainOnlyEnergyModel: true, useEnergyLoss: true, energyVariant: 'none' },
    'trains-nothing',
    /energyVariant is 'none'/,
  ],
  [{ actionDim: 0 }, 'pi0-config', /actionDim is 0/],
  [{ actionDim: 5 }, 'pi0-config', /energyActDim is 7.*at most actionDim, 5/],
  [{ imageResolution: [224, 220] }, 'pi0-config', /multiples of the patch size 14/],
  [{ imageKeys: ['a', 'a'] }, 'pi0-config', /each once/],
  [{ dtype: 'float16' as 'float32' }, 'pi0-config', /dtype is float16.*bfloat16, float32/],
  [{ energyHeads: 7 }, 'uneven-heads', /7/],
];

for (const [options, code, text] of refused) {
  test(`${JSON.stringify(options)} is refused as ${code}`, () => {
    try {
      pi0Config(options);
      assert.unreachable();
    } catch (error) {
      if (!(error instanceof EnerjaxError)) throw error;
      assert.is(error.code, code);
      assert.match(error.message, text);
    }
  });
}

test.run();
