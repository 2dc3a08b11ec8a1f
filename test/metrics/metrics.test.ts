/** Histories, their files, progress lines and tables. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError, errorCatalogue } from '../../core/base/errors.ts';
import { history, type MetricRecord } from '../../training/metrics/history.ts';
import {
  openHistoryFile,
  parseHistory,
  readHistory,
  showRecord,
} from '../../training/metrics/history-file.ts';
import { showDuration, showNumber } from '../../training/metrics/number.ts';
import { progress, progressLine } from '../../training/metrics/progress.ts';
import { table } from '../../training/metrics/table.ts';

const test = suite('metrics');
let folder = '';
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'enerjax-metrics-'));
});
test.after.each(() => rm(folder, { recursive: true }));

const at = (step: number, loss: number): MetricRecord => ({ step, values: { loss } });
const steps = (records: readonly MetricRecord[]): number[] => records.map(({ step }) => step);

test('a history gives one measurement at the steps that have it', () => {
  const run = history();
  run.append(at(0, 3));
  run.append({ step: 100, values: { loss: 2, E_pos: 0.5 } });
  run.append({ step: 200, values: { E_pos: 0.4 } });
  assert.equal(run.series('loss'), { steps: [0, 100], values: [3, 2] });
  assert.equal(run.series('E_pos'), { steps: [100, 200], values: [0.5, 0.4] });
  assert.equal(run.series('other'), { steps: [], values: [] });
});

test('a resumed run replaces the steps that it repeats', () => {
  const run = history([at(0, 9), at(1, 9), at(2, 9)]);
  run.append(at(1, 5));
  run.append(at(2, 4));
  assert.equal(run.records, [at(0, 9), at(1, 5), at(2, 4)]);
});

test('what is written to a history file is read back, NaN and infinities included', async () => {
  const path = join(folder, 'runs', 'metrics.jsonl');
  const file = await openHistoryFile(path);
  const records = [at(0, 1.5), at(1, NaN), at(2, Infinity), at(3, -Infinity), at(4, 1e-9)];
  for (const record of records) await file.append(record);
  await file.close();
  const read = await readHistory(path);
  assert.equal(read, { records, notes: [] });
  assert.is((await readFile(path, 'utf8')).split('\n')[0], '{"step":0,"values":{"loss":1.5}}');
});

test('records that are not awaited are whole and in order', async () => {
  const path = join(folder, 'metrics.jsonl');
  const file = await openHistoryFile(path);
  for (let step = 0; step < 200; step++) void file.append(at(step, step));
  await file.close();
  assert.equal(
    steps((await readHistory(path)).records),
    Array.from({ length: 200 }, (_, i) => i),
  );
});

test('a file cut at any byte keeps its whole lines, for reading and for appending', async () => {
  const text = [at(0, 1.5), at(1, NaN), at(2, 0.25)].map(showRecord).join('');
  const path = join(folder, 'metrics.jsonl');
  for (let length = 0; length <= text.length; length++) {
    const whole = text.slice(0, length).split('\n').length - 1;
    const isTorn = length > 0 && text[length - 1] !== '\n';
    await writeFile(path, text.slice(0, length));
    const read = await readHistory(path);
    assert.is(read.records.length, whole);
    assert.is(read.notes.length, isTorn ? 1 : 0);
    if (isTorn) assert.is(read.notes[0], `${path}: the last line is incomplete and was left out`);

    const file = await openHistoryFile(path);
    await file.append(at(7, 7));
    await file.close();
    const resumed = await readHistory(path);
    assert.equal(resumed.notes, []);
    assert.equal(steps(resumed.records), [...[0, 1, 2].slice(0, whole), 7]);
  }
});

test('a history file that is not there is an empty one', async () => {
  const read = await readHistory(join(folder, 'none.jsonl'));
  assert.equal(read, { records: [], notes: [] });
});

test('a long torn line is cut off too', async () => {
  const path = join(folder, 'metrics.jsonl');
  await writeFile(path, `${showRecord(at(0, 1))}${'x'.repeat(10_000)}`);
  const file = await openHistoryFile(path);
  await file.close();
  assert.is(await readFile(path, 'utf8'), showRecord(at(0, 1)));
});

test('steps that a resumed run repeated are noted', async () => {
  const path = join(folder, 'metrics.jsonl');
  for (const record of [at(0, 9), at(1, 9), at(2, 9), at(1, 5)]) {
    await appendFile(path, showRecord(record));
  }
  const { records, notes } = await readHistory(path);
  assert.equal(records, [at(0, 9), at(1, 5)]);
  assert.equal(notes, [`${path}: 2 records were replaced by a resumed run`]);
});

test('a bad line that is not the last is an error with its number', () => {
  for (const line of ['', '3', 'oops', '{"step":1}', '{"step":1,"values":{"loss":"high"}}']) {
    let caught: unknown;
    try {
      parseHistory(`${showRecord(at(0, 1))}${line}\n`, 'metrics.jsonl');
    } catch (error) {
      caught = error;
    }
    assert.ok(caught instanceof EnerjaxError);
    assert.is(caught.code, 'history-line-unreadable');
    assert.is(caught.what, `readHistory: line 2 of 'metrics.jsonl' is not a record: ${line}`);
  }
});

test('the example of the error fails, and the repaired one works', () => {
  const example = errorCatalogue().get('history-line-unreadable')?.example;
  assert.ok(example !== undefined && 'fails' in example);
  const run = (body: string) => new Function('parseHistory', body)(parseHistory);
  assert.throws(() => run(example.fails), /history-line-unreadable/);
  run(example.works);
});

test('a progress line names the range, the values, the speed and the time left', () => {
  const line = progressLine({
    from: 200,
    to: 299,
    values: { loss: 1.234, E_pos: 0.61, E_neg: 1.02 },
    stepsPerSecond: 48,
    secondsLeft: 37,
  });
  assert.is(line, 'step 200–299  loss 1.234  E_pos 0.61  E_neg 1.02  48 steps/s  ETA 0:37');
  const slow = { from: 5, to: 5, values: {}, stepsPerSecond: 0.25, secondsLeft: 3725 };
  assert.is(progressLine(slow), 'step 5  4 s/step  ETA 1:02:05');
});

test('progress reports the mean of each range, and of what is left at the end', () => {
  const lines: string[] = [];
  let clock = 0;
  const report = progress({
    total: 7,
    every: 3,
    write: (line) => lines.push(line),
    now: () => clock,
  });
  const records: (MetricRecord | null)[] = [];
  for (let step = 0; step < 7; step++) {
    clock += 0.5;
    records.push(report.add(step, { loss: step, ...(step === 1 ? { rare: 4 } : {}) }));
  }
  assert.equal(lines, [
    'step 0–2  loss 1  rare 4  2 steps/s  ETA 0:02',
    'step 3–5  loss 4  2 steps/s  ETA 0:01',
    'step 6  loss 6  2 steps/s  ETA 0:00',
  ]);
  assert.equal(records[2], { step: 2, values: { loss: 1, rare: 4 } });
  assert.is(records[3], null);
  assert.is(report.finish(), null);
});

test('a run that ends early reports its unfinished range', () => {
  const lines: string[] = [];
  const report = progress({
    total: 100,
    every: 10,
    write: (line) => lines.push(line),
    now: () => 0,
  });
  report.add(40, { loss: NaN });
  assert.equal(report.finish(), { step: 40, values: { loss: NaN } });
  assert.equal(lines, ['step 40  loss NaN  0 steps/s  ETA ?']);
});

test('numbers are short, and lose no whole digits', () => {
  const shown: [number, string][] = [
    [0, '0'],
    [1, '1'],
    [-1.23456, '-1.235'],
    [0.0123456, '0.01235'],
    [123456, '123456'],
    [99999.5, '100000'],
    [5e-4, '5e-4'],
    [-1.23456e-7, '-1.235e-7'],
    [1.5e10, '1.5e10'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ];
  for (const [value, text] of shown) assert.is(showNumber(value), text);
  assert.is(showNumber(0.123456, 2), '0.12');
  assert.is(showDuration(59.6), '1:00');
});

test('a table aligns its columns, numbers to the right', () => {
  const rows = [
    { policy: 'flow', success: 0.62 },
    { policy: 'flow + correction', success: 0.7125, note: 'π0.5' },
  ];
  assert.is(
    table(rows),
    [
      'policy             success  note',
      '─────────────────  ───────  ────',
      'flow                  0.62',
      'flow + correction   0.7125  π0.5',
    ].join('\n'),
  );
  assert.is(table([]), '');
});

test.run();
