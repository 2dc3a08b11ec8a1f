/** The command line of `enerjax`: its commands and options, and how failures are told. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EnerjaxError } from '../core/base/errors.ts';
import { environment } from '../core/host/environment.ts';
import { type DeviceName, getDevice, setDefaultDevice } from '../core/host/runtime.ts';
import { installSourceReader } from '../core/host/source-text.ts';
import { bundledData, packageVersion } from './package.ts';

const deviceNames: readonly DeviceName[] = ['wasm', 'webgpu', 'js'];

/** Number('') is 0, which nobody means who leaves a value empty. */
const numberIn = (text: string): number => (text.trim() === '' ? NaN : Number(text));

const whole = (text: string): number => {
  const value = numberIn(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
};

const decimal = (text: string): number => {
  const value = numberIn(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
};

/** Lists the devices and what is wrong with those that cannot be used. */
async function devicesCommand(): Promise<number> {
  for (const name of deviceNames) {
    try {
      console.log(`${name}: ${(await getDevice(name)).description}`);
    } catch (error) {
      const why = error instanceof EnerjaxError ? error.what : String(error);
      console.log(`${name}: not available (${why})`);
    }
  }
  return 0;
}

/** The data set to use, which only a source checkout knows one for. */
function dataOption(): Option {
  const option = new Option('--data <folder>', 'data set in LeRobot layout');
  const bundled = bundledData();
  return bundled === null
    ? option.makeOptionMandatory()
    : option.default(bundled, 'examples/data/tabletop');
}

/** The program; what a command returns is given to `end`. */
function commandLine(end: (code: number) => void): Command {
  const program = new Command('enerjax')
    .description('Trains and evaluates energy models that correct robot policies.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .addOption(
      new Option('--device <name>', 'where to compute; ENERJAX_DEVICE says the same').choices(
        deviceNames,
      ),
    )
    .showSuggestionAfterError()
    .exitOverride()
    .hook('preAction', async (command) => {
      installSourceReader();
      const name = command.opts<{ device?: string }>().device ?? environment('ENERJAX_DEVICE');
      if (name !== undefined) await setDefaultDevice(name as DeviceName); // Refused there if unknown.
    });

  program
    .command('train')
    .description('train a model and report on it')
    .addOption(dataOption())
    .option('--out <folder>', 'for checkpoints, metrics and report', 'runs/energy')
    .option('--episodes <n>', 'use only the first n episodes', whole)
    .option('--held-out <share>', 'share of the episodes to evaluate on', decimal)
    .option('--steps <n>', 'training steps', whole)
    .option('--batch <n>', 'contexts per step', whole)
    .option('--learning-rate <rate>', 'peak learning rate', decimal)
    .option('--tau <τ>', 'temperature of the loss', decimal)
    .option('--seed <n>', 'seed of everything random', whole)
    .option('--log-every <n>', 'steps per line of progress', whole)
    .option('--save-every <n>', 'steps between checkpoints', whole)
    .action(async ({ data, out, ...settings }) => {
      const { trainCommand } = await import('./energy-commands.ts');
      end(await trainCommand({ data, out, settings }));
    });

  program
    .command('evaluate')
    .description('evaluate a checkpoint on the episodes that its run held out')
    .argument('<checkpoint>', 'a .safetensors file that `enerjax train` has written')
    .addOption(dataOption())
    .option('--alpha <α>', 'step size of the correction', decimal, 0.1)
    .option('--num-steps <n>', 'steps of the correction', whole, 3)
    .option('--clip-frac <c>', 'largest step, relative to the action', decimal, 0.2)
    .action(async (checkpoint, options) => {
      const { evaluateCommand } = await import('./energy-commands.ts');
      end(await evaluateCommand({ checkpoint, ...options }));
    });

  program
    .command('devices')
    .description('list the devices of this machine')
    .action(async () => end(await devicesCommand()));
  return program;
}

/** What the operating system says about a file or folder that cannot be used, in a line. */
function fileProblem(error: unknown): string | null {
  const isSystem = error instanceof Error && 'syscall' in error && 'code' in error;
  return isSystem ? `${error.message}\nfix: check the paths and your rights to them` : null;
}

/**
 * Runs the command that `args` say.
 *
 * @param args - Without the program's own name.
 * @returns The exit code: 0, 1 after a failure, 2 if `args` cannot be understood, 130 after an interruption.
 */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = commandLine((returned) => {
    code = returned;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said what it has to say. Help and version end with an error of code 0; a call
    // without a command prints the help, as an answer to a mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // A user's mistake is told in its own words; anything else is ours and keeps its stack.
    console.error(error instanceof EnerjaxError ? error.message : (fileProblem(error) ?? error));
    return 1;
  }
}
