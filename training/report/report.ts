/** The closing report of a run: one HTML file that opens anywhere, offline. */
import { writeTextAtomically } from '../checkpoint/atomic-file.ts';
import type { TableRow } from '../metrics/table.ts';
import type { Chart } from './chart-types.ts';
import { type DrawnChart, drawBeforeAfter, drawCurves, drawHistogram } from './charts.ts';
import { escapeHtml, htmlPage, htmlTable } from './html.ts';
import { drawLandscape } from './landscape.ts';
import { type Drawing, openDrawing } from './plot.ts';

/** A part of a report: any of a paragraph, a chart and a table under a heading. */
export interface ReportSection {
  readonly title: string;
  readonly text?: string;
  readonly chart?: Chart;
  readonly table?: readonly TableRow[];
}

/** What a report says. */
export interface Report {
  readonly title: string;
  /** One sentence under the title: what was run, when, on what. */
  readonly subtitle?: string;
  /** The figures that matter most, as a table at the top. */
  readonly summary?: readonly TableRow[];
  readonly sections: readonly ReportSection[];
}

function drawChart(chart: Chart, drawing: Drawing): DrawnChart {
  switch (chart.kind) {
    case 'curves':
      return drawCurves(chart, drawing);
    case 'landscape':
      return drawLandscape(chart, drawing);
    case 'histogram':
      return drawHistogram(chart, drawing);
    case 'before-after':
      return drawBeforeAfter(chart, drawing);
  }
}

function figure(chart: Chart, drawing: Drawing): string {
  const { legend, svg } = drawChart(chart, drawing);
  const caption = legend === '' ? '' : `<figcaption>${legend}</figcaption>`;
  const body = svg ?? '<p class="empty">No finite values to show.</p>';
  return `<figure>${caption}${body}</figure>`;
}

function section({ title, text, chart, table }: ReportSection, drawing: Drawing): string {
  return [
    '<section class="card">',
    `<h2>${escapeHtml(title)}</h2>`,
    text === undefined ? '' : `<p>${escapeHtml(text)}</p>`,
    chart === undefined ? '' : figure(chart, drawing),
    table === undefined ? '' : htmlTable(table),
    '</section>',
  ].join('\n');
}

/**
 * The report as an HTML page with its charts inside, which loads nothing from anywhere.
 *
 * @example
 * const html = await renderReport({
 *   title: 'Energy model',
 *   summary: [{ policy: 'flow', success: 0.62 }, { policy: 'flow + correction', success: 0.71 }],
 *   sections: [{
 *     title: 'Loss',
 *     chart: {
 *       kind: 'curves',
 *       xLabel: 'step',
 *       yLabel: 'loss (nats)',
 *       series: [{ name: 'loss', ...run.series('loss') }],
 *     },
 *   }],
 * });
 */
export async function renderReport({
  title,
  subtitle,
  summary = [],
  sections,
}: Report): Promise<string> {
  const drawing = await openDrawing();
  const head = [
    '<header>',
    `<h1>${escapeHtml(title)}</h1>`,
    subtitle === undefined ? '' : `<p>${escapeHtml(subtitle)}</p>`,
    '</header>',
  ];
  const overview = htmlTable(summary);
  const cards = sections.map((part) => section(part, drawing));
  return htmlPage(
    title,
    [
      ...head,
      overview === '' ? '' : `<section class="card summary">${overview}</section>`,
      `<div class="cards">\n${cards.join('\n')}\n</div>`,
    ].join('\n'),
  );
}

/**
 * Writes the report to `path`, where a file is replaced only when the new one is whole. Node only.
 */
export const writeReport = async (path: string, report: Report): Promise<void> =>
  writeTextAtomically(path, await renderReport(report));
