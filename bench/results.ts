/** What a run found, kept as JSON. */
import { existsSync, readFileSync } from 'node:fs';
import type { Case } from './case.ts';
import type { Machine } from './machine.ts';
import type { Opened } from './protocol.ts';
import type { Clock, Outcomes } from './rounds.ts';
import { quantile, type Spread, spread } from './statistics.ts';

/** One case's outcomes. */
export interface Measured {
  readonly name: string;
  readonly group: string;
  readonly measure: NonNullable<Case['measure']>;
  readonly flops?: number;
  readonly bytes?: number;
  readonly calls?: number;
  readonly target?: number;
  readonly commit: string;
  readonly outcomes: Outcomes;
  /** The champion's time, one round after the other, as a share of another contestant's. */
  readonly ratios: Readonly<Record<string, Spread>>;
}

/** All cases of a field on one machine. */
export interface Results {
  readonly machine: Machine;
  readonly clock: Clock;
  readonly champion: string;
  readonly contestants: Readonly<Record<string, Opened>>;
  readonly absent: Readonly<Record<string, string>>;
  readonly cases: readonly Measured[];
}

/** The case's record, with ratios of rounds that were run one after the other. */
export function record(
  example: Case,
  outcomes: Outcomes,
  champion: string,
  commit: string,
): Measured {
  const { name, group, measure = 'time', flops, bytes, calls, target } = example;
  const own = outcomes[champion];
  const ratios: Record<string, Spread> = {};
  for (const [peer, outcome] of Object.entries(outcomes)) {
    if (peer === champion || own?.kind !== 'measured' || outcome.kind !== 'measured') continue;
    ratios[peer] = spread(pairedRatios(own.rounds, outcome.rounds));
  }
  const wanted = champion.includes('webgpu') ? target?.webgpu : target?.wasm;
  return {
    name,
    group,
    measure,
    ...(flops !== undefined && { flops }),
    ...(bytes !== undefined && { bytes }),
    ...(calls !== undefined && { calls: calls.count }),
    ...(wanted !== undefined && { target: wanted }),
    commit,
    outcomes,
    ratios,
  };
}

/** Memory that did not grow counts as this many MB, so that ratios exist. */
const leastFigure = 1e-3;

const pairedRatios = (own: readonly number[], other: readonly number[]): number[] =>
  own
    .slice(0, other.length)
    .map((figure, i) => Math.max(figure, leastFigure) / Math.max(other[i] ?? 0, leastFigure));

/** The results of an earlier run; null if there are none. */
export function readResults(file: string): Results | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null; // Written by this program.
}

/** Earlier results with newer cases in their places; `order` has the names of all cases. */
export function merged(before: Results | null, now: Results, order: readonly string[]): Results {
  if (before === null) return now;
  const byName = new Map([...before.cases, ...now.cases].map((one) => [one.name, one]));
  const cases = order.map((name) => byName.get(name)).filter((one) => one !== undefined);
  return { ...now, contestants: { ...before.contestants, ...now.contestants }, cases };
}

/** The median of the rounds; null if the contestant has no figure. */
export function figureOf(outcomes: Outcomes, name: string): number | null {
  const outcome = outcomes[name];
  return outcome?.kind === 'measured' ? quantile(outcome.rounds, 0.5) : null;
}
