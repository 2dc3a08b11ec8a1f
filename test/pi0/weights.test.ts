/** Files of weights: both layouts, what is refused, and what is read when. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bfloat16Bits, float16Bits } from '../../core/base/half.ts';
import { defaultDevice, setDefaultDevice } from '../../core/host/runtime.ts';
import { jit, nn, np, random, tree } from '../../index.ts';
import {
  fakeObs,
  layoutOf,
  loadPi0Weights,
  type Pi0Config,
  type Pi0Layout,
  type Pi0Params,
  pi0Config,
  pi0Spec,
  pi0Tensors,
  sampleActions,
  unusedPiece,
  type WeightsFile,
} from '../../models/pi0/index.ts';
import { castRaw } from '../../models/pi0/weights/cast.ts';
import { inverse, reorder, reorderRows } from '../../models/pi0/weights/permute.ts';
import { encodeSafetensors, loadPi0, openSafetensors, savePi0 } from '../../training/index.ts';
import { codeOf, errorOf } from '../checkpoint/code-of.ts';
import { tinyConfig, tinyParams } from './tiny.ts';
import {
  fileOf,
  madeTensors,
  must,
  rawByPath,
  recordedPolicy,
  renamed,
  type Tensors,
} from './weights-files.ts';

await setDefaultDevice('wasm');
const policies = ['pi0_tiny', 'pi05_tiny'] as const;
const head = 'paligemma_with_expert.paligemma.lm_head.weight';
const embedding = 'paligemma_with_expert.paligemma.model.language_model.embed_tokens.weight';
const unused = 'paligemma_with_expert.gemma_expert.lm_head.weight';

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enerjax-weights-'));
});
test.after(() => rm(folder, { recursive: true }));

/** By policy and name: shape, and the beginning of the SHA-256 of the bytes. */
type Recorded = Readonly<Record<string, Record<string, readonly [readonly number[], string]>>>;

for (const name of policies) {
  test(`${name} in the public layout is, byte for byte, what an independent script writes`, async () => {
    const path = fileURLToPath(new URL('../golden/pi0_public.json', import.meta.url));
    const expected: Recorded = JSON.parse(await readFile(path, 'utf8'));
    const { params } = await recordedPolicy(name);
    const tensors = await madeTensors(params, 'public');
    const found = Object.entries(tensors).map(([key, { shape, bytes }]) => {
      const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
      return [key, [shape, digest]] as const;
    });
    assert.equal(Object.fromEntries(found), expected[name]);
  });

  test(`${name} has the same parameters and outputs from both layouts`, async () => {
    const { config, params } = await recordedPolicy(name);
    const tensors = await madeTensors(params, 'public');
    const loaded = await loadPi0Weights(await fileOf(tensors, 'public'), config);
    assert.equal(nn.shapesOf(loaded), nn.shapesOf(params));
    assert.equal(await rawByPath(loaded), await rawByPath(params));
    const act = jit((p: Pi0Params) => {
      const observation = fakeObs(config, 1);
      return sampleActions(p, config, random.key(1), observation, { numSteps: 2 });
    });
    assert.equal(await act(loaded).data(), await act(params).data());
  });
}

const { config: recorded, params: known } = await recordedPolicy('pi05_tiny');
const publicTensors = await madeTensors(known, 'public');
const ownTensors = await madeTensors(known, 'openpi');
const expected = await rawByPath(known);

async function loadsAs(tensors: Tensors, options: Parameters<typeof loadPi0Weights>[2] = {}) {
  const loaded = await loadPi0Weights(await fileOf(tensors), recorded, options);
  assert.equal(await rawByPath(loaded), expected);
}

test('names come with or without model., and the tied table under either name or both', async () => {
  await loadsAs(renamed(publicTensors, (key) => `model.${key}`));
  await loadsAs(renamed(publicTensors, (key) => (key === head ? embedding : key)));
  await loadsAs({ ...publicTensors, [embedding]: must(publicTensors[head]) });
  const { [unused]: _, ...withoutUnused } = publicTensors;
  await loadsAs(withoutUnused);
});

test('paths may end in /value, all of them, and begin with a prefix', async () => {
  await loadsAs(renamed(ownTensors, (key) => `${key}/value`));
  await loadsAs(
    renamed(ownTensors, (key) => `params/${key}/value`),
    { prefix: 'params/' },
  );
  const some = renamed(ownTensors, (key) => (key.startsWith('time') ? `${key}/value` : key));
  assert.is(await codeOf(() => loadsAs(some)), 'weights-mismatch');
});

test('single files, folders and shards hold the same', async () => {
  for (const layout of ['openpi', 'public'] as const) {
    const places = [`${layout}.safetensors`, layout, `${layout}-shards`].map((n) =>
      join(folder, n),
    );
    for (const path of places) {
      const shards = path.endsWith('shards') ? { shardBytes: 50_000 } : {};
      await savePi0(path, known, { layout, ...shards });
      assert.equal(await rawByPath(await loadPi0(path, recorded)), expected);
    }
    const index = await readFile(join(places[2] ?? '', 'model.safetensors.index.json'), 'utf8');
    const { metadata, weight_map } = JSON.parse(index);
    assert.ok(new Set(Object.values(weight_map)).size > 3);
    const sizes = Object.values(pi0Tensors(known, { layout })).map(
      ({ shape }) => 4 * product(shape),
    );
    assert.is(
      metadata.total_size,
      sizes.reduce((a, b) => a + b),
    );
    assert.is(await codeOf(() => savePi0(layoutFolder(layout), known)), 'checkpoint-exists');
  }
});

const layoutFolder = (layout: Pi0Layout): string => join(folder, layout);
const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

test('bfloat16 stays bfloat16, and types are cast on request', async () => {
  const narrow = tree.map((x) => np.astype(x, 'bfloat16'), known);
  for (const layout of ['openpi', 'public'] as const) {
    const path = join(folder, `narrow-${layout}.safetensors`);
    await savePi0(path, known, { layout, dtype: 'bfloat16' });
    const kept = await loadPi0(path, recorded);
    assert.ok(tree.leaves(kept).every(({ dtype }) => dtype === 'bfloat16'));
    assert.equal(await rawByPath(kept), await rawByPath(narrow));
    const wide = await loadPi0(path, recorded, { dtype: 'float32' });
    const widened = tree.map((x) => np.astype(x, 'float32'), narrow);
    assert.equal(await rawByPath(wide), await rawByPath(widened));
    const cast = await loadPi0Weights(await fileOf(ownTensors), recorded, { dtype: 'bfloat16' });
    assert.equal(await rawByPath(cast), await rawByPath(narrow));
  }
});

test('a parameter whose layers have several types gets one that holds them all', async () => {
  const some = 'paligemma_with_expert.gemma_expert.model.layers.1.mlp.up_proj.weight';
  const rounded = await madeTensors(
    tree.map((x) => np.astype(x, 'bfloat16'), known),
    'public',
  );
  const mixed = { ...publicTensors, [some]: must(rounded[some]) };
  const loaded = await loadPi0Weights(await fileOf(mixed), recorded);
  assert.is(loaded.PaliGemma.llm.layers.mlp_1?.gating_einsum.dtype, 'float32');
});

test('casts of raw elements round as the library does', () => {
  const values = Float32Array.of(1, -0, 1.00390625, 3.4e38, Infinity, Number.NaN, 1e-40, 0.1);
  const bits = new Uint32Array(values.buffer);
  assert.equal(castRaw(bits, 'F32', 'BF16'), Uint16Array.from(values, bfloat16Bits));
  assert.equal(castRaw(bits, 'F32', 'F16'), Uint16Array.from(values, float16Bits));
  const halves = Uint16Array.of(0x3c00, 0x8000, 0x0001, 0x7c00);
  const wide = castRaw(halves, 'F16', 'F32');
  assert.equal([...new Float32Array(wide.buffer)], [1, -0, 2 ** -24, Infinity]);
  assert.equal([...castRaw(halves, 'F16', 'BF16')], [0x3f80, 0x8000, 0x3380, 0x7f80]);
});

test('reordering is transposition, whole or in rows', async () => {
  const cases: readonly (readonly [number[], number[]])[] = [
    [
      [3, 5],
      [1, 0],
    ],
    [
      [70, 33],
      [1, 0],
    ],
    [
      [4, 6, 5],
      [0, 2, 1],
    ],
    [
      [5, 3, 7, 2],
      [2, 3, 1, 0],
    ],
    [
      [2, 3, 4],
      [1, 0, 2],
    ],
    [
      [1, 4, 1, 3],
      [3, 0, 1, 2],
    ],
    [
      [0, 4],
      [1, 0],
    ],
  ];
  for (const [shape, axes] of cases) {
    const source = Uint32Array.from({ length: product(shape) }, (_, i) => i);
    const moved = np.transpose(np.fromRaw(source, { dtype: 'uint32', shape }), axes);
    const order = { shape, axes };
    assert.equal([...reorder(source, order)], [...(await moved.data())], String(shape));
    assert.equal([...reorder(reorder(source, order), inverse(order))], [...source]);
    const target = new Uint32Array(source.length);
    const size = product(shape.slice(1));
    for (let row = 0; row < (shape[0] ?? 0); row += 2) {
      reorderRows(source.subarray(row * size, (row + 2) * size), target, order, row);
    }
    assert.equal([...target], [...(await moved.data())], `${shape} in rows`);
  }
});

test('tensors that are read in several runs are joined in their order', async () => {
  const { paligemmaVariant } = tinyConfig();
  const config = tinyConfig({
    paligemmaVariant: { ...gemma(paligemmaVariant), depth: 1, width: 512, mlpDim: 5000 },
    actionExpertVariant: { ...gemma(tinyConfig().actionExpertVariant), depth: 1 },
    vocabulary: 5000,
    energyVariant: 'none',
  });
  const params = nn.initParams(pi0Spec(config), random.key(5));
  const tensors = await madeTensors(params, 'public');
  const file = await fileOf(tensors, 'public');
  let runs = 0;
  const counted: WeightsFile = {
    ...file,
    async *pieces(tensor, size) {
      for await (const run of file.pieces(tensor, size)) {
        runs += 1;
        yield run;
      }
    },
  };
  const loaded = await rawByPath(await loadPi0Weights(counted, config));
  for (const [path, data] of Object.entries(await rawByPath(params))) {
    const [found, wanted] = [must(loaded[path]), data].map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength),
    );
    assert.ok(must(found).equals(must(wanted)), path);
  }
  assert.is(runs, Object.keys(tensors).length - 1 + 4, 'one more for each of the four large ones');
});

/** The lines of the one error that names all that is wrong. */
async function problems(tensors: Tensors, config: Pi0Config = recorded): Promise<string[]> {
  const file = await fileOf(tensors);
  const error = await errorOf(() => loadPi0Weights(file, config));
  assert.is(error.code, 'weights-mismatch');
  return error.what
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

test('every key that is missing is named, in both layouts', async () => {
  for (const tensors of [ownTensors, publicTensors]) {
    for (const key of Object.keys(tensors).filter((name) => name !== unused)) {
      const { [key]: _, ...rest } = tensors;
      const lines = await problems(rest);
      assert.is(lines.length, 1);
      assert.ok(lines[0]?.startsWith(`missing  ${key}`), lines[0]);
    }
  }
  assert.is((await problems({})).length, Object.keys(ownTensors).length);
});

test('every key that has another shape or type is named, in both layouts', async () => {
  for (const tensors of [ownTensors, publicTensors]) {
    const wrong: Tensors = {};
    for (const [key, { dtype, shape, bytes }] of Object.entries(tensors)) {
      wrong[key] = { dtype, shape: [...shape, 1], bytes };
    }
    const lines = await problems(wrong);
    const keys = Object.keys(tensors).filter((name) => name !== unused);
    assert.is(lines.length, keys.length);
    for (const key of keys) {
      assert.ok(
        lines.some((line) => line.startsWith(`differs  ${key}`)),
        key,
      );
    }
  }
  const bias = must(ownTensors['time_mlp_in/bias']);
  const integers: Tensors = { ...ownTensors, 'time_mlp_in/bias': { ...bias, dtype: 'I32' } };
  assert.equal(await problems(integers), [
    'differs  time_mlp_in/bias: expected float[16], the file has I32[16]',
  ]);
});

test('keys that the policy does not have are named, unless they are to be left alone', async () => {
  const bias = must(ownTensors['time_mlp_in/bias']);
  const own = { ...ownTensors, 'state_proj/bias': bias, other: bias };
  assert.equal(await problems(own), [
    'extra    other: the policy has no such parameter, the file has F32[16]',
    'extra    state_proj/bias: the policy has no such parameter, the file has F32[16]',
  ]);
  const key = 'paligemma_with_expert.gemma_expert.model.layers.2.input_layernorm.dense.bias';
  const [line = ''] = await problems({ ...publicTensors, [key]: bias });
  assert.ok(line.startsWith(`extra    ${key}:`));
  await loadsAs(own, { ignore: 'other|state_proj/.*' });
});

test('a file of the other policy, and a name that is there twice, are told from one another', async () => {
  const lines = await problems(publicTensors, { ...recorded, pi05: false });
  const of = (word: string): number => lines.filter((line) => line.startsWith(word)).length;
  assert.equal([of('missing'), of('extra'), of('differs')], [11, 14, 0]);
  const bias = must(publicTensors['time_mlp_in.bias']);
  assert.match(
    (await problems({ ...publicTensors, 'model.time_mlp_in.bias': bias }))[0] ?? '',
    'twice',
  );
});

test('low-rank additions and energy models that the file lacks are initialised', async () => {
  const lora = { attn: { rank: 2, alpha: 2 }, ffn: { rank: 2, alpha: 2 } };
  const base = tinyConfig({ energyVariant: 'none' });
  const policy = tinyParams(base);
  const config = tinyConfig({
    paligemmaVariant: { ...gemma(base.paligemmaVariant), lora },
    energyVariant: 'cross-attention',
  });
  const fresh = nn.initParams(pi0Spec(config), random.key(3));
  for (const layout of ['openpi', 'public'] as const) {
    const file = await fileOf(await madeTensors(policy, layout));
    const loaded = await rawByPath(await loadPi0Weights(file, config, { key: random.key(3) }));
    const [initial, own] = [await rawByPath(fresh), await rawByPath(policy)];
    assert.equal(Object.keys(loaded), Object.keys(initial));
    for (const [path, data] of Object.entries(loaded)) {
      assert.equal(data, own[path] ?? initial[path], path);
    }
    const strict = () => loadPi0Weights(file, config, { missing: (path) => /lora/.test(path) });
    const { what } = await errorOf(strict);
    assert.ok(what.includes('energy_model/') && !what.includes('lora'));
  }
  // With an energy model the file loads again: what the port does not have goes by its path.
  const whole = await fileOf(await madeTensors(fresh, 'public'));
  assert.equal(await rawByPath(await loadPi0Weights(whole, config)), await rawByPath(fresh));
});

const gemma = (variant: Pi0Config['paligemmaVariant']) =>
  must(typeof variant === 'string' ? null : variant);

test('nothing is read and nothing allocated before names and shapes are known to fit', async () => {
  const file = await fileOf(publicTensors);
  const reads: string[] = [];
  const watched: WeightsFile = {
    name: file.name,
    entries: file.entries,
    pieces: (tensor, size) => {
      reads.push(tensor);
      return file.pieces(tensor, size);
    },
  };
  const before = defaultDevice().memory().liveBytes;
  const wrong = { ...recorded, actionDim: recorded.actionDim + 1 };
  assert.is(await codeOf(() => loadPi0Weights(watched, wrong)), 'weights-mismatch');
  assert.equal(reads, []);
  assert.is(defaultDevice().memory().liveBytes, before);
  await loadPi0Weights(watched, recorded);
  assert.is(new Set(reads).size, reads.length, 'each tensor is read once');
  assert.is(reads.length, Object.keys(publicTensors).length - 1, 'all but the unused one');
});

test('a load that fails midway gives back what it had', async () => {
  const file = await fileOf(publicTensors);
  const before = defaultDevice().memory().liveBytes;
  let left = 20;
  const failing: WeightsFile = {
    ...file,
    pieces: (tensor, size) => {
      left -= 1;
      if (left === 0) throw new Error('the disk is gone');
      return file.pieces(tensor, size);
    },
  };
  const message = await loadPi0Weights(failing, recorded).catch((error: Error) => error.message);
  assert.is(message, 'the disk is gone');
  assert.is(defaultDevice().memory().liveBytes, before);
});

test('damaged files are refused when they are opened', async () => {
  const bytes = encodeSafetensors(publicTensors);
  assert.is(await codeOf(() => openSafetensors(bytes.slice(0, -1))), 'safetensors-truncated');
  const oversized = bytes.slice();
  oversized[4] = 1;
  assert.is(await codeOf(() => openSafetensors(oversized)), 'safetensors-header-oversized');
});

test('what is no weight, and a word that is no option, are refused', async () => {
  const file = await fileOf(ownTensors);
  const layout = 'torch' as Pi0Layout;
  assert.is(await codeOf(() => loadPi0Weights(file, recorded, { layout })), 'pi0-option');
  assert.is(await codeOf(() => pi0Tensors({ a: np.ones([2], { dtype: 'int32' }) })), 'not-weights');
  assert.is(await codeOf(() => pi0Tensors({ a: 3 })), 'not-weights');
});

for (const [pi05, keys, elements] of [
  [false, 777, 3_501_372_176],
  [true, 812, 3_616_757_520],
] as const) {
  test(`the public ${pi05 ? 'π₀.₅' : 'π₀'} has ${keys} tensors of ${elements} elements`, () => {
    const shapes = nn.shapesOf(pi0Spec(pi0Config({ pi05, energyVariant: 'none' })));
    const pieces = layoutOf(shapes, 'public').flatMap((leaf) => leaf.pieces);
    const all = [...pieces, must(unusedPiece(shapes))];
    assert.is(new Set(all.map(({ key }) => key)).size, keys);
    assert.is(all.length, keys);
    assert.is(
      all.reduce((sum, { shape }) => sum + product(shape), 0),
      elements,
    );
    const shapeOf = new Map(all.map(({ key, shape }) => [key, shape]));
    assert.equal(shapeOf.get(head), [257_152, 2048]);
    assert.equal(shapeOf.get(unused), [257_152, 1024]);
    const vision = 'paligemma_with_expert.paligemma.model.vision_tower.vision_model.';
    assert.equal(shapeOf.get(`${vision}embeddings.patch_embedding.weight`), [1152, 3, 14, 14]);
    assert.equal(shapeOf.get(`${vision}encoder.layers.26.mlp.fc1.weight`), [4304, 1152]);
    const expert = 'paligemma_with_expert.gemma_expert.model.layers.17.';
    assert.equal(shapeOf.get(`${expert}self_attn.q_proj.weight`), [2048, 1024]);
    assert.equal(shapeOf.get(`${expert}self_attn.k_proj.weight`), [256, 1024]);
    assert.equal(shapeOf.get(`${expert}self_attn.o_proj.weight`), [1024, 2048]);
    const norm = pi05 ? 'input_layernorm.dense.weight' : 'input_layernorm.weight';
    assert.equal(shapeOf.get(`${expert}${norm}`), pi05 ? [3072, 1024] : [1024]);
  });
}

test.run();
