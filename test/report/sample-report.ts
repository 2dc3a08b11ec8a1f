/** A report with made-up numbers that look like those of a run. */
import type { Point } from '../../training/report/chart-types.ts';
import type { Report } from '../../training/report/report.ts';

/** Numbers in [0, 1) that look random and are always the same. */
function* noise(seed: number): Generator<number, never, void> {
  for (let state = seed; ; ) {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

const draws = noise(7);
const uniform = (): number => draws.next().value;
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

const steps = Array.from({ length: 100 }, (_, i) => i * 20);
const decay = (step: number): number => Math.exp(-step / 500);
const curve = (mean: (step: number) => number, spread: number): number[] =>
  steps.map((step) => mean(step) + spread * (0.2 + decay(step)) * normal());

const size = 61;
const expert: Point = [0.24, -0.1];

/** A valley around the expert's action with a second, shallower one. */
export function sampleEnergy(x: number, y: number): number {
  const near = Math.exp(-((x - expert[0]) ** 2 / 0.18 + (y - expert[1]) ** 2 / 0.1));
  const other = Math.exp(-((x + 0.6) ** 2 / 0.08 + (y - 0.55) ** 2 / 0.12));
  return 1.3 - 0.95 * near - 0.4 * other + 0.12 * x * y;
}

const axis = Array.from({ length: size }, (_, i) => -1 + (2 * i) / (size - 1));

/** f32[61, 61] over [-1, 1] × [-1, 1]. */
export const sampleGrid = Float32Array.from(
  axis.flatMap((y) => axis.map((x) => sampleEnergy(x, y))),
);

/** Gradient descent on the sample energy. */
function descend(start: Point, count: number): Point[] {
  const points = [start];
  for (let i = 0; i < count; i++) {
    const [x, y] = points.at(-1) ?? start;
    const [dx, dy] = [
      (sampleEnergy(x + 1e-4, y) - sampleEnergy(x - 1e-4, y)) / 2e-4,
      (sampleEnergy(x, y + 1e-4) - sampleEnergy(x, y - 1e-4)) / 2e-4,
    ];
    points.push([x - 0.06 * dx, y - 0.06 * dy]);
  }
  return points;
}

const before = Array.from({ length: 220 }, () => 0.1 + 0.5 * Math.abs(0.6 + 0.35 * normal()));
const after = before.map((distance) => distance * (0.62 + 0.2 * normal()) + 0.03);

/** Every kind of chart once. */
export const sampleReport: Report = {
  title: 'Energy correction on π0.5 & friends <sample>',
  subtitle: 'Made-up numbers: 2,000 steps of InfoNCE at τ = 0.5, batch 32, learning rate 5e-4.',
  summary: [
    { policy: 'flow', success: 0.62, 'distance to expert': 0.4012, 'ms per action': 41.2 },
    {
      policy: 'flow + 3 steps',
      success: 0.71,
      'distance to expert': 0.2741,
      'ms per action': 43.9,
    },
  ],
  sections: [
    {
      title: 'Loss',
      text: 'InfoNCE over the batch; chance level is ln 32 ≈ 3.47.',
      chart: {
        kind: 'curves',
        xLabel: 'step',
        yLabel: 'loss (nats)',
        series: [{ name: 'InfoNCE', steps, values: curve((s) => 0.6 + 2.9 * decay(s), 0.25) }],
      },
    },
    {
      title: 'Energy of true and swapped actions',
      text: 'E_pos should fall below E_neg.',
      chart: {
        kind: 'curves',
        xLabel: 'step',
        yLabel: 'energy',
        series: [
          { name: 'E_pos', steps, values: curve((s) => 0.55 + 0.4 * decay(s), 0.05) },
          { name: 'E_neg', steps, values: curve((s) => 1.25 - 0.3 * decay(s), 0.05) },
        ],
      },
    },
    {
      title: 'Energy landscape',
      text: 'Two dimensions of one action; the others are the expert’s.',
      chart: {
        kind: 'landscape',
        energy: sampleGrid,
        shape: [size, size],
        x: { range: [-1, 1], label: 'Δx (cm)' },
        y: { range: [-1, 1], label: 'Δy (cm)' },
        expert,
        paths: [
          { name: 'correction', points: descend([-0.2, 0.3], 6) },
          { name: 'correction', points: descend([0.72, -0.3], 6) },
        ],
      },
    },
    {
      title: 'Distance to the expert, sample by sample',
      chart: {
        kind: 'before-after',
        xLabel: 'before correction (rad)',
        yLabel: 'after correction (rad)',
        points: before.map((distance, i): Point => [distance, after[i] ?? NaN]),
      },
    },
    {
      title: 'Distance to the expert',
      chart: {
        kind: 'histogram',
        xLabel: 'distance (rad)',
        yLabel: 'samples',
        groups: [
          { name: 'before', values: before },
          { name: 'after', values: after },
        ],
      },
    },
    {
      title: 'Gradient norm',
      chart: {
        kind: 'curves',
        xLabel: 'step',
        yLabel: 'gradient norm',
        yScale: 'log',
        series: [
          {
            name: 'before clipping',
            steps,
            values: steps.map((s) => 10 ** (1.5 * decay(s) - 1 + 0.1 * normal())),
          },
        ],
      },
    },
  ],
};
