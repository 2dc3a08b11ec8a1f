/** The README shows the figures that programs have measured, and no others. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('the figures in the README are those in bench/results', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const run = spawnSync('npx', ['tsx', 'scripts/readme.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.is(run.status, 0, run.stderr);
});

test.run();
