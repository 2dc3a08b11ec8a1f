/** The energy around an expert's action, over two of its dimensions, with corrections drawn in. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import {
  type EnergyConfig,
  type EnergyParams,
  encodeContext,
  energyOfEncoded,
  oneStepEnergyCorrection,
} from '../../models/energy/index.ts';
import { jit, vmap } from '../../transforms/index.ts';
import type { LandscapeChart, Point } from '../report/chart-types.ts';
import type { Frames } from './context.ts';

/** What part of the landscape is drawn. */
export interface LandscapeOptions {
  /** The frame whose context and expert action are used. */
  readonly frame: number;
  /** The two action dimensions, and what they are called. */
  readonly dims: readonly [number, number];
  readonly names: readonly [string, string];
  /** Half the width of the picture, in normalised units, added to every step of the chunk. */
  readonly radius?: number;
  readonly size?: number;
  /** Where corrections start, as offsets from the expert. */
  readonly starts?: readonly Point[];
  readonly steps?: number;
  readonly alpha?: number;
  readonly clipFrac?: number;
}

/** Energies of the expert's chunk moved by (x, y) in two dimensions of every step. */
export async function energyLandscape(
  params: EnergyParams,
  model: EnergyConfig,
  frames: Frames,
  options: LandscapeOptions,
): Promise<LandscapeChart> {
  const { frame, dims, names, radius = 1.5, size = 41 } = options;
  const {
    starts = [
      [0.8, 0.6],
      [-0.9, 0.5],
      [0.3, -0.9],
    ],
    steps = 12,
    alpha = 0.1,
    clipFrac = 0.2,
  } = options;
  const row = (x: Value): Value => np.expandDims(x.get(frame), 0);
  const [context, expert, padMask] = [
    row(frames.context),
    row(frames.actions),
    row(frames.padMask),
  ];
  const [, , width = 1] = frames.actions.shape;
  const direction = (dim: number): Value => np.eye(width).get(dim);
  const [dx, dy] = [direction(dims[0]), direction(dims[1])];
  const moved = (x: Value, y: Value): Value => expert.add(dx.mul(x)).add(dy.mul(y));

  const axis = np.linspace(-radius, radius, size);
  const grid = jit((p: EnergyParams) => {
    const encoded = encodeContext(p, context, { padMask });
    const at = (x: Value, y: Value): Value =>
      energyOfEncoded(p, model, encoded, moved(x, y)).ravel().get(0);
    return vmap((y: Value) => vmap((x: Value) => at(x, y))(axis))(axis);
  })(params);
  const correct = jit((p: EnergyParams, action: Value) =>
    oneStepEnergyCorrection(p, context, action, { config: model, padMask, alpha, clipFrac }),
  );
  const offset = jit((action: Value) => {
    const mean = np.mean(action.sub(expert), { axis: [0, 1] });
    return np.stack([mean.get(dims[0]), mean.get(dims[1])]);
  });
  const paths = [];
  for (const [i, [x, y]] of starts.entries()) {
    let action = moved(np.array(x), np.array(y));
    const points: Point[] = [[x, y]];
    for (let step = 0; step < steps; step++) {
      action = correct(params, action);
      const [px = 0, py = 0] = await offset(action).data();
      points.push([px, py]);
    }
    paths.push({ name: `correction ${i + 1}`, points });
  }
  return {
    kind: 'landscape',
    energy: new Float32Array(await grid.data()),
    shape: [size, size],
    x: { range: [-radius, radius], label: `${names[0]} − expert (normalised)` },
    y: { range: [-radius, radius], label: `${names[1]} − expert (normalised)` },
    expert: [0, 0],
    paths,
  };
}
