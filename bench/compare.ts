/** The guard against slowing down: ratios to peers that are committed, and what may exceed them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Measured, Results } from './results.ts';

/** By case and peer: the champion's time may be this share of the peer's. */
export type Allowed = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Ratios vary from run to run by as much as this. */
const allowance = 1.3;

/** The committed ratios; none if there is no such file. */
export const readAllowed = (file: string): Allowed =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Allowed) : {}; // Written by this program.

/** Ratios that leave room for noise above what was measured; of cases not measured now, the former ones. */
export function accept(file: string, { cases }: Results): void {
  const allowed: Record<string, Record<string, number>> = {};
  for (const [name, peers] of Object.entries(readAllowed(file))) allowed[name] = { ...peers };
  for (const { name, ratios } of cases) {
    const peers = allowed[name] ?? {};
    for (const [peer, { median }] of Object.entries(ratios)) {
      if (!peer.startsWith('enerjax')) peers[peer] = Number((median * allowance).toPrecision(3));
    }
    if (Object.keys(peers).length > 0) allowed[name] = peers;
  }
  writeFileSync(file, `${JSON.stringify(allowed, null, 2)}\n`);
}

/** The cases that are slower than allowed, a line for each. */
export const offenders = (cases: readonly Measured[], allowed: Allowed): string[] =>
  cases.flatMap(({ name, ratios }) =>
    Object.entries(allowed[name] ?? {}).flatMap(([peer, limit]) => {
      const ratio = ratios[peer]?.median ?? 0;
      if (ratio <= limit) return [];
      return `${name}: takes ${ratio.toPrecision(3)} of the time of ${peer}, allowed is ${limit}`;
    }),
  );
