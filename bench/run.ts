/**
 * Times the cases on each device, interleaved, and prints medians.
 *
 *   npm run bench -- [--device wasm|webgpu] [--only TEXT] [--rounds N] [--out FOLDER]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { createWasmDevice } from '../core/host/wasm/device.ts';
import { type Device, getDevice, setDefaultDevice } from '../index.ts';
import { type Case, cases } from './cases.ts';
import { machine, median, showMachine } from './machine.ts';

interface Options {
  readonly device?: string;
  readonly only?: string;
  readonly rounds: string;
  readonly out?: string;
}

interface Contender {
  readonly name: string;
  readonly device: Device;
}

/** One thread, all threads, and the GPU if there is one. */
async function contenders(wanted: string | undefined): Promise<Contender[]> {
  const list: Contender[] = [];
  if (wanted !== 'webgpu') {
    list.push({ name: 'wasm, 1 thread', device: createWasmDevice({ threads: 1 }) });
    list.push({ name: 'wasm', device: createWasmDevice() });
  }
  if (wanted === 'webgpu') list.push({ name: 'webgpu', device: await getDevice('webgpu') });
  return list;
}

interface Row {
  readonly name: string;
  readonly first: number;
  readonly milliseconds: number;
  readonly best: number;
}

/** Milliseconds per run: many rounds of each contender in turn, after a warm-up. */
async function time({ setup }: Case, list: readonly Contender[], rounds: number): Promise<Row[]> {
  const runs: {
    name: string;
    device: Device;
    run: () => Promise<void>;
    first: number;
    times: number[];
  }[] = [];
  for (const { name, device } of list) {
    await setDefaultDevice(device);
    const run = setup();
    const started = performance.now();
    await run();
    runs.push({ name, device, run, first: performance.now() - started, times: [] });
    for (let i = 0; i < 3; i++) await run();
  }
  for (let round = 0; round < rounds; round++) {
    for (const { device, run, times } of runs) {
      await setDefaultDevice(device);
      // Short cases are repeated until the clock can tell.
      const until = performance.now() + 20;
      let count = 0;
      const started = performance.now();
      do {
        await run();
        count += 1;
      } while (performance.now() < until && count < 200);
      times.push((performance.now() - started) / count);
    }
  }
  return runs.map(({ name, first, times }) => ({
    name,
    first,
    milliseconds: median(times),
    best: Math.min(...times),
  }));
}

const showTime = (ms: number): string =>
  ms < 1 ? `${(ms * 1000).toFixed(1)} µs` : `${ms.toFixed(2)} ms`;

function showRate({ flops, bytes }: Case, milliseconds: number): string {
  if (flops !== undefined) return `${(flops / milliseconds / 1e6).toFixed(1)} GFLOP/s`;
  return bytes === undefined ? '' : `${(bytes / milliseconds / 1e6).toFixed(1)} GB/s`;
}

const options = new Command()
  .option('--device <name>', 'wasm or webgpu', 'wasm')
  .option('--only <text>', 'cases whose name contains this')
  .option('--rounds <n>', 'rounds', '9')
  .option('--out <folder>', 'where kernels-DEVICE.md and .json go')
  .parse()
  .opts<Options>();

const list = await contenders(options.device);
const lines: string[] = [];
const record: unknown[] = [];
for (const example of cases.filter(({ name }) => name.includes(options.only ?? ''))) {
  const rows = await time(example, list, Number(options.rounds));
  for (const { name, first, milliseconds, best } of rows) {
    const cells = [
      example.name,
      name,
      showTime(milliseconds),
      showTime(best),
      showRate(example, milliseconds),
      showTime(first),
    ];
    const line = `| ${cells.join(' | ')} |`;
    console.log(line);
    lines.push(line);
    record.push({ case: example.name, contender: name, milliseconds, best, first });
  }
}
const notes = list.map(({ name, device }) => `${name}: ${device.description}.`);
const text = [
  '| case | on | median | best | rate | first call |',
  '|---|---|---|---|---|---|',
  ...lines,
  '',
  `${showMachine(machine())}. ${notes.join(' ')}`,
  '',
].join('\n');
if (options.out !== undefined) {
  mkdirSync(options.out, { recursive: true });
  const file = `${options.out}/kernels-${options.device}`;
  writeFileSync(`${file}.md`, text);
  writeFileSync(`${file}.json`, `${JSON.stringify({ machine: machine(), record }, null, 2)}\n`);
}
process.exit(0);
