/** Errors of reading and writing a policy's weights. */
import { defineError } from '../../../core/base/errors.ts';

const small = `const expert = { width: 8, depth: 1, mlpDim: 8, numHeads: 1, numKvHeads: 1, headDim: 4 };
const config = pi0Config({
  paligemmaVariant: expert, actionExpertVariant: expert,
  siglipVariant: { width: 8, depth: 1, mlpDim: 8, numHeads: 1, patchSize: 4 },
  vocabulary: 4, imageResolution: [4, 4], actionDim: 3, energyVariant: 'none',
});
const params = nn.initParams(pi0Spec(config), random.key(0));
const tensors: Record<string, RawTensor> = {};
for (const [name, tensor] of Object.entries(pi0Tensors(params))) {
  tensors[name] = { ...tensor, bytes: await tensor.bytes() };
}
const file = await openSafetensors(encodeSafetensors(tensors));`;

/** Names or shapes in a file that are not those of the policy it is to be loaded into. */
export const weightsMismatch = defineError({
  code: 'weights-mismatch',
  what: (file: string, lines: readonly string[]) =>
    `loadPi0Weights: ${lines.length} ${lines.length === 1 ? 'tensor' : 'tensors'} of '${file}' ${
      lines.length === 1 ? 'does' : 'do'
    } not fit the policy\n  ${lines.join('\n  ')}`,
  fix: 'load with the configuration that the weights were saved with (pi05, the variants and actionDim decide names and shapes); what may be absent goes into the option missing, what need not be read into ignore',
  example: {
    fails: `${small}
await loadPi0Weights(file, { ...config, pi05: true });`,
    works: `${small}
await loadPi0Weights(file, config);`,
  },
});

/** Parameters of a type that files of weights do not have. */
export const notWeights = defineError({
  code: 'not-weights',
  what: (path: string, found: string) =>
    `pi0Tensors: '${path}' is ${found}, but weights are float32, bfloat16 or float16 arrays`,
  fix: 'pass the parameters as initParams or loadPi0Weights returned them, outside grad, jit and vmap',
  example: {
    fails: "pi0Tensors({ action_in_proj: { bias: np.ones([2], { dtype: 'int32' }) } });",
    works: 'pi0Tensors({ action_in_proj: { bias: np.ones([2]) } });',
  },
});
