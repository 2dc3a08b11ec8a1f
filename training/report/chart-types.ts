/** What a chart of a report shows, as plain data. */
import type { Series } from '../metrics/history.ts';

/** A name for the legend, and its points; where a value is not finite the line has a gap. */
export interface NamedSeries extends Series {
  readonly name: string;
}

/** Measurements over the steps of a run. */
export interface CurvesChart {
  readonly kind: 'curves';
  readonly series: readonly NamedSeries[];
  /** Labels name the unit where there is one: 'distance (rad)'. */
  readonly xLabel: string;
  readonly yLabel: string;
  /** On a logarithmic scale values of 0 and below are gaps. Default: linear. */
  readonly yScale?: 'linear' | 'log';
}

/** A point [x, y]. */
export type Point = readonly [number, number];

/** One axis of a landscape. */
export interface LandscapeAxis {
  /** Where the first and the last sample lie. */
  readonly range: Point;
  readonly label: string;
}

/** The energy over two dimensions of an action, the others held fixed. */
export interface LandscapeChart {
  readonly kind: 'landscape';
  /** f32[ny, nx], row-major; row 0 lies at the start of the y range. */
  readonly energy: Float32Array;
  readonly shape: readonly [ny: number, nx: number];
  readonly x: LandscapeAxis;
  readonly y: LandscapeAxis;
  /** What the colours mean. Default: 'energy'. */
  readonly energyLabel?: string;
  /** What the demonstrator did. */
  readonly expert?: Point;
  /** Corrections, each from the policy's action to the corrected one. */
  readonly paths?: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

/** How values are distributed, group over group. */
export interface HistogramChart {
  readonly kind: 'histogram';
  readonly groups: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly xLabel: string;
  /** Default: 'count'. */
  readonly yLabel?: string;
}

/**
 * One point per sample: a measurement before, on x, and after, on y, with the line where nothing
 * has changed.
 */
export interface BeforeAfterChart {
  readonly kind: 'before-after';
  readonly points: readonly Point[];
  readonly xLabel: string;
  readonly yLabel: string;
}

/** Any chart of a report. */
export type Chart = CurvesChart | LandscapeChart | HistogramChart | BeforeAfterChart;
