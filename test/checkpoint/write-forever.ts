/**
 * A program for checkpoint.test.ts to kill: it saves step after step into the folder given, until
 * it is stopped.
 */
import { latestCheckpoint, saveCheckpoint } from '../../training/checkpoint/checkpoint.ts';

const [folder = '', form = 'file'] = process.argv.slice(2);
// Many small writes, so that a kill falls between two of them.
const count = 100;
const size = 10_000;

for (let step = ((await latestCheckpoint(folder))?.step ?? 0) + 1; ; step++) {
  const path = `${folder}/${step}${form === 'file' ? '.safetensors' : ''}`;
  const data = new Float32Array(size).fill(step);
  const tensors = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `params/${i}`,
      { dtype: 'float32', shape: [size], data } as const,
    ]),
  );
  await saveCheckpoint(path, { tensors, metadata: { step: String(step) } }, { keepLast: 2 });
  process.send?.(step);
}
