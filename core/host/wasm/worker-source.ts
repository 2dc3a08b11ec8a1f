/**
 * The program of a worker thread, as text: it must start from TypeScript sources, from a build and from
 * a bundle alike, so it can be no file.
 */

/** Words of shared memory through which threads talk. */
export const controlWords = {
  /** Byte address of the first word. */
  address: 64,
  count: 16,
  /** Number of the present job. */
  generation: 0,
  /** First unit that nobody has taken. */
  next: 1,
  end: 2,
  grain: 3,
  kernel: 4,
  function: 5,
  table: 6,
  scratch: 7,
  scratchBytes: 8,
  /**
   * Helpers that are at work on the job, plus `openGate` while others may join. The words above change only when this
   * one is 0, so whoever joins reads those of one job. A helper that wakes too late finds the gate closed, and
   * nobody waits for it.
   */
  gate: 9,
  /** Helpers that are up. */
  ready: 10,
  failed: 12,
} as const;

/** Added to the gate's count of helpers while a job is open. */
export const openGate = 1 << 16;

/** Functions of kernels, by the number that jobs name them with. */
export const functionNames = ['run', 'pack', 'rows', 'products'];

/** Looks this often, for about 50 microseconds, before it sleeps: between kernels of a program it had better stay up. */
export const SPINS = 10_000;

/** JavaScript without imports but Node's own. */
export const workerSource = `
'use strict';
const { workerData, parentPort, receiveMessageOnPort } = require('node:worker_threads');
const at = ${JSON.stringify(controlWords)};
const { memory, gemm } = workerData;
const control = new Int32Array(memory.buffer, at.address, at.count);
const gemmExports = new WebAssembly.Instance(gemm, { env: { memory } }).exports;
const kernels = new Map();
const names = ${JSON.stringify(functionNames)};

/** Links the kernels that have arrived, until the one with this number is there. */
function receive(id) {
  while (!kernels.has(id)) {
    const received = receiveMessageOnPort(parentPort);
    if (received === undefined) return;
    const { id: newId, module, needsGemm } = received.message;
    const env = { memory, ...(needsGemm ? gemmExports : {}) };
    kernels.set(newId, new WebAssembly.Instance(module, { env }).exports);
  }
}

function functionOf(id, name) {
  for (receive(id); !kernels.has(id); receive(id)) Atomics.wait(control, at.failed, 0, 1);
  return kernels.get(id)[name];
}

function work(ordinal) {
  const call = functionOf(control[at.kernel], names[control[at.function]]);
  const end = control[at.end], grain = control[at.grain], table = control[at.table];
  const scratch = control[at.scratch] + (ordinal + 1) * control[at.scratchBytes];
  for (;;) {
    const start = Atomics.add(control, at.next, grain);
    if (start >= end) return;
    call(start, Math.min(end, start + grain), scratch, table);
  }
}

let seen = Atomics.load(control, at.generation);
const ordinal = Atomics.add(control, at.ready, 1);
for (;;) {
  for (let spin = 0; spin < ${SPINS} && Atomics.load(control, at.generation) === seen; spin++);
  while (Atomics.load(control, at.generation) === seen) Atomics.wait(control, at.generation, seen);
  seen = Atomics.load(control, at.generation);
  // Outside the gate, since linking takes longer than many a job.
  receive(control[at.kernel]);
  for (;;) {
    const gate = Atomics.load(control, at.gate);
    if (gate < ${openGate}) break;
    if (Atomics.compareExchange(control, at.gate, gate, gate + 1) !== gate) continue;
    try { work(ordinal); } catch { Atomics.store(control, at.failed, 1); }
    if (Atomics.sub(control, at.gate, 1) === 1) Atomics.notify(control, at.gate);
    break;
  }
}
`;
