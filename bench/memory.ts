/**
 * Device memory of 10,000 training steps without a single `dispose`, read every 100 steps.
 *
 *   npx tsx bench/memory.ts [--out FOLDER]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { type DeviceName, grad, jit, np, setDefaultDevice } from '../index.ts';
import { machine, showMachine } from './machine.ts';

const steps = 10_000;
const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

interface Flatness {
  readonly early: number;
  readonly peak: number;
  readonly final: number;
  readonly seconds: number;
}

/** The peak of the first tenth, of the whole run, and what is alive at the end. */
async function run(name: DeviceName, eager: boolean): Promise<Flatness> {
  const device = await setDefaultDevice(name);
  const loss = (w: np.Array, x: np.Array) => np.mean(np.square(np.tanh(np.matmul(x, w))));
  const update = (w: np.Array, x: np.Array) => np.subtract(w, np.multiply(grad(loss)(w, x), 0.1));
  const step = eager ? update : jit(update, { donate: [0] });
  const x = np.ones([128, 128]);
  let w = np.full([128, 128], 0.01);
  device.resetPeak();
  let early = 0;
  const started = performance.now();
  for (let i = 0; i < steps; i++) {
    w = step(w, x);
    if (i % 100 === 99) await w.get(0, 0).item();
    if (i === steps / 10) early = device.memory().peakBytes;
  }
  await device.settle();
  const { peakBytes, liveBytes } = device.memory();
  const seconds = (performance.now() - started) / 1000;
  return { early, peak: peakBytes, final: liveBytes, seconds };
}

const rows: string[] = [];
const footer: string[] = [];
for (const name of ['wasm', 'webgpu'] as const) {
  for (const eager of [false, true]) {
    const { early, peak, final, seconds } = await run(name, eager);
    const kind = eager ? 'not jitted' : 'jitted, donating';
    const figures = [early, peak, final].map((bytes) => `${megabytes(bytes)} MB`);
    rows.push(`| ${name}, ${kind} | ${figures.join(' | ')} | ${seconds.toFixed(1)} s |`);
  }
  footer.push(showMachine(machine()));
}
const text = [
  '| 10,000 steps | peak of the first 1,000 | peak | alive at the end | time |',
  '|---|---|---|---|---|',
  ...rows,
  '',
  ...footer,
  '',
].join('\n');
console.log(text);
const at = process.argv.indexOf('--out');
const folder = at < 0 ? undefined : process.argv[at + 1];
if (folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/memory.md`, text);
}
process.exit(0);
