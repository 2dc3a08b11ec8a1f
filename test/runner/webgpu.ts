/** Asks, in a process of its own, whether this machine has a WebGPU adapter. */
import { spawnSync } from 'node:child_process';

/** What the tests are told. `why` is empty if there is an adapter. */
export interface Probe {
  readonly available: boolean;
  readonly why: string;
}

const timeoutMs = 60_000;

// The object from create() stays on globalThis: once it is collected, the process dies.
const question = `
const { create } = await import('webgpu');
globalThis.gpu = create([]);
const adapter = await globalThis.gpu.requestAdapter();
console.log(adapter === null ? 'the machine has no Vulkan, Metal or Direct3D driver that Dawn accepts' : 'yes');
`;

/** Whether Node finds a WebGPU adapter, and if not, why. */
export function probeWebGpu(environment: NodeJS.ProcessEnv): Probe {
  const { stdout, stderr, error, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', question],
    { env: environment, encoding: 'utf8', timeout: timeoutMs },
  );
  const answer = stdout.trim();
  if (answer === 'yes') return { available: true, why: '' };
  if (answer !== '') return { available: false, why: answer };
  const thrown = /^\w*Error.*$/m.exec(stderr)?.[0];
  return { available: false, why: error?.message ?? thrown ?? `the probe ended by ${signal}` };
}
