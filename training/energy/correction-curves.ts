/** What corrections do to noisy actions, step by step. */
import { setImmediate } from 'node:timers/promises';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import * as random from '../../core/random.ts';
import {
  correctOnce,
  type EncodedContext,
  type EnergyConfig,
  type EnergyParams,
  encodeContext,
  energyOfEncoded,
} from '../../models/energy/index.ts';
import { jit } from '../../transforms/index.ts';
import type { Series } from '../metrics/history.ts';
import type { Frames } from './context.ts';

/** How the corrections are made. */
export interface CorrectionCurvesOptions {
  /** Step sizes to compare. Default: 0.1, 0.3 and 1. */
  readonly alphas?: readonly number[];
  /** Correction steps in a row. Default: 20. */
  readonly steps?: number;
  /** Frames that the means are over, at most. Default: 256. */
  readonly frames?: number;
  /** Standard deviation of the noise on expert actions, in normalised units. Default: 0.3. */
  readonly noise?: number;
  readonly clipFrac?: number;
  readonly seed?: number;
}

/** Means over the frames after 0, 1, 2, … correction steps of size `alpha`. */
export interface CorrectionCurve {
  readonly alpha: number;
  readonly energy: Series;
  /** To the expert's chunk: root mean square per number. */
  readonly distance: Series;
}

/** One curve for each step size, all from the same noisy actions. */
export async function correctionCurves(
  params: EnergyParams,
  model: EnergyConfig,
  frames: Frames,
  options: CorrectionCurvesOptions = {},
): Promise<CorrectionCurve[]> {
  const { alphas = [0.1, 0.3, 1], steps = 20, noise = 0.3, clipFrac = 0.2, seed = 0 } = options;
  const count = Math.min(options.frames ?? 256, frames.count);
  const [rowKey, noiseKey] = [random.key(seed), random.key(seed + 1)];
  const rows = random.permutation(rowKey, frames.count).get(np.slice(0, count));
  const take = (x: Value): Value => np.take(x, rows, { axis: 0 });
  const [context, padMask, expert] = [
    take(frames.context),
    take(frames.padMask),
    take(frames.actions),
  ];
  const encoded = jit((p: EnergyParams) => encodeContext(p, context, { padMask }))(params);
  const noisy = expert.add(random.normal(noiseKey, expert.shape).mul(noise));
  const look = jit((p: EnergyParams, seen: EncodedContext, actions: Value, alpha: Value) => ({
    energy: np.mean(energyOfEncoded(p, model, seen, actions)),
    distance: np.mean(np.sqrt(np.mean(np.square(actions.sub(expert)), { axis: [1, 2] }))),
    next: correctOnce(p, seen, actions, { alpha, clipFrac, config: model }),
  }));
  const curves: CorrectionCurve[] = [];
  for (const alpha of alphas) {
    const [energies, distances]: [number[], number[]] = [[], []];
    let actions: Value = noisy;
    for (let step = 0; step <= steps; step++) {
      const { energy, distance, next } = look(params, encoded, actions, np.array(alpha));
      energies.push(Number(await energy.item()));
      distances.push(Number(await distance.item()));
      actions = next;
      // Lets the process hear a signal: reading from the CPU does not give it the time.
      await setImmediate();
    }
    const series = (values: readonly number[]): Series => ({
      steps: values.map((_, i) => i),
      values,
    });
    curves.push({ alpha, energy: series(energies), distance: series(distances) });
  }
  return curves;
}
