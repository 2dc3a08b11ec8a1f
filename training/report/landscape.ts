/** The energy over two action dimensions, with the expert and the way that a correction took. */
import { showNumber } from '../metrics/number.ts';
import type { LandscapeAxis, LandscapeChart, Point } from './chart-types.ts';
import { type DrawnChart, extent } from './charts.ts';
import { landscapeSizeMismatch } from './errors.ts';
import { dotKey, lineKey, rampKey, starKey } from './legend.ts';
import { type Drawing, squareHeight } from './plot.ts';

// Dark where the energy is low, so that a valley looks like one; the same in light and dark pages,
// as marks on it are.
const ramp = ['#10315c', '#1c5a86', '#2b86a0', '#5bb3ac', '#a3d7bd', '#e4f3d3'] as const;
const pathColor = '#e8470c';
const starColor = '#ffd43b';
const ink = '#1c2430';
const levels = 14;

const channels = (hex: string): readonly number[] =>
  [1, 3, 5].map((start) => Number.parseInt(hex.slice(start, start + 2), 16));

/** The ramp's colour at a position from 0 to 1. */
function rampColor(position: number): string {
  const place = Math.min(1, Math.max(0, position)) * (ramp.length - 1);
  const index = Math.min(Math.floor(place), ramp.length - 2);
  const [low, high] = [channels(ramp[index] ?? ink), channels(ramp[index + 1] ?? ink)];
  const mixed = low.map((value, i) =>
    Math.round(value + ((high[i] ?? 0) - value) * (place - index)),
  );
  return `rgb(${mixed.join(',')})`;
}

/**
 * Samples lie at the ends of the range, but the contours are made for samples in the middle of
 * cells.
 */
function cellEdges({ range: [low, high] }: LandscapeAxis, samples: number): Point {
  const half = (high - low) / (samples - 1) / 2;
  return [low - half, high + half];
}

function drawPath(points: readonly Point[], { plot }: Drawing) {
  const finite = points.filter((point) => point.every(Number.isFinite));
  const white = { stroke: '#ffffff', strokeWidth: 5, strokeLinecap: 'round' } as const;
  const colored = { stroke: pathColor, strokeWidth: 2.5, strokeLinecap: 'round' } as const;
  return [
    plot.line(finite, white),
    plot.line(finite, colored),
    plot.dot(finite.slice(1, -1), { r: 3, fill: pathColor, stroke: '#ffffff' }),
    plot.dot(finite.slice(0, 1), { r: 5.5, fill: '#ffffff', stroke: pathColor, strokeWidth: 2.5 }),
    plot.dot(finite.slice(-1), { r: 5, fill: pathColor, stroke: '#ffffff', strokeWidth: 1.5 }),
  ];
}

function landscapeLegend(chart: LandscapeChart, [low, high]: readonly [number, number]): string {
  const { energyLabel = 'energy', expert, paths = [] } = chart;
  const colors = Array.from({ length: 7 }, (_, i) => rampColor(i / 6));
  const keys = [rampKey(colors, showNumber(low, 3), showNumber(high, 3), energyLabel)];
  if (expert !== undefined) keys.push(starKey(starColor, ink, 'expert'));
  if (paths.length > 0) {
    const names = [...new Set(paths.map(({ name }) => name))];
    keys.push(lineKey(pathColor, names.join(', ')));
    keys.push(dotKey('#ffffff', pathColor, 'start'), dotKey(pathColor, pathColor, 'end'));
  }
  return keys.join('');
}

/**
 * Filled contours of the energy with the expert's action and the corrections drawn over them.
 *
 * @throws `landscape-size-mismatch` if the energies do not form the grid.
 */
export function drawLandscape(chart: LandscapeChart, drawing: Drawing): DrawnChart {
  const { energy, x, y, expert, paths = [] } = chart;
  const [ny, nx] = chart.shape;
  if (nx < 2 || ny < 2 || energy.length !== ny * nx) {
    throw landscapeSizeMismatch(chart.shape, energy.length);
  }
  const range = extent(energy);
  if (range === null) return { legend: '', svg: null };
  const [low, high] = range;
  const { plot, draw } = drawing;
  const [x1, x2] = cellEdges(x, nx);
  const [y1, y2] = cellEdges(y, ny);
  const thresholds = Array.from({ length: levels }, (_, i) => low + ((high - low) * i) / levels);
  const svg = draw(`${chart.energyLabel ?? 'energy'} over ${x.label} and ${y.label}`, {
    height: squareHeight,
    x: { label: x.label, domain: [...x.range] },
    y: { label: y.label, domain: [...y.range] },
    color: {
      type: 'linear',
      domain: [low, high > low ? high : low + 1],
      interpolate: (t: number) => rampColor(t),
    },
    marks: [
      plot.contour(energy, {
        width: nx,
        height: ny,
        x1,
        x2,
        y1,
        y2,
        fill: plot.identity,
        thresholds: low < high ? thresholds : [low],
        stroke: '#ffffff',
        strokeOpacity: 0.35,
        strokeWidth: 0.75,
        clip: true,
      }),
      plot.axisX({ ticks: 6 }),
      plot.axisY({ ticks: 6 }),
      ...(expert === undefined
        ? []
        : [
            plot.dot([expert], {
              symbol: 'star',
              r: 11,
              fill: starColor,
              stroke: ink,
              strokeWidth: 1.2,
            }),
          ]),
      // Over the star, so that the end of a correction that arrives is seen on it.
      ...paths.flatMap(({ points }) => drawPath(points, drawing)),
    ],
  });
  return { legend: landscapeLegend(chart, range), svg };
}
