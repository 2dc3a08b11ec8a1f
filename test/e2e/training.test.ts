/** A short run from demonstrations to report, as `npm run demo` does it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../training/data/open.ts';
import { splitEpisodes } from '../../training/data/split.ts';
import { energyTrainingConfig } from '../../training/energy/config.ts';
import { contextEncoder } from '../../training/energy/context.ts';
import { loadEnergyModel } from '../../training/energy/model-files.ts';
import { trainEnergyModel } from '../../training/energy/train.ts';
import { history } from '../../training/metrics/history.ts';
import { readHistory } from '../../training/metrics/history-file.ts';
import { enerjax, inProject, smallRun, temporaryFolder } from './program.ts';

const { folder, remove } = temporaryFolder();
test.after(remove);

const first = join(folder, 'first');
const second = join(folder, 'second');

// Sums are split over the threads, so both runs have to have the same number.
process.env.ENERJAX_THREADS = '2';

test('a run from another folder finds the bundled data and ends well', async () => {
  const settings = [...smallRun, '--steps', '60', '--log-every', '20'];
  const { code, out, err } = await enerjax(['train', ...settings, '--out', first], { cwd: folder });
  assert.is(code, 0, out + err);
  assert.is(err, '');
  assert.match(out, '5 episodes to train on and 5 held out, of 5 tasks');
  assert.match(out, /^step 40–59 {2}loss /m);
  for (const what of ['checkpoint', 'summary', 'report']) {
    const path = new RegExp(`^${what}: (.*)$`, 'm').exec(out)?.[1];
    assert.ok(path !== undefined && existsSync(join(folder, path)), `${what}: ${path}`);
  }
});

test('its loss falls', async () => {
  const { records, notes } = await readHistory(join(first, 'metrics.jsonl'));
  const { steps, values } = history(records).series('loss');
  assert.equal(notes, []);
  assert.equal(
    steps,
    Array.from({ length: 60 }, (_, i) => i),
  );
  const mean = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0) / part.length;
  const [early, late] = [mean(values.slice(0, 10)), mean(values.slice(-10))];
  // At first the model knows nothing: the loss is the logarithm of the batch size.
  assert.ok(Math.abs((values[0] ?? 0) - Math.log(16)) < 0.2, String(values[0]));
  assert.ok(late < early - 0.15, `${early} to ${late}`);
});

test('its checkpoint loads', async () => {
  const { step, config, actionDim } = await loadEnergyModel(join(first, '60.safetensors'));
  assert.equal([step, config.steps, config.episodes, actionDim], [60, 60, 10, 7]);
});

test('its checkpoint evaluates to what the run has printed', async () => {
  const { code, out, err } = await enerjax(['evaluate', join(first, '60.safetensors')]);
  assert.is(code, 0, err);
  const rows = out.split('\n').filter((line) => /\d/.test(line) && !line.startsWith('held-out'));
  const summary = readFileSync(join(first, 'summary.md'), 'utf8');
  assert.is(rows.length, 12);
  for (const row of rows) {
    const [name = '', value = ''] = row.split(/ {2,}/);
    assert.match(summary, `| ${name} | ${value} |`);
  }
});

test('its summary says on what machine it was made', () => {
  const summary = readFileSync(join(first, 'summary.md'), 'utf8');
  assert.match(summary, /^# Energy model\n\n60 steps of 16 contexts on 5 demonstrations in 0:\d\d/);
  assert.match(summary, `\nMachine: WebAssembly, SIMD`);
  assert.match(summary, `2 threads, float32; Node ${process.version}, `);
});

test('its report has every section, each with a chart', () => {
  const report = readFileSync(join(first, 'report.html'), 'utf8');
  const titles = [...report.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);
  assert.equal(titles, [
    'Loss',
    'Energies of matching and other pairs',
    'Energy around the expert action',
    'Distance to the expert, before and after correction',
    'Energy over corrections',
    'Distance to the expert over corrections',
  ]);
  assert.is(report.match(/<figure>/g)?.length, titles.length);
  assert.is(report.match(/<svg [^>]*role="img"/g)?.length, titles.length);
});

test('the same seed and threads give the same checkpoint and metrics, byte for byte', async () => {
  const config = energyTrainingConfig({ episodes: 10, batch: 16, steps: 60, logEvery: 20 });
  const dataset = await openDataset(inProject('examples/data/tabletop'));
  const { train } = splitEpisodes({ episodes: dataset.episodes.slice(0, 10) }, config);
  const encoder = await contextEncoder(dataset, config, train);
  const options = { folder: second, write: () => undefined };
  await trainEnergyModel(await encoder.encode(train), config, options);
  for (const name of ['60.safetensors', 'metrics.jsonl']) {
    const [a, b] = [readFileSync(join(first, name)), readFileSync(join(second, name))];
    assert.ok(a.equals(b), `${name} differs`);
  }
});

test('a run may hold nothing out, and have fewer frames than its batch', async () => {
  const out = join(folder, 'few');
  const few = ['--episodes', '1', '--held-out', '0', '--batch', '64', '--steps', '2'];
  const ending = await enerjax(['train', ...few, '--out', out], { cwd: folder });
  assert.is(ending.code, 0, ending.err);
  assert.match(ending.out, /^51 frames to train on/m);
  assert.match(ending.out, 'not evaluated: no episode is held out');
  const files = ['2.safetensors', 'metrics.jsonl', 'report.html', 'summary.md'];
  assert.equal(readdirSync(out).sort(), files);
});

test.run();
