/** Errors of the π₀ policies. */
import { type Aval, showAval } from '../../core/base/aval.ts';
import { defineError } from '../../core/base/errors.ts';

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

const tiny = `const config = pi0Config({
  dtype: 'float32',
  paligemmaVariant: { width: 8, depth: 1, mlpDim: 8, numHeads: 1, numKvHeads: 1, headDim: 4 },
  actionExpertVariant: { width: 8, depth: 1, mlpDim: 8, numHeads: 1, numKvHeads: 1, headDim: 4 },
  siglipVariant: { width: 8, depth: 1, mlpDim: 8, numHeads: 1, patchSize: 4 },
  vocabulary: 4, imageResolution: [4, 4], maxTokenLen: 2, actionDim: 3, actionHorizon: 2,
  energyHidden: 8, energyHeads: 1, energyActDim: 2 });
const observation = fakeObs(config);`;

const withParams = `${tiny}
const params = nn.initParams(pi0Spec(config), random.key(0));`;

/** A configuration value that makes no policy. */
export const badPi0Config = defineError({
  code: 'pi0-config',
  what: (field: string, value: string, needs: string) =>
    `pi0Config: ${field} is ${value}, but must be ${needs}`,
  fix: (field, _value, needs) => `set ${field} to ${needs}`,
  example: {
    fails: 'pi0Config({ imageResolution: [224, 225] })',
    works: 'pi0Config({ imageResolution: [224, 224] })',
  },
});

/** Training of the energy model alone without its loss: nothing would learn. */
export const trainsNothing = defineError({
  code: 'trains-nothing',
  what: (why: string) =>
    `pi0Config: trainOnlyEnergyModel freezes everything but the energy model, and ${why}, so nothing would be trained`,
  fix: 'set useEnergyLoss: true with an energy model, or trainOnlyEnergyModel: false',
  example: {
    fails: 'pi0Config({ trainOnlyEnergyModel: true })',
    works: 'pi0Config({ trainOnlyEnergyModel: true, useEnergyLoss: true })',
  },
});

/** An observation without cameras that the policy needs. */
export const missingCameras = defineError({
  code: 'missing-cameras',
  what: (missing: readonly string[], found: readonly string[], wanted: readonly string[]) =>
    `pi0: observation.images lacks ${list(missing)} (it has ${list(found)}; the policy sees ${list(wanted)})`,
  fix: (missing) =>
    `pass images under these names; for a view that there is not, pass black images with imageMasks.${missing[0] ?? ''} false, or leave it out with the option cameras`,
  example: {
    fails: `${tiny}
preprocessObservation(config, null, { ...observation, images: { base: np.zeros([1, 4, 4, 3]) } })`,
    works: `${tiny}
preprocessObservation(config, null, observation)`,
  },
});

/** Images that are not of floats. */
export const imageDType = defineError({
  code: 'image-dtype',
  what: (name: string, image: Aval) =>
    `pi0: images.${name} must be float32 in [-1, 1], got ${showAval(image)}`,
  fix: 'convert bytes with observationFromDict, which maps 0…255 to [-1, 1]',
  example: {
    fails: `${tiny}
const base_0_rgb = np.zeros([1, 4, 4, 3], { dtype: 'int32' });
preprocessObservation(config, null, { ...observation, images: { ...observation.images, base_0_rgb } })`,
    works: `${tiny}
const base_0_rgb = np.zeros([1, 4, 4, 3]);
preprocessObservation(config, null, { ...observation, images: { ...observation.images, base_0_rgb } })`,
  },
});

/** Images whose values are far outside what the encoder has seen. */
export const imageRange = defineError({
  code: 'image-range',
  what: (name: string, low: number, high: number) =>
    `pi0: images.${name} has values from ${low} to ${high}, but must be in [-1, 1]`,
  fix: 'scale the image: pixels / 255 * 2 - 1; observationFromDict does so for whole numbers',
  example: {
    fails: `${tiny}
const base_0_rgb = np.full([1, 4, 4, 3], 255);
preprocessObservation(config, null, { ...observation, images: { ...observation.images, base_0_rgb } })`,
    works: `${tiny}
const base_0_rgb = np.full([1, 4, 4, 3], 255).div(255).mul(2).sub(1);
preprocessObservation(config, null, { ...observation, images: { ...observation.images, base_0_rgb } })`,
  },
});

/** A mask of an observation that is not of booleans. */
export const notBoolean = defineError({
  code: 'mask-not-bool',
  what: (name: string, mask: Aval) => `pi0: ${name} must be bool, got ${showAval(mask)}`,
  fix: (name) => `convert it, true marking what is there: ${name}.astype('bool')`,
  example: {
    fails: `${tiny}
preprocessObservation(config, null, { ...observation, tokenizedPromptMask: np.ones([1, 2]) })`,
    works: `${tiny}
preprocessObservation(config, null, { ...observation, tokenizedPromptMask: np.ones([1, 2]).astype('bool') })`,
  },
});

/** A prompt without its mask, or a mask without its prompt. */
export const halfPrompt = defineError({
  code: 'half-prompt',
  what: (lacksPrompt: boolean) =>
    lacksPrompt
      ? 'pi0: the observation has tokenizedPromptMask but no tokenizedPrompt'
      : 'pi0: the observation has tokenizedPrompt but no tokenizedPromptMask',
  fix: 'pass tokenizedPrompt and tokenizedPromptMask together, or neither',
  example: {
    fails: `${tiny}
preprocessObservation(config, null, { ...observation, tokenizedPromptMask: null })`,
    works: `${tiny}
preprocessObservation(config, null, { ...observation, tokenizedPrompt: null, tokenizedPromptMask: null })`,
  },
});

/** A prompt whose tokens another tokenizer must have made. */
export const tokenRange = defineError({
  code: 'token-range',
  what: (token: number, vocabulary: number) =>
    `pi0: tokenizedPrompt has the token ${token}, but the vocabulary has the tokens 0 to ${vocabulary - 1}`,
  fix: 'tokenize the prompt with the tokenizer that the policy was trained with, or set vocabulary to its size',
  example: {
    fails: `${tiny}
const tokenizedPrompt = np.array([[1, 4]], { dtype: 'int32' });
preprocessObservation(config, null, { ...observation, tokenizedPrompt })`,
    works: `${tiny}
const tokenizedPrompt = np.array([[1, 3]], { dtype: 'int32' });
preprocessObservation(config, null, { ...observation, tokenizedPrompt })`,
  },
});

/** An expert whose width cannot hold as many sines as cosines. */
export const oddWidth = defineError({
  code: 'odd-width',
  what: (width: number) =>
    `posembSincos: the width ${width} is odd, so it cannot hold a cosine for each sine`,
  fix: 'give the action expert an even width',
  example: {
    fails: 'posembSincos(np.ones([2]), 7)',
    works: 'posembSincos(np.ones([2]), 8)',
  },
});

/** An option of sampling or training that cannot be meant. */
export const badPi0Option = defineError({
  code: 'pi0-option',
  what: (op: string, option: string, value: string, needs: string) =>
    `${op}: ${option} is ${value}, but must be ${needs}`,
  fix: (_op, option, _value, needs) => `set ${option} to ${needs}`,
  example: {
    fails: `${withParams}
sampleActions(params, config, random.key(1), observation, { numSteps: 0 })`,
    works: `${withParams}
sampleActions(params, config, random.key(1), observation, { numSteps: 2 })`,
  },
});

/** An energy asked of a policy that has no energy model. */
export const noEnergyModel = defineError({
  code: 'no-energy-model',
  what: (op: string, why: string) => `${op}: the policy has no energy model: ${why}`,
  fix: "configure one with energyVariant: 'cross-attention' and pass its parameters as params.energy_model",
  example: {
    fails: `${withParams}
const { energy_model, ...policy } = params;
sampleActionsWithEnergyCorrection(policy, config, random.key(1), observation)`,
    works: `${withParams}
sampleActionsWithEnergyCorrection(params, config, random.key(1), observation)`,
  },
});
