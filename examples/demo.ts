/**
 * The main job from end to end: trains the energy model on the bundled demonstrations, corrects perturbed
 * actions of episodes that it has not seen, and writes a report.
 *
 * Takes the options of `enerjax train`: `npm run demo -- --steps 200 --device webgpu`.
 */
import { main } from '../bin/main.ts';

process.exitCode = await main(['train', '--out', 'runs/demo', ...process.argv.slice(2)]);
