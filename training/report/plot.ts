/** Observable Plot drawing into a document of its own, loaded when the first chart is made. */
import type * as Plot from '@observablehq/plot';

/** The plotting library, as its marks and options are named there. */
export type PlotLibrary = typeof Plot;

/** Draws marks and returns the text of an `<svg>` element. */
export interface Drawing {
  readonly plot: PlotLibrary;
  draw(label: string, options: Plot.PlotOptions): string;
}

/**
 * Every chart has this width in its own units; on screen it scales. Narrow, so that text stays
 * legible on a phone.
 */
export const chartWidth = 480;

const margins = { marginTop: 30, marginRight: 20, marginBottom: 46, marginLeft: 56 };

/** The height at which both axes have the same length. */
export const squareHeight =
  chartWidth - margins.marginLeft - margins.marginRight + margins.marginTop + margins.marginBottom;

/** A drawing surface. Loads about half a second worth of libraries the first time. */
export async function openDrawing(): Promise<Drawing> {
  const [plot, { parseHTML }] = await Promise.all([
    import('@observablehq/plot'),
    import('linkedom'),
  ]);
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const ids = new Map<string, string>();
  // Plot numbers its clip paths on through the life of the process; a page must not depend on the
  // pages before it.
  const ownId = (id: string): string => {
    ids.set(id, ids.get(id) ?? `clip-${ids.size + 1}`);
    return ids.get(id) ?? id;
  };
  const draw = (label: string, options: Plot.PlotOptions): string => {
    const svg = plot.plot({
      width: chartWidth,
      ...margins,
      style: { background: 'none', fontSize: '14px', fontFamily: 'inherit', overflow: 'visible' },
      ...options,
      document,
    });
    svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', label);
    return svg.outerHTML.replace(/plot-clip-\d+/g, ownId);
  };
  return { plot, draw };
}
