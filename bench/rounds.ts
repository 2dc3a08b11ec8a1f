/** Runs one case on all contestants, by turns. */
import { type Case, Unable } from './case.ts';
import { Child } from './child.ts';
import { type Digest, difference } from './digest.ts';
import type { First } from './protocol.ts';
import { type Spread, spread } from './statistics.ts';

/** What became of a contestant in a case. */
export type Outcome =
  | {
      readonly kind: 'measured';
      /** Milliseconds, or MB: the median of each round. */
      readonly rounds: readonly number[];
      readonly spread: Spread;
      /** Milliseconds until the first result. */
      readonly first: number;
    }
  | { readonly kind: 'unable' | 'failed' | 'wrong'; readonly why: string };

/** Outcomes by contestant. */
export type Outcomes = Readonly<Record<string, Outcome>>;

/** What time means: that of the clock, or what all threads computed, which other programs disturb less. */
export type Clock = 'wall' | 'cpu';

/** How to measure. */
export interface Effort {
  readonly clock: Clock;
  readonly rounds: number;
  /** Milliseconds of each contestant in each case, over all rounds. */
  readonly milliseconds: number;
}

/** The processes that are kept from case to case; one that died is started anew. */
export class Crew {
  readonly #children = new Map<string, Child>();

  child(name: string): Child {
    const child = this.#children.get(name) ?? new Child(name);
    this.#children.set(name, child);
    return child;
  }

  async dismiss(name: string): Promise<void> {
    await this.#children.get(name)?.close();
    this.#children.delete(name);
  }

  async dismissAll(): Promise<void> {
    for (const name of [...this.#children.keys()]) await this.dismiss(name);
  }
}

/** A case, measured: every contestant that can takes its turn in every round. */
export async function measure(
  example: Case,
  names: readonly string[],
  crew: Crew,
  effort: Effort,
): Promise<Outcomes> {
  return (example.measure ?? 'time') === 'time'
    ? measureTime(example, names, crew, effort)
    : measureAnew(example, names, effort);
}

const failure = (error: unknown): Outcome => ({
  kind: error instanceof Unable ? 'unable' : 'failed',
  why: error instanceof Error ? error.message : String(error),
});

/** A first answer counts as right; JAX answers first if it takes part. */
function refereed(names: readonly string[]): readonly string[] {
  return [...names].sort((a, b) => Number(b === 'xla-cpu') - Number(a === 'xla-cpu'));
}

/** Why results are wrong; null if they agree with what another contestant computed. */
function disagreement(
  { tolerance = 1e-3 }: Case,
  got: readonly Digest[],
  wanted: { readonly by: string; readonly digests: readonly Digest[] } | null,
): string | null {
  if (wanted === null) return null;
  const by = difference(got, wanted.digests);
  return by <= tolerance ? null : `differs from ${wanted.by} by ${by.toPrecision(2)} of its size`;
}

/** A contestant whose runs are long leaves after so many times what it was to take, and so many rounds. */
const tiredAfter = 4;
const leastRounds = 3;

async function measureTime(
  example: Case,
  names: readonly string[],
  crew: Crew,
  { clock, rounds, milliseconds }: Effort,
): Promise<Outcomes> {
  const outcomes: Record<string, Outcome> = {};
  const firsts: Record<string, First> = {};
  let wanted: { by: string; digests: readonly Digest[] } | null = null;
  for (const name of refereed(names)) {
    try {
      const first = await crew.child(name).prepare(example);
      const why = disagreement(example, first.digests, wanted);
      wanted ??= { by: name, digests: first.digests };
      if (why === null) firsts[name] = first;
      else outcomes[name] = { kind: 'wrong', why };
    } catch (error) {
      outcomes[name] = failure(error);
      if (!(error instanceof Unable)) await crew.dismiss(name);
    }
  }
  const times: Record<string, number[]> = {};
  const spent: Record<string, number> = {};
  const isTired = (name: string): boolean =>
    (spent[name] ?? 0) > tiredAfter * milliseconds && (times[name]?.length ?? 0) >= leastRounds;
  // The first round warms up and does not count.
  for (let round = -1; round < rounds; round++) {
    const present = names.filter((name) => name in firsts && !(name in outcomes) && !isTired(name));
    const turn = Math.max(round, 0) % Math.max(present.length, 1);
    for (const name of [...present.slice(turn), ...present.slice(0, turn)]) {
      try {
        const { median, cpu, count } = await crew.child(name).round(milliseconds / rounds);
        spent[name] = (spent[name] ?? 0) + median * count;
        const time = clock === 'wall' ? median : cpu;
        if (round >= 0) times[name] = [...(times[name] ?? []), time];
      } catch (error) {
        outcomes[name] = failure(error);
        await crew.dismiss(name);
      }
    }
  }
  for (const name of names) {
    const first = firsts[name]?.first;
    if (name in outcomes || first === undefined) continue;
    const all = times[name] ?? [];
    outcomes[name] = { kind: 'measured', rounds: all, spread: spread(all), first };
  }
  return outcomes;
}

/** Most processes that are started for the first call of one contestant in one case. */
const maxStarts = 3;

/** The first call of new processes, by turns: its time, or the memory that it took. */
async function measureAnew(
  example: Case,
  names: readonly string[],
  { rounds }: Effort,
): Promise<Outcomes> {
  const outcomes: Record<string, Outcome> = {};
  const figures: Record<string, number[]> = {};
  const firsts: Record<string, number> = {};
  let wanted: { by: string; digests: readonly Digest[] } | null = null;
  for (let round = 0; round < Math.min(rounds, maxStarts); round++) {
    for (const name of round === 0 ? refereed(names) : names) {
      if (name in outcomes) continue;
      const child = new Child(name, { cold: true });
      try {
        const { first, grown, digests } = await child.prepare(example);
        const why = disagreement(example, digests, wanted);
        wanted ??= { by: name, digests };
        if (why !== null) outcomes[name] = { kind: 'wrong', why };
        const figure = example.measure === 'memory' ? grown : first;
        figures[name] = [...(figures[name] ?? []), figure];
        firsts[name] = first;
      } catch (error) {
        outcomes[name] = failure(error);
      } finally {
        await child.close();
      }
    }
  }
  for (const name of names) {
    const [all, first] = [figures[name], firsts[name]];
    if (name in outcomes || all === undefined || first === undefined) continue;
    outcomes[name] = { kind: 'measured', rounds: all, spread: spread(all), first };
  }
  return outcomes;
}
