/** Tuning: kernels are measured in several forms, and the findings are kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MatmulKernel } from '../../core/compile/kernel.ts';
import { type Candidate, candidatesFor, defaultCandidate } from '../../core/emit/wgsl/candidates.ts';
import { emitWgsl } from '../../core/emit/wgsl/emit.ts';
import {
  type KernelParameters,
  type MatmulTile,
  parametersOf,
  softwareTile,
} from '../../core/emit/wgsl/parameters.ts';
import type { WebGpuDevice } from '../../core/host/webgpu/device.ts';
import { MemoryStore } from '../../core/host/webgpu/tuner/store.ts';
import { jit, np, setDefaultDevice } from '../../index.ts';
import { hasWebGpu, makeDevice, noise, nothing, planOf, reference, runOn, worst } from './kernels.ts';
import { productOf, rowSums } from './samples.ts';

/** One lane that computes four outputs at a time: as slow as a tile can be. */
const absurd: MatmulTile = { memory: 'registers', threads: [1, 1], outputs: [1, 4], depth: 1 };
const { software } = parametersOf;
const slow: KernelParameters = {
  ...software,
  matmul: { ...software.matmul, small: absurd, large: absurd },
};
const good: Candidate = { name: 'good', options: { matmul: softwareTile } };
const twoForms = (): readonly Candidate[] => [defaultCandidate, good];

const folder = mkdtempSync(join(tmpdir(), 'enerjax-tuner-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** The kernel's result is the reference's. */
async function checkOn(device: WebGpuDevice): Promise<void> {
  const { kernel, data } = productOf(72, 64, 68);
  const [actual = nothing] = await runOn(device, kernel, data);
  assert.ok(worst(actual, reference(kernel, data)[0] ?? nothing) < 1e-6);
}

/** The only choice in a file of findings. */
function choiceIn(file: string): unknown {
  const { adapters } = JSON.parse(readFileSync(file, 'utf8'));
  const [[, finding] = []] = Object.values(adapters).flatMap((found) => Object.entries(found as object));
  return finding;
}

const isAvailable = hasWebGpu('tuner.test.ts');

if (isAvailable) {
  test('a slow kernel is replaced by a faster one, which a second device knows without measuring', async () => {
    const cache = join(folder, 'deep', 'findings.json');
    const tune = { cache, candidates: twoForms, budgetMs: 3000 };
    const emit = { parameters: slow };
    const first = await makeDevice({ emit, tune });
    await checkOn(first);
    await first.settle();
    assert.is(first.measurements, 1);
    console.log(choiceIn(cache));
    first.destroy();
    const second = await makeDevice({ emit, tune });
    await checkOn(second);
    assert.is(second.measurements, 0);
    second.destroy();
  });
}

test.run();
