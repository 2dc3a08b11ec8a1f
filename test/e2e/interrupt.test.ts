/** Ctrl-C at any time. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadEnergyModel } from '../../training/energy/model-files.ts';
import { readHistory } from '../../training/metrics/history-file.ts';
import { enerjax, type Program, smallRun, start, temporaryFolder } from './program.ts';

const { folder, remove } = temporaryFolder();
test.after(remove);

/** Seconds from the signal to the end of the process, which is made to end if it does not. */
async function secondsToEnd(program: Program, signal: NodeJS.Signals): Promise<number> {
  const sent = performance.now();
  program.child.kill(signal);
  const patience = setTimeout(() => program.child.kill('SIGKILL'), 20_000);
  await program.ending;
  clearTimeout(patience);
  return (performance.now() - sent) / 1000;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} in training ends it with a checkpoint that evaluates`, async () => {
    const out = join(folder, signal);
    const program = start('examples/demo.ts', [
      ...smallRun,
      ...['--steps', '100000', '--log-every', '5', '--out', out],
    ]);
    await program.says(/^step /m);
    assert.ok((await secondsToEnd(program, signal)) < 10);
    const ending = await program.ending;
    assert.is(ending.code, 130, ending.err);
    assert.is(ending.err, '');
    assert.match(ending.out, '\ninterrupted: saving a checkpoint (Ctrl-C again to quit without)\n');
    const [, step] = /stopped after (\d+) of 100000 steps\n$/.exec(ending.out) ?? [];
    assert.equal(readdirSync(out).sort(), [`${step}.safetensors`, 'metrics.jsonl']);
    const checkpoint = join(out, `${step}.safetensors`);
    assert.is((await loadEnergyModel(checkpoint)).step, Number(step));
    assert.is((await readHistory(join(out, 'metrics.jsonl'))).records.length, Number(step));
    if (signal === 'SIGTERM') return;
    const evaluation = await enerjax(['evaluate', checkpoint]);
    assert.is(evaluation.code, 0, evaluation.err);
  });
}

test('Ctrl-C while the data are read ends the run at once', async () => {
  const out = join(folder, 'reading');
  const program = start('examples/demo.ts', ['--out', out]);
  await program.says(/^device: /m);
  assert.ok((await secondsToEnd(program, 'SIGINT')) < 2);
  assert.is((await program.ending).signal, 'SIGINT');
  assert.not(existsSync(out));
});

test('a second Ctrl-C ends a process that is too busy to hear it', async () => {
  const program = start('test/e2e/busy-after-interrupt.ts', []);
  await program.says(/listening/);
  program.child.kill('SIGINT');
  await program.says(/busy/);
  assert.ok((await secondsToEnd(program, 'SIGINT')) < 2);
  const { signal, out } = await program.ending;
  assert.is(signal, 'SIGINT');
  assert.is(out, 'listening\nheard\nbusy\n');
});

test.run();
