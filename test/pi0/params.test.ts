/** How many parameters the policies have and which of them are trained, from specs alone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nn } from '../../index.ts';
import {
  allOf,
  anyOf,
  countByFilter,
  everything,
  freezeFilter,
  mergeParams,
  not,
  nothing,
  type Pi0Config,
  partitionParams,
  pathRegex,
  pi0Config,
  pi0Spec,
} from '../../models/pi0/index.ts';
import { tinyConfig, tinyParams } from './tiny.ts';

const bothLora = {
  paligemmaVariant: 'gemma_2b_lora',
  actionExpertVariant: 'gemma_300m_lora',
} as const;
const dummies = { paligemmaVariant: 'dummy', actionExpertVariant: 'dummy' } as const;
const reads = { paligemmaVariant: 'gemma_2b_lora' } as const;
const acts = { actionExpertVariant: 'gemma_300m_lora' } as const;

const policy = (options: Partial<Pi0Config>) =>
  pi0Spec(pi0Config({ energyVariant: 'none', ...options }));

const counts: readonly (readonly [Partial<Pi0Config>, leaves: number, parameters: number])[] = [
  [{}, 50, 3_238_048_528],
  [{ pi05: true }, 51, 3_353_433_872],
  [dummies, 50, 429_337_808],
  [{ ...dummies, pi05: true }, 51, 429_443_344],
  [bothLora, 70, 3_288_036_112],
  [reads, 60, 3_265_917_712],
  [acts, 60, 3_260_166_928],
  [{ ...bothLora, pi05: true }, 71, 3_403_421_456],
];

test('policies have as many parameters as the released ones', () => {
  for (const [options, leaves, parameters] of counts) {
    const spec = policy(options);
    assert.is(nn.countParams(spec), parameters, JSON.stringify(options));
    assert.is(nn.pathsOf(spec).length, leaves, JSON.stringify(options));
  }
});

test('the parts have their own counts', () => {
  const { PaliGemma } = policy({});
  assert.is(nn.countParams(PaliGemma.img), 414_803_696);
  assert.is(nn.countParams(PaliGemma.llm.embedder), 526_647_296);
  const counted = (options: Partial<Pi0Config>, pattern: string): number =>
    countByFilter(policy(options), pathRegex(pattern)).frozen;
  const acting = '.*llm/(layers/.*_1/.*|final_norm_1/.*)';
  assert.is(counted({}, acting), 311_464_960);
  assert.is(counted({ pi05: true }, acting), 427_932_672);
  assert.is(counted({}, '(action|state|time)_.*'), 3_248_160);
  assert.is(counted({ pi05: true }, '(action|state|time)_.*'), 2_165_792);
});

test('the energy model adds 3,955,215 parameters under energy_model', () => {
  for (const pi05 of [false, true]) {
    const spec = pi0Spec(pi0Config({ pi05 }));
    assert.is(nn.countParams(spec) - nn.countParams(policy({ pi05 })), 3_955_215);
    assert.is(countByFilter(spec, pathRegex('energy_model/.*')).frozen, 3_955_215);
  }
});

test('shapes and paths are those of openpi', () => {
  const shapes = nn.shapesOf(policy({ pi05: true, ...bothLora }));
  const llm = 'PaliGemma/llm/layers';
  const img = 'PaliGemma/img/Transformer/encoderblock';
  const expected: Readonly<Record<string, readonly number[]>> = {
    [`${llm}/attn/q_einsum/w`]: [18, 8, 2048, 256],
    [`${llm}/attn/kv_einsum_1/w`]: [18, 2, 1, 1024, 256],
    [`${llm}/attn/attn_vec_einsum/lora_a`]: [18, 8, 256, 16],
    [`${llm}/attn/attn_vec_einsum_1/lora_b`]: [18, 8, 32, 1024],
    [`${llm}/mlp/gating_einsum_lora_b`]: [18, 2, 16, 16384],
    [`${llm}/mlp_1/linear_lora_a`]: [18, 4096, 32],
    [`${llm}/pre_ffw_norm_1/Dense_0/kernel`]: [18, 1024, 3072],
    'PaliGemma/llm/final_norm_1/Dense_0/bias': [3072],
    'PaliGemma/llm/embedder/input_embedding': [257_152, 2048],
    [`${img}/MultiHeadDotProductAttention_0/out/kernel`]: [27, 16, 72, 1152],
    [`${img}/MlpBlock_0/Dense_1/kernel`]: [27, 4304, 1152],
    'PaliGemma/img/embedding/kernel': [14, 14, 3, 1152],
    'PaliGemma/img/pos_embedding': [1, 256, 1152],
    'PaliGemma/img/head/kernel': [1152, 2048],
    'time_mlp_in/kernel': [1024, 1024],
    'action_out_proj/kernel': [1024, 32],
  };
  for (const [path, shape] of Object.entries(expected)) assert.equal(shapes[path]?.shape, shape);
});

const frozen: readonly (readonly [
  Partial<Pi0Config>,
  pi0: readonly [leaves: number, parameters: number],
  pi05: readonly [leaves: number, parameters: number],
])[] = [
  [{}, [0, 0], [0, 0]],
  [reads, [9, 2_508_531_712], [9, 2_508_531_712]],
  [acts, [8, 311_464_960], [11, 427_932_672]],
  [bothLora, [17, 2_819_996_672], [20, 2_936_464_384]],
];

test('low-rank training freezes what openpi freezes', () => {
  for (const [options, ...both] of frozen) {
    both.forEach((expected, i) => {
      const config = pi0Config({ ...options, pi05: i === 1, energyVariant: 'none' });
      const found = countByFilter(pi0Spec(config), freezeFilter(config));
      assert.equal([found.frozenLeaves, found.frozen], expected, JSON.stringify(options));
      assert.is(found.trainable + found.frozen, found.total);
    });
  }
  const config = pi0Config({ ...bothLora, energyVariant: 'none' });
  assert.is(countByFilter(pi0Spec(config), freezeFilter(config)).trainable, 468_039_440);
});

test('with trainOnlyEnergyModel everything outside the energy model is frozen', () => {
  const config = pi0Config({ useEnergyLoss: true, trainOnlyEnergyModel: true });
  const found = countByFilter(pi0Spec(config), freezeFilter(config));
  assert.equal([found.trainable, found.frozen], [3_955_215, 3_238_048_528]);
});

test('filters combine, and patterns match whole paths', () => {
  const kernel = pathRegex('.*/kernel');
  const inner = pathRegex(/head\/.*/);
  assert.ok(kernel('head/kernel') && !kernel('head/kernel/value'));
  assert.ok(allOf(kernel, inner)('head/kernel') && !allOf(kernel, inner)('foot/kernel'));
  assert.ok(anyOf(kernel, inner)('head/bias') && !anyOf(kernel, inner)('foot/bias'));
  assert.ok(not(kernel)('head/bias') && !not(kernel)('head/kernel'));
  assert.ok(everything('a') && !nothing('a'));
});

test('a partition has every leaf once, and its halves merge to the whole', () => {
  const config = tinyConfig();
  const params = tinyParams(config);
  const { trainable, frozen: rest } = partitionParams(params, pathRegex('.*llm.*'));
  const paths = [...nn.pathsOf(trainable), ...nn.pathsOf(rest)];
  assert.equal(paths.sort(), nn.pathsOf(params).sort());
  assert.ok(nn.pathsOf(rest).every((path) => path.includes('llm')));
  const merged = mergeParams(trainable, rest);
  assert.equal(nn.pathsOf(merged), nn.pathsOf(params));
  assert.equal(nn.shapesOf(merged), nn.shapesOf(params));
});

test.run();
