/** Charts of numbers over steps and of distributions. */
import { showNumber } from '../metrics/number.ts';
import type { BeforeAfterChart, CurvesChart, HistogramChart } from './chart-types.ts';
import { areaKey, dotKey, lineKey, seriesColor } from './legend.ts';
import { type Drawing, squareHeight } from './plot.ts';

/** A chart as HTML: the legend and the `<svg>`, which is null where there is nothing to draw. */
export interface DrawnChart {
  readonly legend: string;
  readonly svg: string | null;
}

/** [least, greatest] of the finite values, or null if there are none. */
export function extent(values: Iterable<number>): readonly [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : null;
}

/** The interval a little wider, and never empty. */
export function padded([low, high]: readonly [number, number], share: number): [number, number] {
  const space = high > low ? (high - low) * share : Math.abs(low) * share || share;
  return [low - space, high + space];
}

/** A logarithmic axis: the interval, and at least from one power of ten to the next. */
function decades([low, high]: readonly [number, number]): [number, number] {
  const [down, up] = [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))];
  return high / low > 10 ? [low, high] : [down, up > down ? up : 10 * down];
}

/** 1, 2 and 5 of each power of ten, or the powers alone where that would be crowded. */
function decadeTicks([low, high]: readonly [number, number]): readonly number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const steps = last - first > 3 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return powers
    .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

const grid = { stroke: 'currentColor', strokeOpacity: 0.12 };

/** Lines over the steps, one per series. */
export function drawCurves(chart: CurvesChart, { plot, draw }: Drawing): DrawnChart {
  const { series, xLabel, yLabel, yScale = 'linear' } = chart;
  const isLog = yScale === 'log';
  // Plot itself makes gaps of what is not finite, but 0 and below would spoil a logarithmic domain.
  const gapped = (value: number): number => (isLog && value <= 0 ? NaN : value);
  const lines = series.map(({ name, steps, values }, index) => ({
    name,
    color: seriesColor(index),
    points: steps.map((step, i) => ({ step, value: gapped(values[i] ?? NaN) })),
  }));
  const legend = lines.map(({ color, name }) => lineKey(color, name)).join('');
  const range = extent(lines.flatMap(({ points }) => points.map(({ value }) => value)));
  if (range === null) return { legend, svg: null };
  const domain = isLog ? decades(range) : padded(range, 0.05);
  // Plot's own labels would be SI prefixes, and on a logarithmic scale there would be too many.
  const ticks = isLog ? decadeTicks(domain) : 6;
  const svg = draw(`${yLabel} over ${xLabel}`, {
    height: 300,
    x: { label: xLabel },
    y: { label: yLabel, type: yScale, domain },
    marks: [
      plot.gridY({ ...grid, ticks }),
      plot.axisX({ ticks: 6 }),
      plot.axisY({ ticks, tickFormat: (value: number) => showNumber(value) }),
      ...lines.map(({ color, points }) =>
        plot.lineY(points, { x: 'step', y: 'value', stroke: color, strokeWidth: 2 }),
      ),
    ],
  });
  return { legend, svg };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

const bins = 24;

interface Bar {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

/**
 * How many values lie in each of the bins between `low` and `high`; the last bin includes its end.
 */
function countBars(values: readonly number[], low: number, high: number): readonly Bar[] {
  const counts = new Uint32Array(bins);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const edge = (i: number): number => low + ((high - low) * i) / bins;
  return Array.from(counts, (count, i) => ({ left: edge(i), right: edge(i + 1), count })).filter(
    ({ count }) => count > 0,
  );
}

/** Overlaid histograms with common bins, each with a line at its median. */
export function drawHistogram(chart: HistogramChart, { plot, draw }: Drawing): DrawnChart {
  const groups = chart.groups.map(({ name, values }, index) => {
    const finite = values.filter(Number.isFinite);
    return { name, finite, middle: median(finite), color: seriesColor(index) };
  });
  const legend = groups
    .map(({ name, middle, color }) => areaKey(color, `${name} (median ${showNumber(middle, 3)})`))
    .join('');
  const range = extent(groups.flatMap(({ finite }) => finite));
  if (range === null) return { legend, svg: null };
  const [low, high] = range[0] === range[1] ? padded(range, 0.5) : range;
  const bars = groups.map(({ finite, color }) =>
    plot.rectY(countBars(finite, low, high), {
      x1: 'left',
      x2: 'right',
      y: 'count',
      fill: color,
      fillOpacity: 0.45,
      stroke: color,
      strokeOpacity: 0.8,
      inset: 0.5,
    }),
  );
  const medians = groups
    .filter(({ finite }) => finite.length > 0)
    .map(({ middle, color }) =>
      plot.ruleX([middle], { stroke: color, strokeWidth: 2, strokeDasharray: '5,3' }),
    );
  const svg = draw(`distribution of ${chart.xLabel}`, {
    height: 300,
    x: { label: chart.xLabel, domain: [low, high] },
    y: { label: chart.yLabel ?? 'count' },
    marks: [
      plot.gridY(grid),
      plot.axisX({ ticks: 6 }),
      plot.axisY({ ticks: 5 }),
      ...bars,
      ...medians,
      plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.5 }),
    ],
  });
  return { legend, svg };
}

/** A dot per sample around the line of no change: below it the value has become smaller. */
export function drawBeforeAfter(chart: BeforeAfterChart, { plot, draw }: Drawing): DrawnChart {
  const points = chart.points.filter((point) => point.every(Number.isFinite));
  const smaller = points.filter(([before, after]) => after < before);
  const rest = points.filter(([before, after]) => after >= before);
  const [down, up] = [seriesColor(2), seriesColor(1)];
  const legend = [
    dotKey(down, down, `smaller after (${smaller.length})`),
    dotKey('none', up, `not smaller (${rest.length})`),
    lineKey('var(--soft)', 'no change'),
  ].join('');
  const range = extent(points.flat());
  if (range === null) return { legend, svg: null };
  const domain = padded(range, 0.05);
  const [low, high] = domain;
  const ends = [
    [low, low],
    [high, high],
  ];
  const svg = draw(`${chart.yLabel} against ${chart.xLabel}`, {
    height: squareHeight,
    x: { label: chart.xLabel, domain },
    y: { label: chart.yLabel, domain },
    marks: [
      plot.gridX(grid),
      plot.gridY(grid),
      plot.axisX({ ticks: 6 }),
      plot.axisY({ ticks: 6 }),
      plot.line(ends, { stroke: 'var(--soft)', strokeDasharray: '5,4', strokeWidth: 1.5 }),
      plot.dot(rest, { r: 3.5, stroke: up, strokeWidth: 1.5 }),
      plot.dot(smaller, { r: 3.5, fill: down, fillOpacity: 0.65 }),
    ],
  });
  return { legend, svg };
}
