/** Finds test files and runs each in a process of its own. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { type Counts, closingLine, readSummary } from './summary.ts';

/** What running one file came to. `problem` is null if every test in it passed. */
export interface FileResult extends Counts {
  readonly file: string;
  readonly milliseconds: number;
  readonly output: string;
  readonly problem: string | null;
}

/** How to run the files. */
export interface RunOptions {
  readonly root: string;
  readonly timeoutMs: number;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The paths of all `*.test.ts` files under `root`/test, sorted, relative to `root`.
 *
 * @param filters - parts of paths; a file is kept if it contains any of them. None keeps every file.
 */
export function findTests(root: string, filters: readonly string[]): string[] {
  return readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .map((path) => relative(root, join(root, 'test', path)).replaceAll(sep, '/'))
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => filters.length === 0 || filters.some((part) => path.includes(part)))
    .sort();
}

const running = new Set<number>();

/** Ends every process that a test file has started, and the file's own. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

/** Ends all test files that are running now. */
export function killAll(): void {
  for (const pid of running) killGroup(pid);
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly output: string;
}

function runNode(file: string, { root, timeoutMs, environment }: RunOptions): Promise<Ending> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what a test leaves running can be ended with it.
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: root,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid !== undefined) running.add(pid);
    const end = (): void => {
      if (pid !== undefined) killGroup(pid);
    };
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    child.on('error', reject);
    child.on('exit', () => {
      clearTimeout(timer);
      end();
    });
    child.on('close', (code, signal) => {
      if (pid !== undefined) running.delete(pid);
      resolve({ code, signal, timedOut, output: Buffer.concat(pieces).toString('utf8') });
    });
  });
}

/** Why a run is not a pass, or null. Failed tests explain a bad exit code by themselves. */
function problemOf(ending: Ending, counts: Counts | null, timeoutMs: number): string | null {
  if (ending.timedOut) return `still running after ${timeoutMs / 1000} s`;
  if (ending.signal !== null) return `ended by ${ending.signal}`;
  if (counts === null)
    return `printed no summary, exit code ${ending.code} (is test.run() missing?)`;
  if (counts.failed > 0) return closingLine(counts);
  if (ending.code !== 0) return `every test passed, but the exit code was ${ending.code}`;
  if (counts.passed + counts.skipped === 0) return 'contains no tests';
  return null;
}

/** Runs one test file. A file that goes wrong outside its tests counts as one more failure. */
export async function runFile(file: string, options: RunOptions): Promise<FileResult> {
  const started = performance.now();
  const ending = await runNode(file, options);
  const counts = readSummary(ending.output);
  const problem = problemOf(ending, counts, options.timeoutMs);
  const { passed, failed, skipped } = counts ?? { passed: 0, failed: 0, skipped: 0 };
  return {
    file,
    milliseconds: performance.now() - started,
    output: ending.output,
    problem,
    passed,
    failed: problem !== null && failed === 0 ? 1 : failed,
    skipped,
  };
}

/** Runs the files, at most `width` at a time, and reports each as it ends. */
export async function runFiles(
  files: readonly string[],
  width: number,
  options: RunOptions,
  report: (result: FileResult) => void,
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const queue = files.values();
  const worker = async (): Promise<void> => {
    for (const file of queue) {
      const result = await runFile(file, options);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
