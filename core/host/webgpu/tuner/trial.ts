/** Runs several kernels that compute the same on the same arrays, and says which is fastest. */
import type { Grid } from '../../../emit/wgsl/grid.ts';
import { isAccepted } from './accepted.ts';
import { agree } from './agreement.ts';
import type { Sample, Scratch } from './scratch.ts';
import type { Stopwatch } from './stopwatch.ts';

/** One of the kernels. */
export interface Contender {
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly grid: Grid;
}

/** What a trial needs. */
export interface TrialOptions {
  readonly device: GPUDevice;
  readonly scratch: Scratch;
  readonly group: GPUBindGroup;
  readonly stopwatch: Stopwatch;
  readonly budgetMs: number;
}

/** The fastest, and how many times as fast as the first it is. */
export interface Winner {
  readonly name: string;
  readonly speedup: number;
}

/** The part of the time in which contenders are tried at all; the rest is for measuring the good ones. */
const shareOfTrying = 0.7;
const rounds = 9;
/** Single launches by which it is judged whether a contender deserves more. */
const glances = 3;
/** Launches in one measurement at most. */
const mostTurns = 256;
/** Those that take so many times as long as the fastest at first sight are out. */
const hopeless = 4;
/** A kernel takes the first one's place if that takes so many times as long: less may be chance. */
const clearly = 1.05;

/** A contender that computes the right thing. */
interface Runner extends Contender {
  readonly turns: number;
  /** Milliseconds of one launch, in the order of measurement. */
  readonly times: number[];
}

/**
 * The fastest of these kernels. The first says what the results must be; those that say otherwise, or that the
 * GPU refuses, are left out. Null if nothing could be compared.
 */
export async function findFastest(
  contenders: readonly Contender[],
  options: TrialOptions,
): Promise<Winner | null> {
  const began = performance.now();
  const runners: Runner[] = [];
  let expected: readonly Sample[] | null = null;
  for (const contender of contenders) {
    if (performance.now() - began > shareOfTrying * options.budgetMs) break;
    const found = await resultOf(contender, options);
    expected ??= found;
    // Without what the first one gives there is nothing to compare with.
    if (expected === null) return null;
    if (found === null || !agree(found, expected)) continue;
    const runner = await started(contender, options);
    if (runner !== null) runners.push(runner);
    else if (runners.length === 0) return null;
  }
  const best = Math.min(...runners.map(typical));
  const hopeful = runners.filter((runner, i) => i === 0 || typical(runner) < hopeless * best);
  if (runners.length < 2) return null;
  const isOver = (): boolean => performance.now() - began > options.budgetMs;
  if (hopeful.length > 1) await measure(hopeful, options, isOver);
  return choose(hopeful);
}

/** What a kernel writes; null if the GPU refuses it. This first run is not timed: drivers compile in it. */
async function resultOf(
  contender: Contender,
  { device, scratch, group }: TrialOptions,
): Promise<readonly Sample[] | null> {
  scratch.reset();
  const accepted = await isAccepted(device, () => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    launch(pass, contender, group, 1);
    pass.end();
    device.queue.submit([encoder.finish()]);
  });
  return accepted ? scratch.read() : null;
}

async function started(contender: Contender, options: TrialOptions): Promise<Runner | null> {
  const { stopwatch, group } = options;
  let once = Infinity;
  for (let glance = 0; glance < glances; glance++) {
    const time = await stopwatch.time((pass) => launch(pass, contender, group, 1));
    if (time === null) return null;
    once = Math.min(once, time);
  }
  const turns = Math.ceil(stopwatch.aim / Math.max(once, stopwatch.aim / mostTurns));
  return { ...contender, turns, times: [once] };
}

/** All take turns, so that what disturbs one disturbs the others as well. */
async function measure(
  runners: readonly Runner[],
  { stopwatch, group }: TrialOptions,
  isOver: () => boolean,
): Promise<void> {
  for (const { times } of runners) times.length = 0;
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) {
      // Each is measured once at least.
      if (round > 0 && isOver()) return;
      const { turns, times } = runner;
      const time = await stopwatch.time((pass) => launch(pass, runner, group, turns));
      times.push(time === null ? Infinity : time / turns);
    }
  }
}

function launch(
  pass: GPUComputePassEncoder,
  { pipeline, grid }: Contender,
  group: GPUBindGroup,
  turns: number,
): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  for (let turn = 0; turn < turns; turn++) pass.dispatchWorkgroups(...grid);
}

/** The lower quartile of what a kernel took: what disturbs it makes it slower only. */
function typical({ times }: Pick<Runner, 'times'>): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 4)] ?? Infinity;
}

/** The fastest of these; the first unless another is clearly faster. */
export function choose(
  runners: readonly { readonly name: string; readonly times: number[] }[],
): Winner | null {
  const [first] = runners;
  if (first === undefined) return null;
  const best = runners.reduce((a, b) => (typical(b) < typical(a) ? b : a));
  const speedup = typical(first) / typical(best);
  return speedup >= clearly ? { name: best.name, speedup } : { name: first.name, speedup: 1 };
}
