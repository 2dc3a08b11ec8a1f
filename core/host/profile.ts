/** What kernels take, as a trace that Chrome's tracing view and Perfetto show. */
import { type CallSite, showSite } from '../base/call-site.ts';
import type { Cost } from '../compile/kernel-cost.ts';
import type { Device } from './device.ts';
import { alreadyProfiling } from './errors.ts';

/** One launch of a kernel, before it runs. */
export interface KernelFacts {
  /** The operations inside, such as `exp·mul·reduceSum`. */
  readonly name: string;
  /** The line that the kernel's last operation was written on. */
  readonly site: CallSite | null;
  readonly cost: Cost;
}

/** One event of a Chrome trace. Times in microseconds. */
export interface TraceEvent {
  readonly name: string;
  readonly cat: 'kernel';
  /** A complete event: a start and a duration. */
  readonly ph: 'X';
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: {
    readonly device: string;
    /** file:line:column of the user's line; empty if none is known. */
    readonly line: string;
    readonly bytes: number;
    readonly flops: number;
    /** Achieved; 0 where the clock saw no time pass. */
    readonly gigabytesPerSecond: number;
    readonly gigaflopsPerSecond: number;
  };
}

/** A trace in the format of Chrome's tracing view: write `JSON.stringify(trace)` to a file and open it there. */
export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: 'ms';
}

/** Collects what devices report while a profile is taken. */
export class Recorder {
  readonly #origin = performance.now();
  readonly #events: TraceEvent[] = [];
  readonly #pending: Promise<void>[] = [];
  /** A device's clock and this one at the same moment. */
  #aligned: { readonly ticks: bigint; readonly at: number } | null = null;

  /** Microseconds since the profile began. */
  now(): number {
    return (performance.now() - this.#origin) * 1000;
  }

  /** Adds a kernel that ran. Times in microseconds on the clock of {@link now}. */
  add(device: Device['name'], { name, site, cost }: KernelFacts, ts: number, dur: number): void {
    const { bytes, flops } = cost;
    const rate = (amount: number): number => (dur > 0 ? amount / dur / 1000 : 0);
    this.#events.push({
      ...{ name, cat: 'kernel', ph: 'X', ts, dur, pid: 1, tid: 1 },
      args: {
        device,
        line: showSite(site),
        bytes,
        flops,
        gigabytesPerSecond: rate(bytes),
        gigaflopsPerSecond: rate(flops),
      },
    });
  }

  /**
   * From a device's clock, in nanoseconds, to this one. The first reading that is given is taken to be `at`, and
   * later ones go by the device's clock.
   */
  alignClock(ticks: bigint, at: number): (ticks: bigint) => number {
    this.#aligned ??= { ticks, at };
    const origin = this.#aligned;
    return (now) => origin.at + Number(now - origin.ticks) / 1000;
  }

  /** Times that arrive later; the profile waits for them. */
  expect(arrival: Promise<void>): void {
    this.#pending.push(arrival);
  }

  async finish(): Promise<ChromeTrace> {
    await Promise.all(this.#pending);
    const traceEvents = this.#events.toSorted((a, b) => a.ts - b.ts);
    return { traceEvents, displayTimeUnit: 'ms' };
  }
}

let recorder: Recorder | null = null;

/** What devices report to while a profile is taken; null at all other times. */
export const activeRecorder = (): Recorder | null => recorder;

/** Runs `body` and everything that it queued on a device, and returns its result with the kernels' trace. */
export async function record<R>(
  device: Device,
  body: () => R | Promise<R>,
): Promise<{ readonly result: R; readonly trace: ChromeTrace }> {
  if (recorder !== null) throw alreadyProfiling();
  // What was queued before is no part of it.
  await device.settle();
  const own = new Recorder();
  recorder = own;
  try {
    const result = await body();
    await device.settle();
    return { result, trace: await own.finish() };
  } finally {
    recorder = null;
  }
}
