import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FileResult, findTests, runFile, runFiles } from '../runner/files.ts';
import { addCounts, closingLine } from '../runner/summary.ts';
import { probeWebGpu } from '../runner/webgpu.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const header = "import { test } from 'uvu';\n";
const sources: Readonly<Record<string, string>> = {
  'pass.test.ts': `${header}test('a', () => {});\ntest('b', () => {});\ntest.skip('c');\ntest.run();\n`,
  'fail.test.ts': `${header}test('a', () => {});\ntest('b', () => { throw new Error('oh'); });\ntest.run();\n`,
  'hook.test.ts': `${header}test.before(() => { throw new Error('oh'); });\ntest('a', () => {});\ntest.run();\n`,
  'crash.test.ts': "throw new Error('at the door');\n",
  'exit.test.ts': `${header}test('a', () => {});\ntest.run();\nprocess.on('exit', () => process.exit(3));\n`,
  'killed.test.ts': "process.kill(process.pid, 'SIGSEGV');\n",
  'silent.test.ts': `${header}test('never run', () => {});\n`,
  'empty.test.ts': `${header}test.run();\n`,
  'hang.test.ts': 'setInterval(() => {}, 1000);\n',
  'helper.ts': '',
};

const runner = suite<{ root: string }>('test runner', { root: '' });

runner.before((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'enerjax-runner-'));
  mkdirSync(join(context.root, 'test/deep'), { recursive: true });
  symlinkSync(join(project, 'node_modules'), join(context.root, 'node_modules'));
  writeFileSync(join(context.root, 'package.json'), '{ "type": "module" }\n');
  for (const [name, text] of Object.entries(sources)) {
    writeFileSync(join(context.root, 'test/deep', name), text);
  }
});
runner.after(({ root }) => rmSync(root, { recursive: true, force: true }));

const run = (root: string, name: string, timeoutMs = 60_000): Promise<FileResult> =>
  runFile(`test/deep/${name}.test.ts`, { root, timeoutMs, environment: process.env });

const countsOf = ({ passed, failed, skipped }: FileResult): number[] => [passed, failed, skipped];

runner('only files named *.test.ts are tests, and filters keep parts of paths', ({ root }) => {
  assert.is(findTests(root, []).length, Object.keys(sources).length - 1);
  assert.equal(findTests(root, ['deep/pa', 'hang']), [
    'test/deep/hang.test.ts',
    'test/deep/pass.test.ts',
  ]);
});

runner('passing and skipped tests are counted', async ({ root }) => {
  const result = await run(root, 'pass');
  assert.is(result.problem, null);
  assert.equal(countsOf(result), [2, 0, 1]);
});

runner('a failing test is counted, and its message kept', async ({ root }) => {
  const result = await run(root, 'fail');
  assert.equal(countsOf(result), [1, 1, 0]);
  assert.match(result.output, 'oh');
});

const troubles: readonly (readonly [name: string, problem: string])[] = [
  ['hook', '0 passed, 1 failed'],
  ['crash', 'printed no summary, exit code 1'],
  ['killed', 'ended by SIGSEGV'],
  ['silent', 'printed no summary, exit code 0'],
  ['empty', 'contains no tests'],
];
for (const [name, problem] of troubles) {
  runner(`a file that goes wrong as '${name}' does is one failure`, async ({ root }) => {
    const result = await run(root, name);
    assert.match(result.problem ?? '', problem);
    assert.equal(countsOf(result), [0, 1, 0]);
  });
}

runner('a bad exit code after passing tests is a failure', async ({ root }) => {
  const result = await run(root, 'exit');
  assert.is(result.problem, 'every test passed, but the exit code was 3');
  assert.equal(countsOf(result), [1, 1, 0]);
});

runner('a file that hangs is ended', async ({ root }) => {
  const result = await run(root, 'hang', 2000);
  assert.is(result.problem, 'still running after 2 s');
  assert.equal(countsOf(result), [0, 1, 0]);
});

runner('all files are run, and the counts add up to the closing line', async ({ root }) => {
  const seen: string[] = [];
  const options = { root, timeoutMs: 60_000, environment: process.env };
  const files = findTests(root, ['pass', 'fail', 'crash']);
  const results = await runFiles(files, 2, options, ({ file }) => seen.push(file));
  assert.equal(seen.sort(), files);
  assert.is(closingLine(addCounts(results)), '3 passed, 2 failed, 1 skipped');
  assert.is(closingLine({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed');
});

runner('without a driver the probe says why there is no adapter', () => {
  const nowhere = '/nonexistent';
  const environment = { ...process.env, VK_ICD_FILENAMES: nowhere, VK_DRIVER_FILES: nowhere };
  const { available, why } = probeWebGpu(environment);
  if (process.platform !== 'linux') return;
  assert.is(available, false);
  assert.match(why, 'driver');
});

runner.run();
