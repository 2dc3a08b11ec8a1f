/** What a policy is shown, and what it must look like. */

import { isInteger } from '../../core/base/dtype.ts';
import { isTracing } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import { ConcreteArray } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../../nn/dims.ts';
import { axisDisagrees, layerDType } from '../../nn/errors.ts';
import { type ArraySpec, arraySpec } from '../../transforms/array-spec.ts';
import type { Pi0Config } from './config.ts';
import {
  halfPrompt,
  imageDType,
  imageRange,
  missingCameras,
  notBoolean,
  tokenRange,
} from './errors.ts';

/** What a policy is shown: a batch of views, states and prompts. */
export interface Observation<Leaf = Value> {
  /** f32[batch, height, width, 3] in [−1, 1], by camera. */
  readonly images: Readonly<Record<string, Leaf>>;
  /** bool[batch] by camera; false: there is no such view. */
  readonly imageMasks: Readonly<Record<string, Leaf>>;
  /** f32[batch, actionDim]. */
  readonly state: Leaf;
  /** int32[batch, maxTokenLen]. */
  readonly tokenizedPrompt?: Leaf | null;
  /** bool[batch, maxTokenLen]; false is padding. */
  readonly tokenizedPromptMask?: Leaf | null;
}

/** The form in which data pipelines hand observations on: openpi's names. */
export interface ObservationDict {
  /** By camera: f32 in [−1, 1], or whole numbers from 0 to 255. */
  readonly image: Readonly<Record<string, Value>>;
  readonly image_mask: Readonly<Record<string, Value>>;
  readonly state: Value;
  readonly tokenized_prompt?: Value | null;
  readonly tokenized_prompt_mask?: Value | null;
}

/** Bytes as numbers in [−1, 1]; the order of operations is that of the reference. */
const fromBytes = (image: Value): Value =>
  np.subtract(np.multiply(np.divide(np.astype(image, 'float32'), 255), 2), 1);

/**
 * The observation that a dictionary with openpi's names holds. Images of whole numbers, 0 to 255, become
 * floats in [−1, 1].
 *
 * @throws `half-prompt` if there is a prompt without its mask or a mask without its prompt.
 */
export function observationFromDict(data: ObservationDict): Observation {
  const prompt = data.tokenized_prompt ?? null;
  const mask = data.tokenized_prompt_mask ?? null;
  if ((prompt === null) !== (mask === null)) throw halfPrompt(prompt === null);
  const images = Object.entries(data.image).map(
    ([name, image]) => [name, isInteger(image.dtype) ? fromBytes(image) : image] as const,
  );
  return {
    images: Object.fromEntries(images),
    imageMasks: data.image_mask,
    state: data.state,
    tokenizedPrompt: prompt,
    tokenizedPromptMask: mask,
  };
}

/** The dictionary with openpi's names that {@link observationFromDict} reads. */
export const observationToDict = (observation: Observation): ObservationDict => ({
  image: observation.images,
  image_mask: observation.imageMasks,
  state: observation.state,
  tokenized_prompt: observation.tokenizedPrompt ?? null,
  tokenized_prompt_mask: observation.tokenizedPromptMask ?? null,
});

/** Types of an observation and of its actions, without any array. */
export interface InputsSpec<Leaf = ArraySpec> {
  readonly observation: Observation<Leaf>;
  /** f32[batch, actionHorizon, actionDim]. */
  readonly actions: Leaf;
}

/** Shapes and types of what {@link Pi0Config} takes, for a batch of this size. */
export function inputsSpec(config: Pi0Config, batch = 1): InputsSpec {
  const [height, width] = config.imageResolution;
  const perCamera = (spec: () => ArraySpec): Record<string, ArraySpec> =>
    Object.fromEntries(config.imageKeys.map((name) => [name, spec()]));
  return {
    observation: {
      images: perCamera(() => arraySpec([batch, height, width, 3])),
      imageMasks: perCamera(() => arraySpec([batch], 'bool')),
      state: arraySpec([batch, config.actionDim]),
      tokenizedPrompt: arraySpec([batch, config.maxTokenLen], 'int32'),
      tokenizedPromptMask: arraySpec([batch, config.maxTokenLen], 'bool'),
    },
    actions: arraySpec([batch, config.actionHorizon, config.actionDim]),
  };
}

const onesOf = ({ shape, dtype }: ArraySpec): Value => np.ones(shape, { dtype });

const onesByCamera = (specs: Readonly<Record<string, ArraySpec>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, onesOf(spec)]));

/** An observation of ones: white images, all valid, token 1 everywhere. */
export function fakeObs(config: Pi0Config, batch = 1): Observation {
  const { images, imageMasks, state, tokenizedPrompt, tokenizedPromptMask } = inputsSpec(
    config,
    batch,
  ).observation;
  return {
    images: onesByCamera(images),
    imageMasks: onesByCamera(imageMasks),
    state: onesOf(state),
    tokenizedPrompt: tokenizedPrompt == null ? null : onesOf(tokenizedPrompt),
    tokenizedPromptMask: tokenizedPromptMask == null ? null : onesOf(tokenizedPromptMask),
  };
}

/** Actions of ones: f32[batch, actionHorizon, actionDim]. */
export const fakeActions = (config: Pi0Config, batch = 1): Value =>
  onesOf(inputsSpec(config, batch).actions);

/** A camera of an observation. */
export interface Camera {
  readonly name: string;
  readonly image: Value;
  readonly mask: Value;
}

/** The cameras that an observation has, in the configuration's order; a missing mask means that all is valid. */
export const camerasIn = (
  { imageKeys }: Pick<Pi0Config, 'imageKeys'>,
  { images, imageMasks, state }: Observation,
): readonly Camera[] =>
  imageKeys.flatMap((name) => {
    const image = images[name];
    if (image === undefined) return [];
    const mask = imageMasks[name] ?? np.ones(state.shape.slice(0, -1), { dtype: 'bool' });
    return [{ name, image, mask }];
  });

/** The elements, if they can be had without waiting. */
function valuesNow(x: Value): ArrayLike<number> | null {
  if (isTracing() || !(x instanceof ConcreteArray)) return null;
  return x.storage.peek();
}

function checkImage(name: string, image: Value): void {
  if (image.dtype !== 'float32') throw imageDType(name, image.aval);
  const elements = valuesNow(image);
  if (elements === null) return;
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < elements.length; i++) {
    const element = elements[i] ?? 0;
    low = Math.min(low, element);
    high = Math.max(high, element);
  }
  // Augmentation and resizing may leave the range by a little.
  if (low < -1.5 || high > 1.5) throw imageRange(name, low, high);
}

const requireBool = (name: string, mask: Value): void => {
  if (mask.dtype !== 'bool') throw notBoolean(name, mask.aval);
};

/** @throws `axis-disagrees` unless an axis has the size that the configuration says. */
function requireSize(op: string, axis: string, wanted: number, name: string, got: number): void {
  if (got !== wanted) throw axisDisagrees(op, axis, wanted, 'the configuration', got, name);
}

/**
 * Checks chunks of actions, or the noise that becomes them.
 *
 * @param chunks - f32[batch, actionHorizon, actionDim].
 * @throws `wrong-axes`, `axis-disagrees`.
 */
export function checkChunks(op: string, config: Pi0Config, name: string, chunks: Value): void {
  const { actionHorizon, actionDim } = dims(op, {
    [name]: [chunks, 'batch actionHorizon actionDim'],
  });
  requireSize(op, 'actionHorizon', config.actionHorizon, name, actionHorizon);
  requireSize(op, 'actionDim', config.actionDim, name, actionDim);
}

/** @throws `layer-dtype`; `token-range` if a token is not in the vocabulary and can be looked at. */
function checkPrompt({ vocabulary }: Pi0Config, prompt: Value): void {
  if (!isInteger(prompt.dtype)) throw layerDType('pi0', 'tokenizedPrompt', 'int32', prompt.aval);
  const tokens = Array.from(valuesNow(prompt) ?? []);
  const stray = tokens.find((token) => token < 0 || token >= vocabulary);
  if (stray !== undefined) throw tokenRange(stray, vocabulary);
}

/**
 * Checks an observation before anything is computed with it; values only where they are at hand.
 *
 * @param cameras - Cameras that have to be there.
 * @throws `missing-cameras`, `image-dtype`, `image-range`, `mask-not-bool`, `half-prompt`, `layer-dtype`,
 * `token-range`, `wrong-axes`, `axis-disagrees`.
 */
export function checkObservation(
  config: Pi0Config,
  observation: Observation,
  cameras: readonly string[],
): void {
  const { images, imageMasks, state, tokenizedPrompt, tokenizedPromptMask } = observation;
  const missing = cameras.filter((name) => images[name] === undefined);
  if (missing.length > 0) throw missingCameras(missing, Object.keys(images), config.imageKeys);
  const [prompt, promptMask] = [tokenizedPrompt ?? null, tokenizedPromptMask ?? null];
  if ((prompt === null) !== (promptMask === null)) throw halfPrompt(prompt === null);
  for (const { name, image } of camerasIn(config, observation)) {
    const mask = imageMasks[name];
    if (mask !== undefined) requireBool(`imageMasks.${name}`, mask);
    dims('pi0', {
      state: [state, 'batch actionDim'],
      [`images.${name}`]: [image, 'batch height width channels'],
      [`imageMasks.${name}`]: [mask, 'batch'],
    });
    checkImage(name, image);
  }
  if (prompt !== null) checkPrompt(config, prompt);
  if (promptMask !== null) requireBool('tokenizedPromptMask', promptMask);
  const { actionDim } = dims('pi0', {
    state: [state, 'batch actionDim'],
    tokenizedPrompt: [prompt, 'batch tokens'],
    tokenizedPromptMask: [promptMask, 'batch tokens'],
  });
  requireSize('pi0', 'actionDim', config.actionDim, 'state', actionDim);
}
