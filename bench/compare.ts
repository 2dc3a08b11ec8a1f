/** The guard against slowing down: ratios to peers that are committed, and what may exceed them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Measured, Results } from './results.ts';

/** By case and peer: the champion's time may be this share of the peer's. */
export type Allowed = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What ratios are of: those of one champion, on one clock, are not those of another. */
const contestOf = ({ champion, clock }: Pick<Results, 'champion' | 'clock'>): string =>
  `${champion}, ${clock} time`;

/** Ratios vary from run to run by as much as this. */
const allowance = 1.5;

function readAll(file: string): Readonly<Record<string, Allowed>> {
  if (!existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Allowed>; // Written by `accept`.
}

/** The committed ratios of a contest; none if there are no such. */
export const readAllowed = (file: string, contest: Pick<Results, 'champion' | 'clock'>): Allowed =>
  readAll(file)[contestOf(contest)] ?? {};

/** Ratios that leave room for noise above what was measured; of what was not measured now, the former ones. */
export function allowedBy(cases: readonly Measured[], before: Allowed): Allowed {
  const allowed: Record<string, Record<string, number>> = {};
  for (const [name, peers] of Object.entries(before)) allowed[name] = { ...peers };
  for (const { name, ratios } of cases) {
    const peers = allowed[name] ?? {};
    for (const [peer, { median }] of Object.entries(ratios)) {
      if (!peer.startsWith('enerjax')) peers[peer] = Number((median * allowance).toPrecision(3));
    }
    if (Object.keys(peers).length > 0) allowed[name] = peers;
  }
  return allowed;
}

/** Writes what {@link allowedBy} allows. */
export function accept(file: string, results: Results): void {
  const contest = contestOf(results);
  const all = readAll(file);
  const allowed = allowedBy(results.cases, all[contest] ?? {});
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...all, [contest]: allowed }, null, 1)}\n`);
}

/** The cases that are slower than allowed even in their better rounds, a line for each. What was not measured is not judged. */
export const offenders = (cases: readonly Measured[], allowed: Allowed): string[] =>
  cases.flatMap(({ name, ratios }) =>
    Object.entries(allowed[name] ?? {}).flatMap(([peer, limit]) => {
      const ratio = ratios[peer]?.low;
      if (ratio === undefined || ratio <= limit) return [];
      return `${name}: takes ${ratio.toPrecision(3)} of the time of ${peer}, allowed is ${limit}`;
    }),
  );
