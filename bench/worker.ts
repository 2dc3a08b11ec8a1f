/**
 * A process that runs one contestant: requests are lines of JSON on its standard input, replies lines of
 * JSON on file descriptor 3.
 *
 *   node --import tsx bench/worker.ts CONTESTANT
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Bench } from 'tinybench';
import { Unable } from './case.ts';
import { cases } from './cases/index.ts';
import type { Prepared } from './contestants/contestant.ts';
import { openContestant } from './contestants/index.ts';
import type { Reply, Request } from './protocol.ts';

const reply = (message: Reply): void => {
  writeSync(3, `${JSON.stringify(message)}\n`);
};

const maxRss = (): number => process.resourceUsage().maxRSS / 1024;

/** Milliseconds. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

let prepared: Prepared | null = null;
const contestant = await openContestant(process.argv[2] ?? '');

async function answer(request: Request): Promise<Reply> {
  if (request.do === 'round') return round(request.milliseconds);
  if (request.do === 'open') return { version: contestant.version, device: contestant.device };
  prepared?.release();
  prepared = null;
  const example = cases.find(({ name }) => name === request.case);
  if (example === undefined) throw new Unable('no case has this name');
  prepared = await contestant.prepare(example);
  const before = maxRss();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const run = await prepared.run();
  const first = performance.now() - started;
  const firstCpu = cpuSince(cpuBefore);
  const grown = maxRss() - before;
  const digests = await run.digests();
  run.release();
  return { first, firstCpu, grown, digests };
}

/** Runs what is prepared for a while, at least once. */
async function round(milliseconds: number): Promise<Reply> {
  const ready = prepared;
  if (ready === null) throw new Unable('no case is prepared');
  const bench = new Bench({ time: milliseconds, iterations: 1, warmup: false, throws: true });
  bench.add('run', async () => {
    (await ready.run()).release();
  });
  const before = process.cpuUsage();
  await bench.run();
  const cpu = cpuSince(before);
  const result = bench.tasks[0]?.result;
  if (result === undefined || !('latency' in result)) throw new Error('a round has no result');
  const { p50, samplesCount } = result.latency;
  return { median: p50, cpu: cpu / samplesCount, count: samplesCount };
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    reply(await answer(JSON.parse(line) as Request)); // From the coordinator.
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply(error instanceof Unable ? { unable: message } : { error: message });
  }
}
process.exit(0);
