/** Runs one case on all contestants, by turns. */
import { type Case, Unable } from './case.ts';
import { Child } from './child.ts';
import { type Digest, difference } from './digest.ts';
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

/** The first answer counts as right; JAX answers first if it takes part. */
const refereed = <T extends { readonly name: string }>(contenders: readonly T[]): readonly T[] =>
  [...contenders].sort((a, b) => Number(b.name === 'xla-cpu') - Number(a.name === 'xla-cpu'));

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
  effort: Effort,
): Promise<Outcomes> {
  const contenders = names.map((name) => new Contender(name, effort));
  await prepareAll(example, contenders, crew);
  // The first round warms up and does not count.
  for (let round = -1; round < effort.rounds; round++) {
    const present = contenders.filter((one) => one.wants(round));
    const turn = Math.max(round, 0) % Math.max(present.length, 1);
    for (const one of [...present.slice(turn), ...present.slice(0, turn)]) {
      await one.runRound(round, crew);
    }
  }
  return Object.fromEntries(contenders.map((one) => [one.name, one.outcome()]));
}

/** What a contestant has done in one case so far. */
class Contender {
  readonly name: string;
  readonly #effort: Effort;
  readonly #times: number[] = [];
  #first = 0;
  #spent = 0;
  #trouble: Outcome | null = null;

  constructor(name: string, effort: Effort) {
    this.name = name;
    this.#effort = effort;
  }

  /** Makes ready, and returns what the first run computed; null if it cannot. */
  async prepare(example: Case, crew: Crew): Promise<readonly Digest[] | null> {
    try {
      const { first, digests } = await crew.child(this.name).prepare(example);
      this.#first = first;
      return digests;
    } catch (error) {
      this.fail(failure(error));
      if (!(error instanceof Unable)) await crew.dismiss(this.name);
      return null;
    }
  }

  fail(trouble: Outcome): void {
    this.#trouble = trouble;
  }

  /** Long runs need no warm-up, and not many rounds. */
  wants(round: number): boolean {
    if (this.#trouble !== null) return false;
    const { milliseconds } = this.#effort;
    if (round < 0) return this.#first < milliseconds;
    return this.#spent < tiredAfter * milliseconds || this.#times.length < leastRounds;
  }

  async runRound(round: number, crew: Crew): Promise<void> {
    const { milliseconds, rounds, clock } = this.#effort;
    try {
      const { median, cpu, count } = await crew.child(this.name).round(milliseconds / rounds);
      this.#spent += median * count;
      if (round >= 0) this.#times.push(clock === 'wall' ? median : cpu);
    } catch (error) {
      this.fail(failure(error));
      await crew.dismiss(this.name);
    }
  }

  outcome(): Outcome {
    if (this.#trouble !== null) return this.#trouble;
    const rounds = this.#times;
    return { kind: 'measured', rounds, spread: spread(rounds), first: this.#first };
  }
}

/** Lets all make ready; those whose results disagree with the first one's do not run. */
async function prepareAll(
  example: Case,
  contenders: readonly Contender[],
  crew: Crew,
): Promise<void> {
  let wanted: { by: string; digests: readonly Digest[] } | null = null;
  for (const one of refereed(contenders)) {
    const digests = await one.prepare(example, crew);
    if (digests === null) continue;
    const why = disagreement(example, digests, wanted);
    wanted ??= { by: one.name, digests };
    if (why !== null) one.fail({ kind: 'wrong', why });
  }
}

/** Most processes that are started for the first call of one contestant in one case. */
const maxStarts = 3;

/** The first call of new processes, by turns: its time, or the memory that it took. */
async function measureAnew(
  example: Case,
  names: readonly string[],
  { clock, rounds }: Effort,
): Promise<Outcomes> {
  const starters = names.map((name) => new Starter(name, clock));
  let wanted: { by: string; digests: readonly Digest[] } | null = null;
  for (let round = 0; round < Math.min(rounds, maxStarts); round++) {
    for (const one of refereed(starters)) {
      const digests = await one.start(example);
      if (digests === null) continue;
      const why = disagreement(example, digests, wanted);
      wanted ??= { by: one.name, digests };
      if (why !== null) one.trouble = { kind: 'wrong', why };
    }
  }
  return Object.fromEntries(starters.map((one) => [one.name, one.outcome()]));
}

/** What new processes of a contestant have done in one case so far. */
class Starter {
  readonly name: string;
  trouble: Outcome | null = null;
  readonly #clock: Clock;
  readonly #figures: number[] = [];
  #first = 0;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  /** Starts a process for one call, and returns what it computed; null if it cannot. */
  async start(example: Case): Promise<readonly Digest[] | null> {
    if (this.trouble !== null) return null;
    const child = new Child(this.name, { cold: true });
    try {
      const { first, firstCpu, grown, digests } = await child.prepare(example);
      this.#first = first;
      const time = this.#clock === 'wall' ? first : firstCpu;
      this.#figures.push(example.measure === 'memory' ? grown : time);
      return digests;
    } catch (error) {
      this.trouble = failure(error);
      return null;
    } finally {
      await child.close();
    }
  }

  outcome(): Outcome {
    const rounds = this.#figures;
    return this.trouble ?? { kind: 'measured', rounds, spread: spread(rounds), first: this.#first };
  }
}
