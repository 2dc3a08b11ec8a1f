/** Errors of the language model. */
import { type Aval, showAval } from '../../core/base/aval.ts';
import { defineError } from '../../core/base/errors.ts';

/** Experts that cannot share their attention. */
export const unlikeExperts = defineError({
  code: 'unlike-experts',
  what: (field: string, first: number, expert: number, value: number) =>
    `gemma: experts attend together, but ${field} is ${first} in expert 0 and ${value} in expert ${expert}`,
  fix: (field) => `give all experts the same ${field}; width and mlpDim may differ`,
  example: {
    fails: "pi0Config({ paligemmaVariant: 'gemma_2b', actionExpertVariant: 'dummy' })",
    works: "pi0Config({ paligemmaVariant: 'gemma_2b', actionExpertVariant: 'gemma_300m' })",
  },
});

/** An expert whose norms follow a condition, and none is given. */
export const missingCondition = defineError({
  code: 'missing-condition',
  what: (tokens: Aval) =>
    `gemma: the tokens ${showAval(tokens)} belong to an expert whose norms follow a condition, and there is none`,
  fix: "pass the expert's condition, f32[batch, width], in its place in conditions: [null, condition]",
  example: {
    fails: `const expert = gemmaConfig({ width: 4, depth: 1, mlpDim: 4, numHeads: 1, numKvHeads: 1, headDim: 2 });
const params = nn.initParams(gemmaSpec([expert], { vocabulary: 4, isAdaptive: [true] }), random.key(0));
const place = { positions: np.zeros([1, 1], { dtype: 'int32' }), mask: np.ones([1, 1, 1], { dtype: 'bool' }) };
gemma(params, [expert], { tokens: [np.ones([1, 1, 4])], ...place })`,
    works: `const expert = gemmaConfig({ width: 4, depth: 1, mlpDim: 4, numHeads: 1, numKvHeads: 1, headDim: 2 });
const params = nn.initParams(gemmaSpec([expert], { vocabulary: 4, isAdaptive: [true] }), random.key(0));
const place = { positions: np.zeros([1, 1], { dtype: 'int32' }), mask: np.ones([1, 1, 1], { dtype: 'bool' }) };
gemma(params, [expert], { tokens: [np.ones([1, 1, 4])], conditions: [np.ones([1, 4])], ...place })`,
  },
});
