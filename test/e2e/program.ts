/** Runs programs of this project as a user does: in processes of their own, from any folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a process ended, and what it said. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly seconds: number;
}

/** A process that is running. */
export interface Program {
  readonly child: ChildProcess;
  readonly ending: Promise<Ending>;
  /** Resolves when standard output matches; rejects if it ends without. */
  readonly says: (pattern: RegExp) => Promise<void>;
}

/** Where and with what a program is started. */
export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const tsx = import.meta.resolve('tsx');

/** The path of a file of this project. */
export const inProject = (path: string): string =>
  fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Starts a TypeScript file of this project. */
export function start(path: string, args: readonly string[], options: StartOptions = {}): Program {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', tsx, inProject(path), ...args], {
    cwd: options.cwd ?? tmpdir(),
    // Only what a test says chooses the device.
    env: { ...process.env, ENERJAX_DEVICE: '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ending = new Promise<Ending>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code, signal, out, err, seconds: (performance.now() - started) / 1000 }),
    );
  });
  const says = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(out)) resolve();
      };
      child.stdout.on('data', look);
      child.on('close', () => reject(new Error(`never said ${pattern}:\n${out}${err}`)));
      look();
    });
  return { child, ending, says };
}

/** Runs the command line to its end. */
export const enerjax = (args: readonly string[], options?: StartOptions): Promise<Ending> =>
  start('bin/cli.ts', args, options).ending;

/** An empty folder, and how to remove it. */
export function temporaryFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'enerjax-e2e-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Settings of a run that takes seconds: ten episodes, two of each task. */
export const smallRun = ['--episodes', '10', '--batch', '16'];
