/** Action chunks: the next actions from every control step, as a policy predicts them. */
import { horizonOutOfRange } from './errors.ts';
import type { Episode } from './types.ts';

/** Chunks of one episode, with a mask of what lies beyond its end. */
export interface ActionChunks {
  readonly horizon: number;
  /** f32[length, horizon, actionDim]; beyond the end the last action is repeated. */
  readonly chunks: Float32Array;
  /** u8[length, horizon]; 1 where the action is such a repetition. */
  readonly isPad: Uint8Array;
}

/**
 * The `horizon` actions from each control step on.
 *
 * @throws `chunk-horizon-range`.
 * @see LeRobot's `delta_timestamps`, which clamps to the episode in the same way.
 */
export function actionChunks(
  { actions, actionDim, length }: Pick<Episode, 'actions' | 'actionDim' | 'length'>,
  horizon: number,
): ActionChunks {
  if (!Number.isInteger(horizon) || horizon < 1) throw horizonOutOfRange(horizon);
  const chunks = new Float32Array(length * horizon * actionDim);
  const isPad = new Uint8Array(length * horizon);
  for (let t = 0; t < length; t++) {
    for (let h = 0; h < horizon; h++) {
      const from = Math.min(t + h, length - 1) * actionDim;
      chunks.set(actions.subarray(from, from + actionDim), (t * horizon + h) * actionDim);
      isPad[t * horizon + h] = t + h >= length ? 1 : 0;
    }
  }
  return { horizon, chunks, isPad };
}
