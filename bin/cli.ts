/** The command-line program `enerjax`. */
import { Command, InvalidArgumentError } from 'commander';
import { EnerjaxError } from '../core/base/errors.ts';
import { environment } from '../core/host/environment.ts';
import { type DeviceName, getDevice, setDefaultDevice } from '../core/host/runtime.ts';
import { installSourceReader } from '../core/host/source-text.ts';
import { evaluateCommand, trainCommand } from './energy-commands.ts';

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('a whole number is needed.');
  return value;
};
const decimal = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('a number is needed.');
  return value;
};

/** Lists the devices and what is wrong with those that cannot be used. */
async function devicesCommand(): Promise<void> {
  for (const name of ['wasm', 'webgpu', 'js'] as const) {
    try {
      console.log(`${name}: ${(await getDevice(name)).description}`);
    } catch (error) {
      const why = error instanceof EnerjaxError ? error.what : String(error);
      console.log(`${name}: not available (${why})`);
    }
  }
}

const program = new Command('enerjax')
  .description('Trains and evaluates energy models that correct robot policies.')
  .option('--device <name>', 'wasm, webgpu or js; ENERJAX_DEVICE does the same')
  .showSuggestionAfterError()
  .hook('preAction', async (command) => {
    installSourceReader();
    const name = command.opts<{ device?: string }>().device ?? environment('ENERJAX_DEVICE');
    if (name !== undefined) await setDefaultDevice(name as DeviceName); // Refused there if unknown.
  });

program
  .command('train')
  .description('train an energy model on a data set in LeRobot layout, and report on it')
  .option('--data <folder>', 'the data set', 'examples/data/tabletop')
  .option('--out <folder>', 'where checkpoints and the report go', 'runs/energy')
  .option('--steps <n>', 'training steps', whole)
  .option('--batch <n>', 'contexts per step', whole)
  .option('--learning-rate <rate>', 'peak learning rate', decimal)
  .option('--tau <τ>', 'temperature of the contrastive loss', decimal)
  .option('--seed <n>', 'seed of everything random', whole)
  .action(async ({ data, out, ...settings }) => trainCommand({ data, out, settings }));

program
  .command('evaluate')
  .description('evaluate a checkpoint on the held-out episodes')
  .argument('<checkpoint>', 'a .safetensors file that `enerjax train` has written')
  .option('--data <folder>', 'the data set', 'examples/data/tabletop')
  .option('--alpha <α>', 'step size of the correction', decimal, 0.1)
  .option('--num-steps <n>', 'steps of the correction', whole, 3)
  .option('--clip-frac <c>', 'largest step, relative to the action', decimal, 0.2)
  .action(async (checkpoint, options) => evaluateCommand(checkpoint, options));

program.command('devices').description('list the devices of this machine').action(devicesCommand);

try {
  await program.parseAsync();
} catch (error) {
  // A user's mistake is told in its own words; anything else is ours and keeps its stack.
  console.error(error instanceof EnerjaxError ? error.message : error);
  process.exitCode = 1;
}
