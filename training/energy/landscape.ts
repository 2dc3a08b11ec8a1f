/** The energy around an expert's action, over two of its dimensions, with corrections drawn in. */
import { setImmediate } from 'node:timers/promises';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import {
  correctOnce,
  type EncodedContext,
  type EnergyConfig,
  type EnergyParams,
  encodeContext,
  energyOfEncoded,
} from '../../models/energy/index.ts';
import { jit, vmap } from '../../transforms/index.ts';
import type { LandscapeChart, Point } from '../report/chart-types.ts';
import type { Frames } from './context.ts';

/** What part of the landscape is drawn. */
export interface LandscapeOptions {
  /** The frame whose context and expert action are used. */
  readonly frame: number;
  /** What the action dimensions are called. Default: `action 0`, `action 1`, … */
  readonly names?: readonly string[];
  /** The two action dimensions. Default: those in which the energy changes most. */
  readonly dims?: readonly [number, number];
  /** Half the width of the picture, in normalised units, added to every step of the chunk. */
  readonly radius?: number;
  readonly size?: number;
  /** Where corrections start, as offsets from the expert. */
  readonly starts?: readonly Point[];
  /** Correction steps of a path, and their size. Larger than in use, so that they can be seen. */
  readonly steps?: number;
  readonly alpha?: number;
  /** Steps from one point of a path to the next: dots at every step would hide it. */
  readonly every?: number;
  readonly clipFrac?: number;
}

/** How corrections are drawn if nothing else is asked for. */
export const drawnCorrection = { steps: 40, alpha: 2, every: 8 } as const;

const defaultStarts: readonly Point[] = [
  [1, 0.9],
  [-1.1, 0.8],
  [0.7, -1.1],
  [-0.9, -1],
];

/** One frame: its encoded context, the expert's chunk and what rates chunks that are moved from it. */
interface Place {
  readonly encoded: EncodedContext;
  /** f32[1, steps, actionDim]. */
  readonly expert: Value;
  /** f32[]: the energy of the expert's chunk, all steps moved by f32[actionDim]. */
  readonly energyAt: (params: EnergyParams, encoded: EncodedContext, offset: Value) => Value;
}

function placeOf(params: EnergyParams, model: EnergyConfig, frames: Frames, frame: number): Place {
  const row = (x: Value): Value => np.expandDims(x.get(frame), 0);
  const [context, expert, padMask] = [
    row(frames.context),
    row(frames.actions),
    row(frames.padMask),
  ];
  return {
    encoded: jit((p: EnergyParams) => encodeContext(p, context, { padMask }))(params),
    expert,
    energyAt: (p, encoded, offset) =>
      energyOfEncoded(p, model, encoded, expert.add(offset)).ravel().get(0),
  };
}

/** The two dimensions along which the energy changes most within the radius, in their order. */
async function steepestDims(
  params: EnergyParams,
  { encoded, expert, energyAt }: Place,
  radius: number,
): Promise<readonly [number, number]> {
  const width = expert.shape[2] ?? 1;
  const samples = 9;
  const profiles = jit((p: EnergyParams, seen: EncodedContext) => {
    const offsets = np.linspace(-radius, radius, samples);
    return vmap((direction: Value) =>
      vmap((offset: Value) => energyAt(p, seen, direction.mul(offset)))(offsets),
    )(np.eye(width));
  })(params, encoded);
  const energies = await profiles.data();
  const ranges = Array.from({ length: width }, (_, dim) => {
    const profile = energies.slice(dim * samples, (dim + 1) * samples);
    return { dim, range: Math.max(...profile) - Math.min(...profile) };
  });
  const [first, second] = ranges.sort((a, b) => b.range - a.range);
  const [a, b] = [first?.dim ?? 0, second?.dim ?? 0];
  return [Math.min(a, b), Math.max(a, b)];
}

/** Energies of the expert's chunk moved by (x, y) in two dimensions of every step. */
export async function energyLandscape(
  params: EnergyParams,
  model: EnergyConfig,
  frames: Frames,
  options: LandscapeOptions,
): Promise<LandscapeChart> {
  const { frame, names = [], radius = 1.5, size = 41 } = options;
  const place = placeOf(params, model, frames, frame);
  const dims = options.dims ?? (await steepestDims(params, place, radius));
  const width = place.expert.shape[2] ?? 1;
  const [dx, dy] = [np.eye(width).get(dims[0]), np.eye(width).get(dims[1])];
  const grid = jit((p: EnergyParams, seen: EncodedContext) => {
    const axis = np.linspace(-radius, radius, size);
    const at = (x: Value, y: Value): Value => place.energyAt(p, seen, dx.mul(x).add(dy.mul(y)));
    return vmap((y: Value) => vmap((x: Value) => at(x, y))(axis))(axis);
  })(params, place.encoded);
  const label = (dim: number): string => `${names[dim] ?? `action ${dim}`} − expert (normalised)`;
  return {
    kind: 'landscape',
    energy: new Float32Array(await grid.data()),
    shape: [size, size],
    x: { range: [-radius, radius], label: label(dims[0]) },
    y: { range: [-radius, radius], label: label(dims[1]) },
    expert: [0, 0],
    paths: await correctionPaths(params, model, place, dims, options),
  };
}

/**
 * The ways of corrections from each start, in all dimensions of the chunk; of every point the mean over
 * the chunk is shown, in the two dimensions of the picture.
 */
async function correctionPaths(
  params: EnergyParams,
  model: EnergyConfig,
  { encoded, expert }: Place,
  [x, y]: readonly [number, number],
  options: LandscapeOptions,
): Promise<{ readonly name: string; readonly points: readonly Point[] }[]> {
  const { starts = defaultStarts, clipFrac = 0.2 } = options;
  const { steps, alpha, every } = { ...drawnCorrection, ...options };
  const width = expert.shape[2] ?? 1;
  const offsets = new Float32Array(starts.length * width);
  starts.forEach((start, i) => {
    offsets[i * width + x] = start[0];
    offsets[i * width + y] = start[1];
  });
  const correct = jit((p: EnergyParams, seen: EncodedContext, actions: Value) => {
    // Every path is a batch row of its own, in front of the same context.
    const one = (action: Value): Value =>
      correctOnce(p, seen, np.expandDims(action, 0), { alpha, clipFrac, config: model }).get(0);
    const next = vmap(one)(actions);
    return { next, offset: np.mean(next.sub(expert), { axis: 1 }) };
  });
  const ways = starts.map((start): Point[] => [start]);
  let actions = expert.add(np.array(offsets).reshape([starts.length, 1, width]));
  for (let step = 1; step <= steps; step++) {
    const { next, offset } = correct(params, encoded, actions);
    actions = next;
    if (step % every !== 0 && step < steps) continue;
    const means = await offset.data();
    ways.forEach((points, i) => {
      points.push([means[i * width + x] ?? NaN, means[i * width + y] ?? NaN]);
    });
    // Lets the process hear a signal: reading from the CPU does not give it the time.
    await setImmediate();
  }
  return ways.map((points) => ({ name: 'corrections', points }));
}
