/** What a trained energy model is worth, measured on frames that it has not seen. */
import { setImmediate } from 'node:timers/promises';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random.ts';
import {
  type EnergyConfig,
  type EnergyParams,
  energy,
  infoNce,
  multiStepEnergyCorrection,
} from '../../models/energy/index.ts';
import { jit } from '../../transforms/index.ts';
import type { Frames } from './context.ts';
import { nothingHeldOut } from './errors.ts';

/** How the corrections of an evaluation are made. */
export interface EvaluationOptions {
  /** Contexts that compete for each action in retrieval. Default: 32. */
  readonly batch?: number;
  /** Batches that are looked at. Default: 16. */
  readonly batches?: number;
  readonly tau?: number;
  /** Standard deviation of the noise on expert actions, in normalised units. Default: 0.3. */
  readonly noise?: number;
  readonly numSteps?: number;
  readonly alpha?: number;
  readonly clipFrac?: number;
  readonly seed?: number;
}

/** Means over the evaluated frames, but for the lists. */
export interface Evaluation {
  /** Frames that were drawn; one can be drawn by several batches. */
  readonly frames: number;
  readonly loss: number;
  readonly ePos: number;
  readonly eNeg: number;
  /** Share of contexts whose own action has the lowest energy in its batch. */
  readonly retrieval: number;
  /** What retrieval would be by luck. */
  readonly chance: number;
  /** Energy of the expert's action, of the noisy one, and of the corrected one. */
  readonly energyExpert: number;
  readonly energyNoisy: number;
  readonly energyCorrected: number;
  /** Share of frames whose energy the correction lowered. */
  readonly lowered: number;
  /** Distance to the expert's chunk (root mean square per number), before and after. */
  readonly distanceNoisy: number;
  readonly distanceCorrected: number;
  /** Share of frames that the correction moved nearer to the expert. */
  readonly nearer: number;
  /** Mean cosine between the correction and the way back to the expert. */
  readonly cosine: number;
  /** [before, after] distance of every frame. */
  readonly distances: readonly (readonly [number, number])[];
}

/**
 * Evaluates on `batches` random batches of the frames.
 *
 * @throws `nothing-held-out` if there are no frames.
 */
export async function evaluateEnergyModel(
  params: EnergyParams,
  model: EnergyConfig,
  frames: Frames,
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  const { batch: wanted = 32, batches = 16, tau = 0.5, noise = 0.3, seed = 0 } = options;
  const { numSteps = 3, alpha = 0.1, clipFrac = 0.2 } = options;
  if (frames.count === 0) throw nothingHeldOut();
  const batch = Math.min(wanted, frames.count);
  const measure = jit((p: EnergyParams, key: Value) => {
    const keys = random.split(key, 2);
    const rows = random.permutation(keys.get(0), frames.count).get(np.slice(0, batch));
    const take = (x: Value): Value => np.take(x, rows, { axis: 0 });
    const [context, actions, padMask] = [
      take(frames.context),
      take(frames.actions),
      take(frames.padMask),
    ];
    const contrast = infoNce(p, model, context, actions, { padMask, tau });
    const noisy = actions.add(random.normal(keys.get(1), actions.shape).mul(noise));
    const corrected = multiStepEnergyCorrection(p, context, noisy, {
      config: model,
      padMask,
      numSteps,
      alpha,
      clipFrac,
    });
    const score = (a: Value): Value => energy(p, model, context, a, { padMask }).ravel();
    const distance = (a: Value): Value =>
      np.sqrt(np.mean(np.square(a.sub(actions)), { axis: [1, 2] }));
    const own = np.arange(batch);
    return {
      loss: contrast.loss,
      ePos: contrast.ePos,
      eNeg: contrast.eNeg,
      hit: np.argmin(contrast.energies, { axis: 1 }).equal(own).astype('float32'),
      expert: score(actions),
      noisy: score(noisy),
      corrected: score(corrected),
      before: distance(noisy),
      after: distance(corrected),
      cosine: cosine(corrected.sub(noisy), actions.sub(noisy)),
    };
  });
  const totals = new Map<string, number[]>();
  const note = (name: string, values: Iterable<number>): void => {
    totals.set(name, [...(totals.get(name) ?? []), ...values]);
  };
  const root = random.key(seed);
  for (let i = 0; i < batches; i++) {
    // Lets the process hear a signal: reading from the CPU does not give it the time.
    await setImmediate();
    const result = measure(params, random.foldIn(root, i));
    for (const [name, value] of Object.entries(result)) note(name, await value.data());
  }
  return summarise(totals, batch);
}

/** f32[batch]: the cosine between two chunks, taken as vectors. */
function cosine(a: Value, b: Value): Value {
  const dot = (x: Value, y: Value): Value => np.sum(x.mul(y), { axis: [1, 2] });
  return dot(a, b).div(np.sqrt(dot(a, a).mul(dot(b, b))).add(1e-12));
}

function summarise(totals: ReadonlyMap<string, readonly number[]>, batch: number): Evaluation {
  const all = (name: string): readonly number[] => totals.get(name) ?? [];
  const mean = (values: readonly number[]): number =>
    values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const share = (test: (i: number) => boolean): number =>
    mean(all('noisy').map((_, i) => (test(i) ? 1 : 0)));
  const at = (name: string, i: number): number => all(name)[i] ?? 0;
  return {
    frames: all('noisy').length,
    loss: mean(all('loss')),
    ePos: mean(all('ePos')),
    eNeg: mean(all('eNeg')),
    retrieval: mean(all('hit')),
    chance: 1 / batch,
    energyExpert: mean(all('expert')),
    energyNoisy: mean(all('noisy')),
    energyCorrected: mean(all('corrected')),
    lowered: share((i) => at('corrected', i) < at('noisy', i)),
    distanceNoisy: mean(all('before')),
    distanceCorrected: mean(all('after')),
    nearer: share((i) => at('after', i) < at('before', i)),
    cosine: mean(all('cosine')),
    distances: all('before').map((before, i) => [before, at('after', i)]),
  };
}
