/**
 * The factored InfoNCE against the form that repeats every context: time where both fit, and memory at full
 * size (B 32, S 968, D 2048). Each measurement of memory has a process of its own.
 *
 *   npx tsx bench/infonce.ts [--out FOLDER]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Bench } from 'tinybench';
import { defaultDevice, jit, nn, np, random, valueAndGrad } from '../index.ts';
import {
  type EnergyConfig,
  type EnergyParams,
  energy,
  energyConfig,
  energySpec,
  infoNce,
  infoNceOfEnergies,
} from '../models/energy/index.ts';
import { machine, median, showMachine } from './machine.ts';

interface Size {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly hidden: number;
  readonly heads: number;
  readonly horizon: number;
}

const both: Size = { batch: 8, tokens: 64, width: 512, hidden: 256, heads: 8, horizon: 10 };
const full: Size = { batch: 32, tokens: 968, width: 2048, hidden: 512, heads: 8, horizon: 10 };
const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** The loss by repeating every context for every action chunk: B²·S·D numbers. */
function repeatingLoss(p: EnergyParams, config: EnergyConfig, h: np.Array, a: np.Array): np.Array {
  const [batch = 1] = h.shape;
  const contexts = np.repeat(h, batch, { axis: 0 });
  const energies = energy(p, config, contexts, np.tile(a, [batch, 1, 1]));
  return infoNceOfEnergies(energies.reshape([batch, batch])).loss;
}

function problem({ batch, tokens, width, hidden, heads, horizon }: Size) {
  const config = energyConfig({ contextDim: width, hidden, heads, dropoutRate: 0 });
  const params = nn.initParams(energySpec(config), random.key(0));
  const context = random.normal(random.key(1), [batch, tokens, width]);
  const actions = random.normal(random.key(2), [batch, horizon, config.energyActDim]);
  const factored = (p: EnergyParams, h: np.Array, a: np.Array) => infoNce(p, config, h, a).loss;
  const naive = (p: EnergyParams, h: np.Array, a: np.Array) => repeatingLoss(p, config, h, a);
  return { params, context, actions, factored, naive };
}

/** Prints the peak of one form at full size as JSON; run in a process of its own. */
async function measureMemory(withGradient: boolean): Promise<void> {
  const { params, context, actions, factored } = problem(full);
  const device = defaultDevice();
  await context.data();
  device.resetPeak();
  const started = performance.now();
  const gradient = jit(valueAndGrad(factored));
  const value = jit(factored);
  const result = withGradient
    ? gradient(params, context, actions)[0]
    : value(params, context, actions);
  const loss = Number(await result.item());
  const seconds = (performance.now() - started) / 1000;
  const { peakBytes } = device.memory();
  const rss = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ loss, seconds, peakBytes, rss }));
}

interface MemoryResult {
  readonly loss: number;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly rss: number;
}

function inChild(mode: string): MemoryResult {
  const text = execFileSync('npx', ['tsx', fileURLToPath(import.meta.url), mode], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as MemoryResult; // Printed above.
}

/** Medians of interleaved runs, in milliseconds. */
async function measureTime(): Promise<{ factored: number; naive: number; difference: number }> {
  const { params, context, actions, factored, naive } = problem(both);
  const forms = { factored: jit(valueAndGrad(factored)), naive: jit(valueAndGrad(naive)) };
  const run = async (form: keyof typeof forms): Promise<number> =>
    Number(await forms[form](params, context, actions)[0].item());
  const difference = Math.abs((await run('factored')) - (await run('naive')));
  const samples = { factored: [] as number[], naive: [] as number[] };
  for (let round = 0; round < 5; round++) {
    const bench = new Bench({ iterations: 3, time: 0, warmupIterations: 1, warmupTime: 0 });
    for (const form of ['factored', 'naive'] as const) {
      bench.add(form, async () => {
        await run(form);
      });
    }
    await bench.run();
    for (const task of bench.tasks) {
      const form = task.name as keyof typeof samples;
      const { latency } = task.result as { latency?: { p50: number } };
      if (latency !== undefined) samples[form].push(latency.p50);
    }
  }
  return { factored: median(samples.factored), naive: median(samples.naive), difference };
}

function naiveBytes({ batch, tokens, width }: Size): number {
  return batch * batch * tokens * width * 4;
}

async function main(): Promise<void> {
  const time = await measureTime();
  const [value, gradient] = [inChild('--memory'), inChild('--memory-gradient')];
  const rows = [
    [
      'loss and gradient, B 8, S 64, D 512, hidden 256',
      `${time.factored.toFixed(0)} ms`,
      `${time.naive.toFixed(0)} ms`,
      `${(time.naive / time.factored).toFixed(1)}×`,
    ],
    [
      'loss, B 32, S 968, D 2048, hidden 512: device memory at the peak',
      `${megabytes(value.peakBytes)} MB in ${value.seconds.toFixed(1)} s`,
      `${megabytes(naiveBytes(full))} MB for the contexts alone`,
      `${(naiveBytes(full) / value.peakBytes).toFixed(1)}×`,
    ],
    [
      'its gradient too',
      `${megabytes(gradient.peakBytes)} MB in ${gradient.seconds.toFixed(1)} s`,
      '',
      '',
    ],
  ];
  const text = [
    '| InfoNCE | factored | repeating contexts | ratio |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `Largest difference of the two losses: ${time.difference.toExponential(1)}. ${showMachine(machine())}.`,
    '',
  ].join('\n');
  console.log(text);
  const at = process.argv.indexOf('--out');
  const folder = at < 0 ? null : process.argv[at + 1];
  if (folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/infonce.md`, text);
    writeFileSync(
      `${folder}/infonce.json`,
      `${JSON.stringify({ time, value, gradient, machine: machine() }, null, 2)}\n`,
    );
  }
}

if (process.argv.includes('--memory')) await measureMemory(false);
else if (process.argv.includes('--memory-gradient')) await measureMemory(true);
else await main();
