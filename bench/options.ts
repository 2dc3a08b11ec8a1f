/** The command line of the benchmarks. */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { contestantNames, type Field } from './contestants/index.ts';
import type { Clock } from './rounds.ts';

/** What the command line asks for. */
export interface Options {
  readonly field: Field;
  readonly contestants: readonly string[];
  /** Parts of the names of cases, or names of groups; empty: all cases. */
  readonly only: readonly string[];
  readonly clock: Clock;
  readonly rounds: number;
  /** Milliseconds of each contestant in each case. */
  readonly milliseconds: number;
  /** The folder of results. */
  readonly out: string | null;
  readonly compare: boolean;
  readonly accept: boolean;
  readonly peers: boolean;
  readonly list: boolean;
}

const listOf = (text: string): string[] => text.split(',').filter((part) => part !== '');

/** The options in these arguments. */
export function parseOptions(args: readonly string[]): Options {
  const raw = new Command('npm run bench --')
    .description('Times enerjax and other libraries side by side.')
    .option('--device <name>', 'cpu (wasm and its rivals) or webgpu', 'cpu')
    .option('--contestants <names>', 'some of them; enerjax-wasm-2@FOLDER is another checkout')
    .option('--only <texts>', 'groups, or parts of names of cases, separated by commas', '')
    .option('--time <seconds>', 'of each contestant in each case', '0.5')
    .option(
      '--clock <name>',
      'wall, or cpu: all threads added up, for a machine that is busy',
      'wall',
    )
    .option('--rounds <count>', 'turns of each contestant in each case', '7')
    .option('--out <folder>', 'where results go; cases that are there and not run are kept')
    .option(
      '--compare',
      'fail if a case is slower, against a peer, than its committed ratio allows',
    )
    .option('--accept', 'write the ratios that --compare allows from what is measured now')
    .option('--peers', 'say how to install the other libraries')
    .option('--list', 'show the cases')
    .parse(args, { from: 'user' })
    .opts<Readonly<Record<string, string | boolean | undefined>>>();
  const field: Field = raw.device === 'webgpu' ? 'webgpu' : 'cpu';
  const clock: Clock = raw.clock === 'cpu' ? 'cpu' : 'wall';
  const text = (name: string): string => String(raw[name] ?? '');
  const contestants = listOf(text('contestants'));
  return {
    field,
    contestants: contestants.length > 0 ? contestants : contestantNames(field, clock),
    only: listOf(text('only')),
    clock,
    rounds: Number(raw.rounds),
    milliseconds: 1000 * Number(raw.time),
    out: typeof raw.out === 'string' ? raw.out : null,
    compare: raw.compare === true,
    accept: raw.accept === true,
    peers: raw.peers === true,
    list: raw.list === true,
  };
}

/** The contestant whose times are compared with those of others: the one with all threads. */
export function championOf({ field, clock }: Pick<Options, 'field' | 'clock'>): string {
  if (field === 'webgpu') return 'enerjax-webgpu';
  return clock === 'cpu' ? 'enerjax-wasm-1' : `enerjax-wasm-${availableParallelism()}`;
}
