/** What a training run of the energy model is told. */
import * as v from 'valibot';
import { badConfig } from './errors.ts';

/** A setting's message: what it has to be, and what it is. */
const must =
  (be: string) =>
  ({ received }: { readonly received: string }): string =>
    `must be ${be}, but is ${received}`;

/** A whole number from `least` up. */
const whole = (least = Number.MIN_SAFE_INTEGER) => {
  const message = must(
    least === Number.MIN_SAFE_INTEGER ? 'a whole number' : `a whole number from ${least} up`,
  );
  return v.pipe(v.number(message), v.safeInteger(message), v.minValue(least, message));
};

/** A number above 0. */
const positive = v.pipe(
  v.number(must('a number above 0')),
  v.finite(must('a number above 0')),
  v.gtValue(0, must('a number above 0')),
);

/** A number from 0 up, below `limit`. */
const below = (limit: number) => {
  const message = must(
    limit === Infinity ? 'a number from 0 up' : `a number from 0 up, below ${limit}`,
  );
  return v.pipe(v.number(message), v.minValue(0, message), v.ltValue(limit, message));
};

const schema = v.strictObject({
  /** Episodes of the data set that are used, from the first on. Default: all. */
  episodes: v.optional(whole(1)),
  /** Actions per chunk. */
  horizon: v.optional(whole(1), 8),
  /** Steps between the states of the history that the context shows. */
  history: v.optional(whole(1), 4),
  /** Pixels along each side of an image patch. */
  patch: v.optional(whole(1), 12),
  /** Width of a context token. */
  contextDim: v.optional(whole(1), 64),
  hidden: v.optional(whole(1), 64),
  heads: v.optional(whole(1), 4),
  layers: v.optional(whole(0), 1),
  dropoutRate: v.optional(below(1), 0.2),
  /** Temperature τ of the contrastive loss. */
  tau: v.optional(positive, 0.5),
  /** Contexts, and so actions, per step. */
  batch: v.optional(whole(2), 32),
  steps: v.optional(whole(1), 1000),
  learningRate: v.optional(positive, 1e-3),
  warmup: v.optional(whole(0), 50),
  weightDecay: v.optional(below(Infinity), 1e-4),
  /** Largest norm of the gradient. */
  clipNorm: v.optional(positive, 1),
  /** Share of each task's episodes that is never trained on. */
  heldOut: v.optional(below(1), 0.2),
  seed: v.optional(whole(), 0),
  /** Steps between lines of progress. */
  logEvery: v.optional(whole(1), 100),
  /** Steps between checkpoints. */
  saveEvery: v.optional(whole(1), 500),
});

/** Every setting of a run, with its value. */
export type EnergyTrainingConfig = v.InferOutput<typeof schema>;

/** Settings that differ from the defaults. */
export type EnergyTrainingOptions = v.InferInput<typeof schema>;

const problemsOf = (issues: readonly v.InferIssue<typeof schema>[]): string =>
  issues
    .map((issue) => {
      const name = v.getDotPath(issue);
      if (name === null) return issue.message;
      return issue.type === 'strict_object'
        ? `there is no setting '${name}'`
        : `${name} ${issue.message}`;
    })
    .join('; ');

/** The settings if they are all in range, and what is wrong with them if not. */
export function parseTrainingConfig(
  options: unknown,
): { readonly config: EnergyTrainingConfig } | { readonly problems: string } {
  const parsed = v.safeParse(schema, options, { abortPipeEarly: true });
  return parsed.success ? { config: parsed.output } : { problems: problemsOf(parsed.issues) };
}

/**
 * All settings: the given ones, and defaults for the rest.
 *
 * @throws `training-config` naming every setting that is out of range or unknown.
 */
export function energyTrainingConfig(options: EnergyTrainingOptions = {}): EnergyTrainingConfig {
  const parsed = parseTrainingConfig(options);
  if ('config' in parsed) return parsed.config;
  throw badConfig(parsed.problems);
}
