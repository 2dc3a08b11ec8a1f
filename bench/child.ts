/** A contestant's process, as the coordinator talks to it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Case, Unable } from './case.ts';
import { missingPackage } from './contestants/index.ts';
import { howToInstall } from './contestants/packages.ts';
import type { First, Opened, Reply, Request, Round } from './protocol.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The Python that has JAX: ENERJAX_PYTHON, or python3; null if that has none. */
export function findPython(): string | null {
  const python = process.env.ENERJAX_PYTHON ?? 'python3';
  try {
    execFileSync(python, ['-c', 'import jax'], { stdio: 'ignore' });
    return python;
  } catch {
    return null;
  }
}

/** Why a contestant cannot take part here; null if it can. */
export function whyAbsent(name: string): string | null {
  if (name === 'xla-cpu') {
    return findPython() === null ? 'no Python with JAX: set ENERJAX_PYTHON' : null;
  }
  const missing = missingPackage(name);
  return missing === null ? null : `${missing} is not installed: ${howToInstall}`;
}

/** How the process of a contestant is started. */
export interface ChildOptions {
  /** Whether nothing that an earlier process compiled may help. */
  readonly cold?: boolean;
}

/** A contestant in a process of its own. */
export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #replies: AsyncIterator<string>;
  readonly #folder: string | null;
  #log = '';

  constructor(name: string, { cold = false }: ChildOptions = {}) {
    this.name = name;
    this.#folder = cold ? mkdtempSync(join(tmpdir(), 'enerjax-bench-')) : null;
    const [command, args] =
      name === 'xla-cpu'
        ? [findPython() ?? 'python3', [pathOf('contestants/xla.py')]]
        : [process.execPath, ['--import', 'tsx', pathOf('worker.ts'), name]];
    const environment = { ...process.env };
    if (this.#folder !== null) environment.MESA_SHADER_CACHE_DIR = this.#folder;
    this.#process = spawn(command, args, {
      cwd: pathOf('..'),
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (text) => {
        this.#log = `${this.#log}${text}`.slice(-2000);
      });
    }
    this.#process.stdin?.on('error', () => {}); // A process that died is noticed by its missing reply.
    // File descriptor 3 was asked for above.
    const input = this.#process.stdio[3] as Readable;
    this.#replies = createInterface({ input })[Symbol.asyncIterator]();
  }

  open(): Promise<Opened> {
    return this.#ask<Opened>({ do: 'open' });
  }

  /** Makes ready for a case and runs it once. */
  prepare(example: Case): Promise<First> {
    const request: Request = { do: 'prepare', case: example.name };
    if (this.name !== 'xla-cpu') return this.#ask<First>(request);
    if (example.xla === undefined) throw new Unable('no program');
    const { inputs, xla: program, calls, reads = false } = example;
    return this.#ask<First>({ ...request, inputs, program, calls, reads });
  }

  /** Runs the case for a while. */
  round(milliseconds: number): Promise<Round> {
    return this.#ask<Round>({ do: 'round', milliseconds });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null) await ended;
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask<T>(request: Request): Promise<T> {
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#replies.next();
    if (done === true) throw new Error(`the process ended: ${this.#log.trim().slice(-600)}`);
    const reply = JSON.parse(value) as Reply;
    if ('unable' in reply) throw new Unable(reply.unable);
    if ('error' in reply) throw new Error(reply.error);
    return reply as T; // Each request has one kind of reply.
  }
}
