/** One line of text per range of steps, the same on a terminal and in a file. */
import type { MetricRecord } from './history.ts';
import { showDuration, showNumber } from './number.ts';

/** What {@link progressLine} shows. */
export interface ProgressRange {
  /** First and last step of the range. */
  readonly from: number;
  readonly to: number;
  /** Means over the range, shown in this order. */
  readonly values: Readonly<Record<string, number>>;
  readonly stepsPerSecond: number;
  /** Until the last step; NaN where it cannot be told yet. */
  readonly secondsLeft: number;
}

/** `step 200–299  loss 1.234  E_pos 0.61  E_neg 1.02  48 steps/s  ETA 0:37`. */
export function progressLine({
  from,
  to,
  values,
  stepsPerSecond,
  secondsLeft,
}: ProgressRange): string {
  const range = from === to ? `step ${from}` : `step ${from}–${to}`;
  const shown = Object.entries(values).map(([name, value]) => `${name} ${showNumber(value)}`);
  const speed =
    stepsPerSecond >= 1 || stepsPerSecond === 0
      ? `${showNumber(stepsPerSecond, 2)} steps/s`
      : `${showNumber(1 / stepsPerSecond, 2)} s/step`;
  return [
    range,
    ...shown,
    speed,
    `ETA ${Number.isNaN(secondsLeft) ? '?' : showDuration(secondsLeft)}`,
  ].join('  ');
}

/** How {@link progress} reports. */
export interface ProgressOptions {
  /** Number of steps in the run; the last step is `total` - 1. */
  readonly total: number;
  /** Steps per line. Default: 100. */
  readonly every?: number;
  /** Takes each line, without newline. Default: `console.log`. */
  readonly write?: (line: string) => void;
  /** Seconds on a clock that only goes forward. For tests. */
  readonly now?: () => number;
}

/** Collects measurements and reports their means. */
export interface Progress {
  /**
   * The means over the range that this step completes, after its line was written; null within a
   * range.
   */
  add(step: number, values: Readonly<Record<string, number>>): MetricRecord | null;
  /** The same for an unfinished range, when the run ends early; null if nothing is left. */
  finish(): MetricRecord | null;
}

interface Range {
  readonly from: number;
  to: number;
  steps: number;
  readonly sums: Map<string, { sum: number; count: number }>;
}

const means = ({ sums }: Range): Record<string, number> =>
  Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));

/**
 * A reporter that writes a line with the means at the end of every range of steps, and at the last
 * step.
 */
export function progress({
  total,
  every = 100,
  write = console.log,
  now = () => performance.now() / 1000,
}: ProgressOptions): Progress {
  let range: Range | null = null;
  let since = now();
  const report = (done: Range): MetricRecord => {
    const seconds = now() - since;
    since += seconds;
    const stepsPerSecond = seconds > 0 ? done.steps / seconds : 0;
    const left = total - 1 - done.to;
    const secondsLeft = stepsPerSecond > 0 ? left / stepsPerSecond : NaN;
    const values = means(done);
    write(progressLine({ from: done.from, to: done.to, values, stepsPerSecond, secondsLeft }));
    range = null;
    return { step: done.to, values };
  };
  return {
    add(step, values) {
      range ??= { from: step, to: step, steps: 0, sums: new Map() };
      range.to = step;
      range.steps += 1;
      for (const [name, value] of Object.entries(values)) {
        const { sum, count } = range.sums.get(name) ?? { sum: 0, count: 0 };
        range.sums.set(name, { sum: sum + value, count: count + 1 });
      }
      return (step + 1) % every === 0 || step === total - 1 ? report(range) : null;
    },
    finish: () => (range === null ? null : report(range)),
  };
}
