/** Loading takes the memory of the model, of one slice of a tensor, and of what is read at once. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nn } from '../../index.ts';
import {
  layoutOf,
  type Pi0Config,
  pi0Config,
  pi0Spec,
  unusedPiece,
} from '../../models/pi0/index.ts';
import { type TensorToWrite, writeSafetensors } from '../../training/index.ts';
import { isFull } from '../support/devices.ts';
import { must } from './weights-files.ts';

const mega = 2 ** 20;
const sizes = { depth: isFull ? 12 : 5, numHeads: 8, numKvHeads: 1, headDim: 64 };
const config: Pi0Config = pi0Config({
  paligemmaVariant: { width: 1024, mlpDim: 8192, ...sizes },
  actionExpertVariant: { width: 256, mlpDim: 1024, ...sizes },
  siglipVariant: { width: 128, depth: 2, mlpDim: 256, numHeads: 2, patchSize: 14 },
  vocabulary: 16_000,
  energyVariant: 'none',
});

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A tensor of some numbers, made piece by piece. */
function synthetic(dtype: 'F32' | 'BF16', shape: readonly number[]): TensorToWrite {
  const bytes = count(shape) * (dtype === 'F32' ? 4 : 2);
  const piece = new Uint8Array(mega).map((_, i) => (i * 31) % 64);
  return {
    dtype,
    shape,
    bytes: async function* () {
      for (let done = 0; done < bytes; done += mega) yield piece.subarray(0, bytes - done);
    },
  };
}

async function measure(file: 'F32' | 'BF16', dtype: 'keep' | 'bfloat16') {
  const folder = await mkdtemp(join(tmpdir(), 'enerjax-memory-'));
  try {
    const shapes = nn.shapesOf(pi0Spec(config));
    const pieces = layoutOf(shapes, 'public').flatMap((leaf) => leaf.pieces);
    const all = [...pieces, must(unusedPiece(shapes))];
    const path = join(folder, 'model.safetensors');
    const tensors = all.map(({ key, shape }) => [key, synthetic(file, shape)] as const);
    await writeSafetensors(path, Object.fromEntries(tensors));
    const program = fileURLToPath(new URL('load-and-measure.ts', import.meta.url));
    const args = ['--import', 'tsx', program, path, JSON.stringify(config), dtype];
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8' });
    const { grown, modelBytes, seconds } = JSON.parse(printed);
    const moved = pieces.filter(({ order }) => order !== null);
    const bytes = dtype === 'bfloat16' || file === 'BF16' ? 2 : 4;
    const sliceBytes = Math.max(...moved.map(({ shape }) => bytes * count(shape)));
    return { grown, modelBytes, sliceBytes, seconds };
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const [file, dtype] of [
  ['BF16', 'keep'],
  ['F32', 'bfloat16'],
] as const) {
  test(`a file of ${file} is loaded as ${dtype} in the memory of the model and one slice`, async () => {
    const { grown, modelBytes, sliceBytes, seconds } = await measure(file, dtype);
    const [model, slice, peak] = [modelBytes, sliceBytes, grown].map((n) => Math.round(n / mega));
    const told = `model ${model} MiB, slice ${slice} MiB, grown ${peak} MiB, ${seconds} s`;
    if (process.env.ENERJAX_TELL === '1') console.log(told);
    // Code that runs for the first time, and what is read but not yet collected, also take memory.
    assert.ok(grown < modelBytes + sliceBytes + 96 * mega, told);
    assert.ok(modelBytes > 200 * mega, told);
  });
}

test.run();
