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
  /** Helpers that have not finished the job. */
  active: 9,
  /** Helpers that are up. */
  ready: 10,
  /** Helpers that take part in the job: the first ones that were ready. */
  helpers: 11,
  failed: 12,
} as const;

/** Functions of kernels, by the number that jobs name them with. */
export const functionNames = ['run', 'pack', 'rows', 'products'];

/** Looks this often before it sleeps: waking a thread takes several microseconds. */
export const SPINS = 2000;

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

function functionOf(id, name) {
  while (!kernels.has(id)) {
    const received = receiveMessageOnPort(parentPort);
    if (received === undefined) { Atomics.wait(control, at.failed, 0, 1); continue; }
    const { id: newId, module, needsGemm } = received.message;
    const env = { memory, ...(needsGemm ? gemmExports : {}) };
    kernels.set(newId, new WebAssembly.Instance(module, { env }).exports);
  }
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
  if (ordinal >= control[at.helpers]) continue;
  try { work(ordinal); } catch { Atomics.store(control, at.failed, 1); }
  if (Atomics.sub(control, at.active, 1) === 1) Atomics.notify(control, at.active);
}
`;
