/**
 * The π₀.₅ of full size, with random parameters in bfloat16 and the energy model on top: the time and the memory of
 * one `sampleActions`, what share of the rate of matrix products it reaches, and what corrections add.
 *
 *   npx tsx bench/pi0.ts [--depth LAYERS] [--out FOLDER]
 *
 * It takes several minutes and 11 GB. With `--depth` all widths stay and every stack has that many layers.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultDevice, jit, nn, np, random } from '../index.ts';
import { corrector } from '../models/pi0/correct.ts';
import {
  type Observation,
  type Pi0Config,
  type Pi0Params,
  pi0Config,
  pi0Spec,
  sampleActions,
} from '../models/pi0/index.ts';
import { machine, median, showMachine, slugOf } from './machine.ts';

const horizon = 10;
const numSteps = 10;
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
const seconds = (ms: number): string => `${(ms / 1e3).toFixed(1)} s`;

/** Milliseconds on the clock, and of all threads' computing. */
interface Took {
  readonly wall: number;
  readonly cpu: number;
}

async function timed(run: () => Promise<unknown>): Promise<Took> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await run();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - start, cpu: (user + system) / 1e3 };
}

/** What is measured. */
interface Found {
  readonly parameters: number;
  readonly parameterBytes: number;
  readonly initialised: Took;
  readonly cold: Took;
  readonly warm: Took | null;
  readonly flops: number;
  readonly reached: Rate;
  readonly products: Rate;
  readonly peakBytes: number;
  readonly rssBytes: number;
  readonly added: readonly { readonly steps: number; readonly ms: number }[];
  readonly actions: readonly number[];
}

function configOf(depth: number | null): Pi0Config {
  const full = { pi05: true, actionHorizon: horizon, dtype: 'bfloat16' } as const;
  if (depth === null) return pi0Config(full);
  const sizes = { depth, numHeads: 8, numKvHeads: 1, headDim: 256 };
  return pi0Config({
    ...full,
    paligemmaVariant: { width: 2048, mlpDim: 16384, ...sizes },
    actionExpertVariant: { width: 1024, mlpDim: 4096, ...sizes },
    siglipVariant: { width: 1152, depth, mlpDim: 4304, numHeads: 16, patchSize: 14 },
  });
}

/** One robot's view: noise in front of all cameras. */
function observationFor(config: Pi0Config): Observation {
  const [height, width] = config.imageResolution;
  const drawn = config.imageKeys.map((name, i): [string, np.Array] => [
    name,
    random.uniform(random.key(i), [1, height, width, 3], { minval: -1, maxval: 1 }),
  ]);
  const length = config.maxTokenLen;
  return {
    images: Object.fromEntries(drawn),
    imageMasks: Object.fromEntries(config.imageKeys.map((name) => [name, np.array([true])])),
    state: np.zeros([1, config.actionDim]),
    tokenizedPrompt: random.randint(random.key(9), [1, length], 0, config.vocabulary),
    tokenizedPromptMask: np.ones([1, length], { dtype: 'bool' }),
  };
}

/** Multiplications and additions of the pass over the prefix: every weight meets every token, and all tokens each other. */
function prefixFlops(config: Pi0Config, params: Pi0Params): number {
  const { llm, img } = params.PaliGemma;
  const { attn, mlp } = llm.layers;
  const [depth = 0, heads = 0, , headDim = 0] = attn.q_einsum.w.shape;
  const matrices = [attn.q_einsum.w, attn.kv_einsum.w, attn.attn_vec_einsum.w];
  const weights = [...matrices, mlp.gating_einsum, mlp.linear].reduce((sum, w) => sum + w.size, 0);
  const blocks = img.Transformer.encoderblock;
  const [layers = 0, width = 0] = blocks.MlpBlock_0.Dense_0.kernel.shape;
  const patches = img.pos_embedding.shape[1] ?? 0;
  const images = config.imageKeys.length;
  const tokens = images * patches + config.maxTokenLen;
  const seen = 2 * images * patches * nn.countParams(blocks);
  const looks = 4 * layers * images * patches * patches * width;
  return 2 * tokens * weights + 4 * depth * heads * tokens * tokens * headDim + seen + looks;
}

/** Operations per second: on the clock, and of the threads' computing, which other programs disturb less. */
interface Rate {
  readonly wall: number;
  readonly cpu: number;
}

const rateOf = (flops: number, { wall, cpu }: Took): Rate => ({
  wall: flops / (wall / 1e3),
  cpu: flops / (cpu / 1e3),
});

/** The rate of products of 1024 × 1024 matrices in bfloat16. */
async function productRate(): Promise<Rate> {
  const n = 1024;
  const count = 40;
  const draw = (seed: number) => np.astype(random.normal(random.key(seed), [n, n]), 'bfloat16');
  const product = jit((x: np.Array, y: np.Array) => np.matmul(x, y));
  const [a, b] = [draw(1), draw(2)];
  const run = async (): Promise<void> => {
    for (let k = 0; k < count; k++) product(a, b).dispose();
  };
  await run();
  return rateOf(2 * n ** 3 * count, await timed(run));
}

/** What corrections by the energy model add, by their number. */
async function corrections(config: Pi0Config, params: Pi0Params) {
  const tokens = config.imageKeys.length * 256 + config.maxTokenLen;
  const output = np.astype(random.normal(random.key(3), [1, tokens, 2048]), 'bfloat16');
  const isValid = np.ones([1, tokens], { dtype: 'bool' });
  const actions = random.normal(random.key(4), [1, horizon, config.actionDim]);
  const added: { readonly steps: number; readonly ms: number }[] = [];
  for (const steps of [1, 3, 5]) {
    const correct = jit((p: Pi0Params, h: np.Array, valid: np.Array, x: np.Array) => {
      const prefix = { observation: observationFor(config), isValid: valid, output: h };
      const empty = { key: h, value: h };
      return corrector(p, config, { ...prefix, cache: empty }, { energyCorrectionSteps: steps })(x);
    });
    const times: number[] = [];
    for (let k = 0; k < 12; k++) {
      const { wall } = await timed(() => correct(params, output, isValid, actions).data());
      times.push(wall);
    }
    added.push({ steps, ms: median(times.slice(2)) });
  }
  return added;
}

/** Measures, and hands on what is known after the first sample and after the second. */
async function measure(depth: number | null, keep: (found: Found) => void): Promise<void> {
  const config = configOf(depth);
  const device = defaultDevice();
  const spec = pi0Spec(config);
  let params: Pi0Params | null = null;
  const initialised = await timed(async () => {
    params = nn.initParams(spec, random.key(0), { dtype: 'bfloat16' });
  });
  if (params === null) throw new Error('no parameters');
  const given: Pi0Params = params;
  const parameters = nn.countParams(spec);
  const parameterBytes = device.memory().liveBytes;
  console.log(`${parameters} parameters in ${seconds(initialised.wall)}`, device.memory());
  const observation = observationFor(config);
  const act = jit((p: Pi0Params, key: np.Array, o: Observation) =>
    sampleActions(p, config, key, o, { numSteps }),
  );
  device.resetPeak();
  const before = await productRate();
  let chunk: ArrayLike<number> = [];
  const run = async (): Promise<void> => {
    chunk = await act(given, random.key(1), observation).data();
  };
  const cold = await timed(run);
  console.log('cold', cold, device.memory());
  const numbers = Array.from(chunk);
  if (!numbers.every(Number.isFinite)) throw new Error('actions that are no numbers');
  const flops = prefixFlops(config, given);
  const { peakBytes } = device.memory();
  const sum = (warm: Took | null, products: Rate, added: Found['added']): Found => ({
    parameters,
    parameterBytes,
    initialised,
    cold,
    warm,
    flops,
    reached: rateOf(flops, warm ?? cold),
    products,
    peakBytes,
    rssBytes: process.resourceUsage().maxRSS * 1024,
    added,
    actions: numbers.slice(0, 4),
  });
  keep(sum(null, before, []));
  const added = await corrections(config, given);
  keep(sum(null, before, added));
  const warm = await timed(run);
  keep(sum(warm, await productRate(), added));
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;

const showRate = ({ wall, cpu }: Rate): string =>
  `${(wall / 1e9).toFixed(1)} GFLOP/s; ${(cpu / 1e9).toFixed(1)} per second of a thread's computing`;

function report(found: Found, foot: string): string {
  const { cold, warm, flops, reached, products, added } = found;
  const last = warm ?? cold;
  const rows = [
    ['parameters', `${found.parameters}; ${gigabytes(found.parameterBytes)} in bfloat16`],
    ['drawing them', seconds(found.initialised.wall)],
    ['first `sampleActions`, compilation included', seconds(cold.wall)],
    ...(warm === null ? [] : [['the next', seconds(warm.wall)]]),
    ["its computing by both threads' clocks", seconds(last.cpu)],
    ['operations of the pass over the prefix', `${(flops / 1e12).toFixed(2)} TFLOP`],
    ['rate, all else counted as idle', showRate(reached)],
    ['rate of 1024 × 1024 products in bfloat16', showRate(products)],
    [
      'share of that rate',
      `${percent(reached.wall / products.wall)} on the clock, ${percent(reached.cpu / products.cpu)} by computing`,
    ],
    ['device memory at the peak', gigabytes(found.peakBytes)],
    ["the process's memory at the peak", gigabytes(found.rssBytes)],
    ...added.map(({ steps, ms }) => [
      `added by ${steps} correction${steps === 1 ? '' : 's'}, context 968 × 2048, horizon ${horizon}`,
      `${ms.toFixed(1)} ms`,
    ]),
  ];
  const table = rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `| π₀.₅, batch 1, three cameras, ${numSteps} flow steps | |\n|---|---|\n${table}\n\n${foot}\n`;
}

const { values } = parseArgs({ options: { out: { type: 'string' }, depth: { type: 'string' } } });
const depth = values.depth === undefined ? null : Number(values.depth);
const on = machine();
await measure(depth, (found) => {
  const text = report(found, `${showMachine(on)}.`);
  console.log(text);
  if (depth !== null && values.out === undefined) return;
  const folder = values.out ?? fileURLToPath(new URL(`./results/${slugOf(on)}`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/pi0.json`, `${JSON.stringify({ machine: on, ...found }, null, 2)}\n`);
  writeFileSync(`${folder}/pi0.md`, text);
});
