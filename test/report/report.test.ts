/** The HTML report: what is in it, and what bad numbers do to it. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError, errorCatalogue } from '../../core/base/errors.ts';
import type { Chart, CurvesChart, LandscapeChart } from '../../training/report/chart-types.ts';
import { renderReport, writeReport } from '../../training/report/report.ts';
import { sampleReport } from './sample-report.ts';

const test = suite('report');

/** The figure of a report that has this one chart. */
async function figureOf(chart: Chart) {
  const html = await renderReport({ title: 't', sections: [{ title: 's', chart }] });
  const figure = parseHTML(html).document.querySelector('figure');
  if (figure === null) throw new Error('the report has no figure');
  return figure;
}

/** The attributes of these elements, in order. */
const attributes = (root: Element, selector: string, name: string): string[] =>
  [...root.querySelectorAll(selector)].map((element) => element.getAttribute(name) ?? '');

const curves = (...values: number[]): CurvesChart => ({
  kind: 'curves',
  xLabel: 'step',
  yLabel: 'loss (nats)',
  series: [{ name: 'train', steps: values.map((_, i) => i), values }],
});

const linePath = async (chart: CurvesChart): Promise<string> =>
  attributes(await figureOf(chart), 'g[aria-label="line"] path', 'd').join(' ');

const html = await renderReport(sampleReport);
const { document } = parseHTML(html);

test('every section has its chart, with a name for those who cannot see it', () => {
  const svgs = [...document.querySelectorAll('figure > svg')];
  assert.is(svgs.length, 6);
  for (const svg of svgs) {
    assert.is(svg.getAttribute('xmlns'), 'http://www.w3.org/2000/svg');
    assert.is(svg.getAttribute('role'), 'img');
    assert.match(svg.getAttribute('viewBox') ?? '', /^0 0 480 \d+$/);
  }
  assert.is(svgs[0]?.getAttribute('aria-label'), 'loss (nats) over step');
  assert.equal(
    [...document.querySelectorAll('h2')].map((h) => h.textContent),
    sampleReport.sections.map(({ title }) => title),
  );
});

test('axes carry their labels and units, legends their names', () => {
  const figures = [...document.querySelectorAll('figure')].map((figure) => figure.textContent);
  const expected = [
    ['loss (nats)', 'step', 'InfoNCE'],
    ['energy', 'step', 'E_pos', 'E_neg'],
    ['Δx (cm)', 'Δy (cm)', 'expert', 'correction', 'start', 'end', 'energy: '],
    ['before correction (rad)', 'after correction (rad)', 'smaller after', 'no change'],
    ['distance (rad)', 'samples', 'before (median 0.4', 'after (median 0.2'],
    ['gradient norm', 'before clipping'],
  ];
  for (const [i, labels] of expected.entries()) {
    for (const label of labels) assert.ok(figures[i]?.includes(label), `figure ${i}: ${label}`);
  }
});

test('each series is one line, and each correction one line over a white one', () => {
  const lines = [...document.querySelectorAll('figure')].map(
    (figure) => figure.querySelectorAll('g[aria-label="line"] path').length,
  );
  assert.equal(lines, [1, 2, 4, 1, 0, 1]);
});

test('no number in the page came out as NaN or infinite', () => {
  const drawn = html.replace(/<(h1|h2|p|td|title)[^>]*>[^<]*/g, '');
  assert.not.match(drawn, /NaN|Infinity|undefined/);
});

test('the page loads nothing from anywhere', () => {
  const rest = html.replaceAll('http://www.w3.org/2000/svg', '');
  assert.not.match(rest, /https?:|\/\/|\bsrc=|\bhref="[^#]|@import|url\((?!#)|<script|<link/);
});

test('text is shown as it is, never taken for markup', () => {
  assert.is(document.querySelector('h1')?.textContent, sampleReport.title);
  assert.is(document.querySelector('title')?.textContent, sampleReport.title);
  assert.is(document.querySelectorAll('sample').length, 0);
});

test('the summary is a table with numbers to the right', () => {
  const cells = [...document.querySelectorAll('.summary tbody tr')].map((row) =>
    [...row.querySelectorAll('td')].map((cell) => cell.textContent),
  );
  assert.equal(cells[0], ['flow', '0.62', '0.4012', '41.2']);
  assert.is(document.querySelectorAll('.summary tbody td.number').length, 6);
});

test('a value that is not finite is a gap in its line', async () => {
  const pieces = async (...values: number[]): Promise<number> =>
    (await linePath(curves(...values))).split('M').length - 1;
  assert.is(await pieces(1, 2, 3, 2, 1), 1);
  assert.is(await pieces(1, 2, NaN, 2, 1), 2);
  assert.is(await pieces(1, 2, Infinity, 2, 1, -Infinity, 3), 3);
  assert.not.match(await linePath(curves(1, 2, NaN, Infinity, 1)), /NaN|Infinity/);
});

test('zero and below are gaps on a logarithmic scale', async () => {
  const path = await linePath({ ...curves(1, 0.1, 0, 0.1, -1, 10), yScale: 'log' });
  assert.is(path.split('M').length - 1, 3);
  assert.not.match(path, /NaN|Infinity/);
});

test('a chart without a finite value says so', async () => {
  const energy = new Float32Array(4).fill(NaN);
  const axis = { range: [0, 1], label: 'x' } as const;
  const charts: Chart[] = [
    curves(NaN, NaN),
    curves(),
    { ...curves(0, -1), yScale: 'log' },
    { kind: 'landscape', energy, shape: [2, 2], x: axis, y: axis },
    { kind: 'histogram', xLabel: 'x', groups: [{ name: 'a', values: [NaN] }] },
    { kind: 'before-after', xLabel: 'x', yLabel: 'y', points: [[NaN, 1]] },
  ];
  for (const chart of charts) {
    const figure = await figureOf(chart);
    assert.is(figure.querySelector('.empty')?.textContent, 'No finite values to show.');
  }
});

test('constant values still make a chart', async () => {
  const axis = { range: [0, 1], label: 'x' } as const;
  const flat = new Float32Array(9).fill(2);
  const charts: Chart[] = [
    curves(0, 0, 0),
    curves(5),
    { ...curves(3, 3), yScale: 'log' },
    { kind: 'landscape', energy: flat, shape: [3, 3], x: axis, y: axis },
    { kind: 'histogram', xLabel: 'x', groups: [{ name: 'a', values: [1, 1] }] },
    { kind: 'before-after', xLabel: 'x', yLabel: 'y', points: [[1, 1]] },
  ];
  for (const chart of charts) {
    const figure = await figureOf(chart);
    assert.is(figure.querySelectorAll('svg[role="img"]').length, 1);
    assert.not.match(figure.outerHTML, /NaN|Infinity/);
  }
});

/** A landscape whose energy is x, 5 × 5 over [-1, 1] × [0, 4]. */
const slope: LandscapeChart = {
  kind: 'landscape',
  energy: Float32Array.from({ length: 25 }, (_, i) => (i % 5) / 2 - 1),
  shape: [5, 5],
  x: { range: [-1, 1], label: 'x' },
  y: { range: [0, 4], label: 'y' },
  expert: [0, 1],
  paths: [
    {
      name: 'correction',
      points: [
        [1, 4],
        [NaN, 3],
        [0.5, 2],
        [-1, 0],
      ],
    },
  ],
};

const xPixel = (x: number): number => 56 + ((x + 1) / 2) * (480 - 56 - 20);

test('contours lie where the energy has their value', async () => {
  const figure = await figureOf(slope);
  const contours = attributes(figure, 'g[aria-label="contour"] path', 'd');
  assert.is(contours.length, 14);
  // Level 3 of 14 between -1 and 1; not the middle, where a wrong scale would not show.
  const xs = [...(contours[3] ?? '').matchAll(/[ML](-?[\d.]+),/g)].map(([, x]) => Number(x));
  assert.ok(Math.abs(Math.min(...xs) - xPixel(-1 + 6 / 14)) < 0.1, `${Math.min(...xs)}`);
});

test('the expert, and start and end of a correction, lie at their coordinates', async () => {
  const figure = await figureOf(slope);
  const star = attributes(figure, 'g[aria-label="dot"] path', 'transform').join();
  assert.match(star, new RegExp(`^translate\\(${xPixel(0)},`));
  const circles = [...figure.querySelectorAll('g[aria-label="dot"] circle')].map((circle) =>
    [circle.getAttribute('cx'), circle.getAttribute('cy')].map(Number),
  );
  const top = 30;
  const bottom = 30 + 404;
  assert.equal(circles, [
    [xPixel(0.5), (top + bottom) / 2],
    [xPixel(1), top],
    [xPixel(-1), bottom],
  ]);
});

test('a landscape with unknown energies shows the others', async () => {
  const energy = slope.energy.slice();
  energy[12] = NaN;
  energy[3] = Infinity;
  const figure = await figureOf({ ...slope, energy });
  assert.not.match(figure.outerHTML, /NaN|Infinity/);
  assert.ok(figure.querySelectorAll('g[aria-label="contour"] path').length >= 13);
});

test('energies that do not form the grid are an error with both sizes', async () => {
  const wrong: LandscapeChart = { ...slope, shape: [5, 4] };
  const error = await figureOf(wrong).catch((caught: unknown) => caught);
  assert.ok(error instanceof EnerjaxError);
  assert.is(error.code, 'landscape-size-mismatch');
  assert.is(error.what, 'renderReport: a landscape of shape [5, 4] has 25 energies');
});

test('the example of the error fails, and the repaired one works', async () => {
  const example = errorCatalogue().get('landscape-size-mismatch')?.example;
  assert.ok(example !== undefined && 'fails' in example);
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  const run = (body: string) => new AsyncFunction('renderReport', body)(renderReport);
  const error = await run(example.fails).catch((caught: unknown) => caught);
  assert.is(error.code, 'landscape-size-mismatch');
  await run(example.works);
});

test('a histogram counts every value once, the greatest in the last bin', async () => {
  const values = [0, 1, 1, 5, 24];
  const groups = [{ name: 'a', values }];
  const figure = await figureOf({ kind: 'histogram', xLabel: 'x', groups });
  const heights = attributes(figure, 'g[aria-label="rect"] rect', 'height').map(Number);
  assert.is(heights.length, 4);
  assert.ok((heights[1] ?? 0) > 1.9 * (heights[0] ?? 0), 'two values in the second bin');
  const right = attributes(figure, 'g[aria-label="rect"] rect', 'x').map(Number).at(-1) ?? 0;
  assert.ok(right > xPixel(0.9), 'the last bar is at the right end');
});

test('the same report makes the same page', async () => {
  // Not assert.is, which would print both pages.
  assert.ok((await renderReport(sampleReport)) === html);
});

test('a written report is the rendered one, alone in its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'enerjax-report-'));
  await writeReport(join(folder, 'report.html'), sampleReport);
  assert.ok((await readFile(join(folder, 'report.html'), 'utf8')) === html);
  assert.equal(await readdir(folder), ['report.html']);
  await rm(folder, { recursive: true });
});

test('importing the report does not load the plotting library', () => {
  const url = new URL('../../training/report/report.ts', import.meta.url).href;
  // With this flag Node names every module that it loads.
  const trace = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', `await import('${url}')`],
    { env: { ...process.env, NODE_DEBUG: 'esm' }, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  assert.is(trace.status, 0);
  assert.match(trace.stderr, /report\.ts/);
  assert.not.match(trace.stderr, /observablehq|linkedom/);
});

test.run();
