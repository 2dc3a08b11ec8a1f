/** The same steps of training on every device give the same losses. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDataset } from '../../training/data/open.ts';
import { energyTrainingConfig } from '../../training/energy/config.ts';
import { contextEncoder } from '../../training/energy/context.ts';
import { trainEnergyModel } from '../../training/energy/train.ts';
import { testDevices, use } from '../support/devices.ts';
import { inProject, temporaryFolder } from './program.ts';

const { folder, remove } = temporaryFolder();
test.after(remove);

// Few kernels: a GPU in software takes its time to compile them.
const config = energyTrainingConfig({ steps: 4, batch: 4, warmup: 1, layers: 0 });
const dataset = await openDataset(inProject('examples/data/tabletop'));
await use('wasm');
const frames = await (await contextEncoder(dataset, config, [2])).encode([2]);

/** The loss at each step. */
async function losses(device: 'js' | 'wasm' | 'webgpu'): Promise<readonly number[]> {
  await use(device);
  const options = { folder: join(folder, device), write: () => undefined };
  const { history } = await trainEnergyModel(frames, config, options);
  return history.series('loss').values;
}

const expected = await losses('js');

test('four steps on the reference device change the loss', () => {
  assert.is(new Set(expected).size, 4);
});

for (const device of testDevices(['wasm', 'webgpu'])) {
  test(`four steps on ${device} have the losses of the reference`, async () => {
    const found = await losses(device);
    assert.is(found.length, expected.length);
    found.forEach((loss, step) => {
      const wanted = expected[step] ?? Number.NaN;
      assert.ok(Math.abs(loss - wanted) < 1e-4, `step ${step}: ${loss}, not ${wanted}`);
    });
  });
}

test.run();
