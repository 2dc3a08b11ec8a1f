/**
 * Loads a file of weights and tells by how many bytes the process grew at most: `load-and-measure.ts file.safetensors
 * '{"…": config}' keep`.
 */
import { setDefaultDevice, tree } from '../../index.ts';
import { loadPi0Weights, type Pi0Config } from '../../models/pi0/index.ts';
import { openSafetensors } from '../../training/index.ts';

const [, , path = '', config = '{}', dtype = 'keep'] = process.argv;
const parsed: Pi0Config = JSON.parse(config);
await setDefaultDevice('wasm');
const file = await openSafetensors(path);
const before = process.memoryUsage().rss;
const start = performance.now();
const params = await loadPi0Weights(file, parsed, {
  dtype: dtype === 'bfloat16' ? 'bfloat16' : 'keep',
});
const seconds = (performance.now() - start) / 1000;
const modelBytes = tree
  .leaves(params)
  .reduce((sum, { size, dtype: type }) => sum + size * (type === 'float32' ? 4 : 2), 0);
const grown = process.resourceUsage().maxRSS * 1024 - before;
process.stdout.write(JSON.stringify({ grown, modelBytes, seconds }));
