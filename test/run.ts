/**
 * Runs the tests: `npm test [-- part-of-a-path …]`, or all that they could do with `npm run test:full`.
 *
 * Every file runs in a process of its own. ENERJAX_TEST_WEBGPU tells it whether there is a WebGPU
 * adapter (1 or 0) and ENERJAX_TEST_WEBGPU_WHY why not; ENERJAX_REQUIRE_WEBGPU=1 makes that a failure.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileResult, findTests, killAll, runFiles } from './runner/files.ts';
import { addCounts, closingLine } from './runner/summary.ts';
import { probeWebGpu } from './runner/webgpu.ts';

const isFull = process.argv.includes('--full');
const timeoutMs = (isFull ? 60 : 10) * 60 * 1000;
// More at once only slows the numeric tests down: each may use several threads.
const maxWidth = 2;

const root = fileURLToPath(new URL('..', import.meta.url));
const environment: NodeJS.ProcessEnv = {
  // Without a kept shader cache every kernel costs lavapipe a tenth of a second or more.
  MESA_SHADER_CACHE_DIR: join(root, 'node_modules/.cache/mesa'),
  ...process.env,
};

function report(result: FileResult): void {
  const time = `${(result.milliseconds / 1000).toFixed(1)} s`.padStart(8);
  if (result.problem === null) {
    console.log(`ok  ${time}  ${result.file}  ${closingLine(result)}`);
  } else {
    console.log(`BAD ${time}  ${result.file}  ${result.problem}\n${result.output.trimEnd()}\n`);
  }
}

function stop(): void {
  killAll();
  process.exit(130);
}
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

const files = findTests(
  root,
  process.argv.slice(2).filter((word) => word !== '--full'),
);
const { available, why } = probeWebGpu(environment);
const results = await runFiles(
  files,
  Math.min(maxWidth, availableParallelism()),
  {
    root,
    timeoutMs,
    environment: {
      ...environment,
      ENERJAX_TEST_WEBGPU: available ? '1' : '0',
      ENERJAX_TEST_WEBGPU_WHY: why,
      ENERJAX_TEST_FULL: isFull ? '1' : '0',
    },
  },
  report,
);

const complaints: string[] = [];
if (files.length === 0) complaints.push('found no test file');
if (!available && process.env.ENERJAX_REQUIRE_WEBGPU === '1') {
  complaints.push('ENERJAX_REQUIRE_WEBGPU is set, but there is no WebGPU adapter');
}
const bad = results.filter(({ problem }) => problem !== null);
if (bad.length > 0) console.log(`\nfailing: ${bad.map(({ file }) => file).join(' ')}`);
if (!available) console.log(`WebGPU tests left out: no adapter (${why})`);
for (const complaint of complaints) console.log(`failed: ${complaint}`);

const counts = addCounts([...results, { passed: 0, failed: complaints.length, skipped: 0 }]);
console.log(closingLine(counts));
process.exitCode = counts.failed > 0 ? 1 : 0;
