import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { demonstrate } from '../../examples/demonstrations/expert.ts';
import { rotationVector } from '../../examples/demonstrations/geometry.ts';
import { randomLayout } from '../../examples/demonstrations/layout.ts';
import { committedFolder, makeDemonstrations } from '../../examples/demonstrations/make.ts';
import { tasks } from '../../examples/demonstrations/tasks.ts';
import { moveScale, World } from '../../examples/demonstrations/world.ts';
import { openDataset } from '../../training/data/open.ts';
import { mixSeed, mulberry32 } from '../../training/data/prng.ts';
import { readEpisode } from '../../training/data/read-episode.ts';
import { withFolder, writeTiny } from './tiny.ts';

const world = await World.open();
const make = fileURLToPath(new URL('../../examples/demonstrations/make.ts', import.meta.url));

const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => /\.\w+$/.test(name)).sort();

test('two runs give the same bytes, and they are those of the committed set', () =>
  withFolder(async (parent) => {
    const runs = [join(parent, 'one'), join(parent, 'other')];
    for (const out of runs) await makeDemonstrations({ out, seed: 0, episodesPerTask: 1 });
    const [one = '', other = ''] = runs;
    const names = await filesIn(one);
    assert.equal(await filesIn(other), names);
    for (const name of names) {
      const bytes = await readFile(join(one, name));
      assert.ok(bytes.equals(await readFile(join(other, name))), name);
      if (!name.startsWith('data')) continue;
      assert.ok(bytes.equals(await readFile(join(committedFolder, name))), `${name} as committed`);
    }
    assert.is(names.filter((name) => name.startsWith('data')).length, tasks.length);
  }));

test('the committed actions do the task again when they are replayed', async () => {
  const dataset = await openDataset(committedFolder);
  for (const [index, task] of tasks.entries()) {
    // The first attempt of every task succeeded, so episode i starts from the layout of attempt 0.
    const { actions, length, state } = await readEpisode(dataset, index, { images: false });
    const again = replay(task, index, actions, length);
    assert.equal(again.first, state.slice(0, 8));
    assert.ok(again.isDone, task.instruction);
    assert.not(again.wasDone, `${task.instruction}: done before it began`);
  }
});

function replay(
  task: (typeof tasks)[number],
  index: number,
  actions: Float32Array,
  length: number,
) {
  world.reset(randomLayout(mulberry32(mixSeed(mixSeed(0, index, 0))), task.isClear));
  const [first, wasDone] = [world.state(), task.isDone(world)];
  for (let t = 0; t < length; t++) world.step(actions.subarray(7 * t, 7 * t + 7));
  return { first, wasDone, isDone: task.isDone(world) };
}

test('success is judged by the physics: with the gripper kept open the cube is not placed', () => {
  const [task] = tasks;
  assert.ok(task);
  const { succeeded, actions, length } = demonstrate(world, task, 5);
  assert.ok(succeeded);
  world.reset(randomLayout(mulberry32(mixSeed(5)), task.isClear));
  for (let t = 0; t < length; t++) {
    const open = actions.slice(7 * t, 7 * t + 7);
    open[6] = -1;
    world.step(open);
  }
  assert.not(task.isDone(world));
});

test('an action of 1 moves the hand by its scale, and one of 5 is no faster', () => {
  for (const size of [1, 5]) {
    world.reset(randomLayout(mulberry32(1), () => true));
    const [x] = world.hand();
    for (let i = 0; i < 3; i++) world.step([size, 0, 0, 0, 0, 0, -1]);
    for (let i = 0; i < 3; i++) world.step([0, 0, 0, 0, 0, 0, -1]);
    assert.ok(Math.abs(world.hand()[0] - x - 3 * moveScale) < 0.002, `${world.hand()[0] - x}`);
  }
});

test('rotation vectors are those of the rotation, at the identity and a third of a turn away', () => {
  assert.equal(rotationVector(0, 0, 0), [0, 0, 0]);
  const [, , z] = rotationVector(0, 0, 1.2);
  assert.ok(Math.abs(z - 1.2) < 1e-12);
  const third = rotationVector(Math.PI / 2, 0, Math.PI / 2);
  // Two quarter turns about x and then z are a third of a turn about the diagonal.
  const wanted = (2 * Math.PI) / 3 / Math.sqrt(3);
  assert.ok(
    third.every((value) => Math.abs(value - wanted) < 1e-12),
    `${third}`,
  );
});

test('a killed run leaves the data set that was there', () =>
  withFolder(async (parent) => {
    const out = join(parent, 'set');
    await writeTiny(out);
    const before = await Promise.all(
      (await filesIn(out)).map((name) => readFile(join(out, name), 'hex')),
    );
    const child = spawn(process.execPath, ['--import', 'tsx', make, '--out', out]);
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    assert.is(await ended, 'SIGKILL');
    assert.is((await readdir(parent)).length, 2);
    const after = await Promise.all(
      (await filesIn(out)).map((name) => readFile(join(out, name), 'hex')),
    );
    assert.equal(after, before);
    assert.is((await openDataset(out)).episodes.length, 4);
  }));

test.after(() => world.close());
test.run();
