/** Errors of model configurations and parameters. */
import { defineError } from '../core/base/errors.ts';

/** A name that no table of variants has. */
export const unknownVariant = defineError({
  code: 'unknown-variant',
  what: (model: string, variant: string, known: readonly string[]) =>
    `${model}: there is no variant '${variant}' (known: ${known.join(', ')})`,
  fix: (_model, _variant, known) =>
    `use one of these names, such as '${known[0] ?? ''}', or pass the sizes themselves as an object`,
  example: {
    fails: "pi0Config({ paligemmaVariant: 'gemma_7b' as 'gemma_2b' })",
    works: "pi0Config({ paligemmaVariant: 'gemma_2b' })",
  },
});

/** Sizes that make no model. */
export const badModelSize = defineError({
  code: 'model-size',
  what: (model: string, field: string, value: string, needs: string) =>
    `${model}: ${field} is ${value}, but must be ${needs}`,
  fix: (_model, field, _value, needs) => `set ${field} to ${needs}`,
  example: {
    fails: "pi0Config({ siglipVariant: { ...siglipConfig('mu/14'), numHeads: 3 } })",
    works: "pi0Config({ siglipVariant: { ...siglipConfig('mu/14'), numHeads: 4 } })",
  },
});

/** Parameters without a part that the configuration needs. */
export const missingParameter = defineError({
  code: 'missing-parameter',
  what: (model: string, path: string) => `${model}: the parameters have no '${path}'`,
  fix: (_model, path) =>
    `use parameters of this configuration: nn.initParams(pi0Spec(config), key), or a checkpoint that has '${path}'`,
  example: {
    fails: `const expert = gemmaConfig({ width: 4, depth: 1, mlpDim: 4, numHeads: 1, numKvHeads: 1, headDim: 2 });
const params = nn.initParams(gemmaSpec([expert], { vocabulary: 4, isAdaptive: [false] }), random.key(0));
const place = { positions: np.zeros([1, 1], { dtype: 'int32' }), mask: np.ones([1, 1, 1], { dtype: 'bool' }) };
gemma(params, [expert, expert], { tokens: [null, np.ones([1, 1, 4])], ...place })`,
    works: `const expert = gemmaConfig({ width: 4, depth: 1, mlpDim: 4, numHeads: 1, numKvHeads: 1, headDim: 2 });
const params = nn.initParams(gemmaSpec([expert], { vocabulary: 4, isAdaptive: [false] }), random.key(0));
const place = { positions: np.zeros([1, 1], { dtype: 'int32' }), mask: np.ones([1, 1, 1], { dtype: 'bool' }) };
gemma(params, [expert], { tokens: [np.ones([1, 1, 4])], ...place })`,
  },
});
