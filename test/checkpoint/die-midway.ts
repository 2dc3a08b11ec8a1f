/**
 * A program for checkpoint.test.ts that replaces the file given, and is killed when half of it is
 * written.
 */
import { writeSafetensors } from '../../training/checkpoint/safetensors.ts';

const [path = ''] = process.argv.slice(2);
const half = new Uint8Array(50_000).fill(2);

await writeSafetensors(path, {
  w: {
    dtype: 'U8',
    shape: [2 * half.length],
    bytes: async function* () {
      yield half;
      process.kill(process.pid, 'SIGKILL');
      yield half;
    },
  },
});
