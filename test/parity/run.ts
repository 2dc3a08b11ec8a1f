/**
 * Compares the library with a file that a reference implementation recorded:
 *
 *     npx tsx test/parity/run.ts test/golden/energy_small.safetensors
 *
 * ENERJAX_DEVICE chooses the device. Exits with 0 if everything is within tolerance, 1 if something is not,
 * 2 if the file has a part that nothing here checks.
 */
import type { DeviceName } from '../../core/host/runtime.ts';
import { defaultDevice, setDefaultDevice } from '../../core/host/runtime.ts';
import { energyOnPolicySuite, energySuite } from './energy.ts';
import { readGolden } from './golden-file.ts';
import { policySuite } from './policy.ts';
import { type Comparison, isWithin, notCompared, type Suite, showComparisons } from './suite.ts';

/** Every layout that is known. */
const suites: readonly Suite[] = [energySuite, energyOnPolicySuite, policySuite];

async function main(path: string): Promise<number> {
  const device = process.env.ENERJAX_DEVICE;
  // The runtime refuses names that are none.
  if (device !== undefined && device !== '') await setDefaultDevice(device as DeviceName);
  const file = await readGolden(path);
  const fitting = suites.filter((suite) => suite.accepts(file));
  if (fitting.length === 0) {
    console.error(
      `${path}: no suite knows this layout (known: ${suites.map(({ name }) => name).join(', ')})`,
    );
    return 2;
  }
  console.log(`${path} on ${defaultDevice().name}: ${defaultDevice().description}`);
  let code = 0;
  const all: Comparison[] = [];
  for (const suite of fitting) {
    const comparisons = await suite.run(file);
    all.push(...comparisons);
    const failed = comparisons.filter((comparison) => !isWithin(comparison)).length;
    console.log(`\n${suite.name}\n${showComparisons(comparisons)}`);
    console.log(`${comparisons.length - failed} of ${comparisons.length} within tolerance`);
    if (failed > 0) code = 1;
  }
  const rest = notCompared(file, all);
  if (rest.length === 0) return code;
  console.error(`nothing checks ${rest.join(', ')}`);
  return 2;
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: npx tsx test/parity/run.ts FILE.safetensors');
  process.exitCode = 2;
} else {
  process.exitCode = await main(path);
}
