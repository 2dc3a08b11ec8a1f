/** What a training run of the energy model is told. */
import * as v from 'valibot';
import { badConfig } from './errors.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const schema = v.strictObject({
  /** Actions per chunk. */
  horizon: v.optional(count, 8),
  /** Steps between the states of the history that the context shows. */
  history: v.optional(count, 4),
  /** Pixels along each side of an image patch. */
  patch: v.optional(count, 12),
  /** Width of a context token. */
  contextDim: v.optional(count, 64),
  hidden: v.optional(count, 64),
  heads: v.optional(count, 4),
  layers: v.optional(count, 1),
  dropoutRate: v.optional(share, 0.2),
  /** Temperature τ of the contrastive loss. */
  tau: v.optional(v.pipe(v.number(), v.gtValue(0)), 0.5),
  /** Contexts, and so actions, per step. */
  batch: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2)), 32),
  steps: v.optional(count, 1000),
  learningRate: v.optional(v.pipe(v.number(), v.gtValue(0)), 1e-3),
  warmup: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 50),
  weightDecay: v.optional(v.pipe(v.number(), v.minValue(0)), 1e-4),
  /** Largest norm of the gradient. */
  clipNorm: v.optional(v.pipe(v.number(), v.gtValue(0)), 1),
  /** Share of each task's episodes that is never trained on. */
  heldOut: v.optional(share, 0.2),
  seed: v.optional(v.pipe(v.number(), v.integer()), 0),
  /** Steps between lines of progress, and between looks at the loss. */
  logEvery: v.optional(count, 100),
  /** Steps between checkpoints. */
  saveEvery: v.optional(count, 500),
});

/** Every setting of a run, with its value. */
export type EnergyTrainingConfig = v.InferOutput<typeof schema>;

/** Settings that differ from the defaults. */
export type EnergyTrainingOptions = v.InferInput<typeof schema>;

/**
 * All settings: the given ones, and defaults for the rest.
 *
 * @throws `training-config` naming every setting that is out of range or unknown.
 */
export function energyTrainingConfig(options: EnergyTrainingOptions = {}): EnergyTrainingConfig {
  const parsed = v.safeParse(schema, options);
  if (parsed.success) return parsed.output;
  throw badConfig(
    parsed.issues.map((issue) => `${v.getDotPath(issue) ?? 'config'}: ${issue.message}`).join('; '),
  );
}
