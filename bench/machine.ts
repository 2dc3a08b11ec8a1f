/** What a measurement was made on. */
import { execFileSync } from 'node:child_process';
import { arch, cpus, platform, totalmem } from 'node:os';
import { defaultDevice } from '../index.ts';

/** Facts to print beside figures. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  readonly device: string;
  readonly commit: string;
}

/** The commit that is checked out, or 'unknown'. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** This machine, as the default device sees it. */
export const machine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${platform()} ${arch()}`,
  node: process.version,
  v8: process.versions.v8,
  device: defaultDevice().description,
  commit: commit(),
});

/** The name of this kind of machine, as folders of results have it. */
export const slugOf = ({ cpu, cores }: Machine): string => {
  const words = cpu.toLowerCase().match(/epyc|xeon|ryzen|core|apple m\d+/)?.[0] ?? 'cpu';
  return `${words.replaceAll(' ', '-')}-${cores}-core`;
};

/** One line for the foot of a table. */
export const showMachine = (m: Machine): string =>
  `${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.system}, Node ${m.node} (V8 ${m.v8}); ${m.device}; commit ${m.commit}`;

/** The middle one of some figures. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
