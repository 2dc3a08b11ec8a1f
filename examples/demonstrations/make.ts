/**
 * Makes the demonstrations again: `npm run make-demos [-- --out DIR --seed N --episodes-per-task N]`.
 *
 * The same options give the same bytes on every machine: physics and pictures are computed here, on the CPU.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { DatasetSpec } from '../../training/data/layout.ts';
import { mixSeed } from '../../training/data/prng.ts';
import { createDatasetWriter } from '../../training/data/write.ts';
import { demonstrate } from './expert.ts';
import { cameras, controlRate, imageSize } from './scene.ts';
import { tasks } from './tasks.ts';
import { World } from './world.ts';

/** Where the committed data set is. */
export const committedFolder = fileURLToPath(new URL('../data/tabletop', import.meta.url));

/** What the data set holds, besides its episodes. */
export const spec: DatasetSpec = {
  robotType: 'gantry',
  fps: controlRate,
  stateNames: ['x', 'y', 'z', 'rx', 'ry', 'rz', 'finger_left', 'finger_right'],
  actionNames: ['dx', 'dy', 'dz', 'droll', 'dpitch', 'dyaw', 'gripper'],
  cameras: Object.fromEntries(cameras.map((camera) => [camera, [imageSize, imageSize] as const])),
};

/** How often the expert tried and how often it succeeded, for one task. */
export interface Tally {
  readonly instruction: string;
  readonly attempts: number;
  readonly successes: number;
}

/**
 * Writes a data set of successful demonstrations and returns how the expert did. Tasks take turns, and each
 * attempt has a seed of its own: a smaller data set is the beginning of a larger one.
 */
export async function makeDemonstrations(options: {
  readonly out: string;
  readonly seed: number;
  readonly episodesPerTask: number;
  readonly onEpisode?: (text: string) => void;
}): Promise<readonly Tally[]> {
  const { out, seed, episodesPerTask, onEpisode } = options;
  const attempts = tasks.map(() => 0);
  const world = await World.open();
  const writer = await createDatasetWriter(out, spec);
  try {
    for (let round = 0; round < episodesPerTask; round++) {
      for (const [index, task] of tasks.entries()) {
        const demonstration = untilSuccess(() => {
          const attempt = attempts[index] ?? 0;
          attempts[index] = attempt + 1;
          return demonstrate(world, task, mixSeed(seed, index, attempt));
        });
        await writer.addEpisode({ task: task.instruction, ...demonstration });
        onEpisode?.(`${task.instruction}: ${demonstration.length} steps`);
      }
    }
    await writer.finish();
  } finally {
    await writer.abort();
    world.close();
  }
  return tasks.map(({ instruction }, index) => ({
    instruction,
    attempts: attempts[index] ?? 0,
    successes: episodesPerTask,
  }));
}

/** The first success of an expert that may fail now and then. */
function untilSuccess(attempt: () => ReturnType<typeof demonstrate>) {
  for (;;) {
    const demonstration = attempt();
    if (demonstration.succeeded) return demonstration;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: committedFolder },
      seed: { type: 'string', default: '0' },
      'episodes-per-task': { type: 'string', default: '20' },
    },
  });
  const episodesPerTask = Number(values['episodes-per-task']);
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || !Number.isInteger(episodesPerTask) || episodesPerTask < 1) {
    console.error(
      'make-demos: --seed and --episodes-per-task take whole numbers, the latter above 0',
    );
    process.exitCode = 2;
    return;
  }
  const onEpisode = (line: string): void => console.log(line);
  const tallies = await makeDemonstrations({ out: values.out, seed, episodesPerTask, onEpisode });
  console.log(`\nwritten to ${values.out}\nsuccess of the expert (failed attempts are not kept):`);
  for (const { instruction, attempts, successes } of tallies) {
    const share = ((100 * successes) / attempts).toFixed(0);
    console.log(`  ${successes} of ${attempts} (${share}%)  ${instruction}`);
  }
}

const script = process.argv[1];
if (script !== undefined && import.meta.url === pathToFileURL(script).href) await main();
