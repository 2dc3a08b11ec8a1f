/** Correction of proposed actions: steps down the energy's slope, each of limited length. */
import { atCaller } from '../../core/base/call-site.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { dims } from '../../nn/dims.ts';
import { grad } from '../../transforms/grad.ts';
import type { EnergyForm, EnergyParams } from './config.ts';
import { badCorrection } from './errors.ts';
import { type ContextOptions, encodeContext, energyOfEncoded } from './model.ts';
import type { EncodedContext } from './variants/index.ts';

/** How far and where a correction moves. */
export interface CorrectionStep {
  /** Step length α: 0.05 to 0.1 is conservative, above 0.2 aggressive. Default 0.1. */
  readonly alpha?: number | Value | undefined;
  /** A step is at most this share of its row's action norm. Default 0.2. */
  readonly clipFrac?: number | Value | undefined;
  /** Whether only step 0 of the chunk moves. Default false. */
  readonly correctFirstOnly?: boolean | undefined;
}

/** Options of {@link oneStepEnergyCorrection}. */
export interface CorrectionOptions extends ContextOptions, CorrectionStep {
  /** How the model pools. Default: the mean over the chunk. Dropout is never on. */
  readonly config?: Pick<EnergyForm, 'pool'> | undefined;
}

/** Options of {@link multiStepEnergyCorrection}. */
export interface MultiStepOptions extends CorrectionOptions {
  /** Default 5. */
  readonly numSteps?: number | undefined;
}

const normFloor = 1e-6;

/** The norm of each batch row, f32[batch, 1, 1]; where it is 0, so is its derivative. */
function rowNorms(x: Value): Value {
  const squares = np.sum(np.square(x), { axis: [1, 2], keepdims: true });
  const isZero = np.equal(squares, 0);
  return np.where(isZero, 0, np.sqrt(np.where(isZero, 1, squares)));
}

/** x on the first step of each chunk, zeros on the others. */
function firstStepOnly(x: Value): Value {
  const isFirst = np.equal(np.arange(x.shape[1] ?? 0, { dtype: 'int32' }), 0);
  return np.where(np.expandDims(isFirst, 1), x, 0);
}

/**
 * One step of the correction, for a context that was encoded before.
 *
 * @param actions - f32[batch, steps, energyActDim].
 * @returns f32[batch, steps, energyActDim].
 */
export function correctOnce(
  params: EnergyParams,
  encoded: EncodedContext,
  actions: Value,
  { alpha = 0.1, clipFrac = 0.2, correctFirstOnly = false, config }: CorrectionOptions = {},
): Value {
  const form: EnergyForm = { pool: config?.pool ?? 'mean', dropoutRate: 0 };
  const total = (a: Value): Value => np.sum(energyOfEncoded(params, form, encoded, a));
  const slope = grad(total)(actions);
  const step = np.multiply(correctFirstOnly ? firstStepOnly(slope) : slope, alpha);
  const limit = np.multiply(np.add(rowNorms(actions), normFloor), clipFrac);
  const share = np.minimum(np.divide(limit, np.add(rowNorms(step), normFloor)), 1);
  return np.subtract(actions, np.multiply(share, step));
}

/**
 * The actions moved once down the energy's slope: a − coef · α · ∇E, where coef keeps the step below
 * `clipFrac` of the norm of the actions, row by row.
 *
 * Works under `jit`, `vmap` and `grad`; a loss after a correction has second derivatives of the energy.
 *
 * @param context - f32[batch, tokens, contextDim].
 * @param actions - f32[batch, steps, energyActDim].
 * @param options.padMask - bool[batch, tokens]; true is padding.
 * @returns f32[batch, steps, energyActDim].
 * @throws As `energy`.
 */
export const oneStepEnergyCorrection = (
  params: EnergyParams,
  context: Value,
  actions: Value,
  options: CorrectionOptions = {},
): Value => multiStepEnergyCorrection(params, context, actions, { ...options, numSteps: 1 });

/**
 * {@link oneStepEnergyCorrection} repeated `numSteps` times; the context is encoded once. Zero steps return
 * the actions as they are.
 *
 * @returns f32[batch, steps, energyActDim].
 * @throws As `energy`; `energy-correction-option` if `numSteps` is not a whole number from 0 up.
 * @example
 * const better = multiStepEnergyCorrection(params, context, proposed, { padMask, numSteps: 3 });
 */
export function multiStepEnergyCorrection(
  params: EnergyParams,
  context: Value,
  actions: Value,
  { numSteps = 5, padMask, ...options }: MultiStepOptions = {},
): Value {
  if (!Number.isInteger(numSteps) || numSteps < 0) {
    throw badCorrection('numSteps', numSteps, 'a whole number from 0 up');
  }
  dims('energy correction', {
    context: [context, 'batch tokens contextDim'],
    actions: [actions, 'batch steps energyActDim'],
    padMask: [padMask, 'batch tokens'],
  });
  if (numSteps === 0) return actions;
  return atCaller(() => {
    const encoded = encodeContext(params, context, { padMask });
    let corrected = actions;
    for (let step = 0; step < numSteps; step++) {
      corrected = correctOnce(params, encoded, corrected, options);
    }
    return corrected;
  });
}
