/**
 * The main job from end to end: trains the energy model on the bundled demonstrations, corrects perturbed
 * actions of episodes that it has not seen, and writes a report.
 */
import { trainCommand } from '../bin/energy-commands.ts';
import { EnerjaxError } from '../index.ts';

const data = new URL('data/tabletop', import.meta.url).pathname;

try {
  await trainCommand({ data, out: 'runs/demo' });
} catch (error) {
  console.error(error instanceof EnerjaxError ? error.message : error);
  process.exitCode = 1;
}
