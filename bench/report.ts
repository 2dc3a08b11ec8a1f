/** Results as Markdown. */
import { showMachine } from './machine.ts';
import { figureOf, type Measured, type Results } from './results.ts';
import type { Outcome } from './rounds.ts';
import { geometricMean } from './statistics.ts';

/** A time that reads well. */
export function showTime(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toPrecision(3)} µs`;
  return ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

const showFigure = (measured: Measured, figure: number): string =>
  measured.measure === 'memory' ? `${figure.toFixed(1)} MB` : showTime(figure);

/** Work per time: the case's flops or bytes, or calls. */
export function showRate({ measure, flops, bytes, calls }: Measured, ms: number): string {
  if (measure !== 'time') return '';
  if (calls !== undefined) return `${showTime(ms / calls)} each`;
  const rate = (flops ?? bytes ?? 0) / ms / 1e6;
  if (rate === 0) return '';
  return flops === undefined ? `${rate.toFixed(1)} GB/s` : `${rate.toFixed(1)} GFLOP/s`;
}

function cell(measured: Measured, outcome: Outcome | undefined): string {
  if (outcome === undefined || outcome.kind === 'unable') return '';
  if (outcome.kind !== 'measured') return outcome.kind;
  const { low, median, high } = outcome.spread;
  const share = Math.round(((high - low) / 2 / median) * 100);
  return `${showFigure(measured, median)} ±${Number.isFinite(share) ? share : 0} %`;
}

const showRatio = (ratio: number): string =>
  `${ratio < 100 ? ratio.toPrecision(2) : Math.round(ratio)}×`;

/** How much longer a peer takes, by group and over all; cells are empty where nothing is comparable. */
function means(results: Results, peers: readonly string[]): string[] {
  const groups = [...new Set(results.cases.map(({ group }) => group))];
  const row = (title: string, cases: readonly Measured[]): string => {
    const cells = peers.map((peer) => {
      const ratios = cases.flatMap(({ ratios }) => ratios[peer]?.median ?? []);
      return ratios.length === 0
        ? ''
        : `${showRatio(1 / geometricMean(ratios))} (${ratios.length})`;
    });
    return `| ${[title, ...cells].join(' | ')} |`;
  };
  return [
    `| geometric means | ${peers.join(' | ')} |`,
    `|---|${peers.map(() => '---').join('|')}|`,
    ...groups.map((group) =>
      row(
        group,
        results.cases.filter((one) => one.group === group),
      ),
    ),
    row(
      '**all**',
      results.cases.filter(({ measure }) => measure !== 'memory'),
    ),
  ];
}

function groupTable(results: Results, group: string, names: readonly string[]): string[] {
  const rows = results.cases.filter((one) => one.group === group);
  const peers = names.filter(isPeer);
  const lines = rows.map((one) => {
    const own = figureOf(one.outcomes, results.champion);
    const cells = [
      one.name,
      ...names.map((name) => cell(one, one.outcomes[name])),
      own === null ? '' : showRate(one, own),
      ...peers.map((peer) => {
        const ratio = one.ratios[peer]?.median;
        return ratio === undefined ? '' : showRatio(1 / ratio);
      }),
      one.target === undefined ? '' : `≤ ${showFigure(one, one.target)}`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const titles = [group, ...names, 'rate', ...peers.map((peer) => `vs ${peer}`), 'target'];
  return [`| ${titles.join(' | ')} |`, `|${titles.map(() => '---').join('|')}|`, ...lines];
}

/** Cases in which another library is faster, the worst first, and targets that are missed. */
function weaknesses({ cases, champion }: Results): string[] {
  const slower = cases.flatMap((one) => {
    const [worst] = Object.entries(one.ratios)
      .filter(([peer]) => isPeer(peer))
      .sort(([, a], [, b]) => b.median - a.median);
    const own = figureOf(one.outcomes, champion);
    if (worst === undefined || own === null || worst[1].median <= slowerThan) return [];
    const [peer, { median }] = worst;
    const theirs = showFigure(one, figureOf(one.outcomes, peer) ?? 0);
    return { median, cells: [one.name, showFigure(one, own), peer, theirs, showRatio(median)] };
  });
  const missed = cases.flatMap((one) => {
    const own = figureOf(one.outcomes, champion);
    if (one.target === undefined || own === null || own <= one.target) return [];
    return `- ${one.name}: ${showFigure(one, own)}, wanted ≤ ${showFigure(one, one.target)}`;
  });
  const lines = slower
    .sort((a, b) => b.median - a.median)
    .map(({ cells }) => `| ${cells.join(' | ')} |`);
  return [
    ...(missed.length === 0 ? [] : ['Targets that are missed:', '', ...missed, '']),
    `| slower than | ${champion} | the fastest | its figure | takes so many times as long |`,
    '|---|---|---|---|---|',
    ...lines,
  ];
}

/** Less is noise. */
const slowerThan = 1.05;

/** Why contestants have no figure where they should: failures and wrong results. */
function remarks({ cases, absent }: Results): string[] {
  const missing = Object.entries(absent).map(
    ([name, why]) => `- ${name} did not take part: ${why}`,
  );
  const bad = cases.flatMap(({ name, outcomes }) =>
    Object.entries(outcomes).flatMap(([who, outcome]) => {
      if (outcome.kind === 'measured') return [];
      if (outcome.kind === 'unable' && outcome.why === 'no program') return [];
      const [line = ''] = outcome.why.split('\n');
      return `- ${name}, ${who}: ${outcome.kind}: ${line.slice(0, 200)}`;
    }),
  );
  return [...missing, ...bad];
}

const isPeer = (name: string): boolean => !name.startsWith('enerjax');

/** How much longer other libraries take, by group, with their versions: for the README. */
export function summary(results: Results): string {
  const { machine, champion, contestants } = results;
  const names = [champion, ...Object.keys(contestants).filter(isPeer)];
  const versions = names.flatMap((name) => {
    const facts = contestants[name];
    return facts === undefined ? [] : [`${name}: ${facts.version}, ${facts.device}`];
  });
  return [
    ...means(results, names.slice(1)),
    '',
    `How many times as long as ${champion} they take, and in how many cases. ${versions.join('; ')}. ${showMachine(machine)}.`,
    '',
  ].join('\n');
}

/** The whole report. */
export function report(results: Results): string {
  const { machine, champion, contestants, cases } = results;
  const names = Object.keys(contestants);
  const peers = names.filter(isPeer);
  const groups = [...new Set(cases.map(({ group }) => group))];
  const versions = Object.entries(contestants).map(
    ([name, { version, device }]) => `- ${name}: ${version}; ${device}`,
  );
  const notes = remarks(results);
  return [
    '# Benchmarks',
    '',
    ...(results.clock === 'cpu'
      ? [
          'Times are what all threads of a process computed, added up; other programs ran beside it.',
          '',
        ]
      : []),
    `Medians of rounds in which the contestants take turns, ± half the distance of the quartiles. A ratio is how`,
    `many times as long as ${champion} the other library takes, round by round: above 1× enerjax is faster.`,
    '',
    `${showMachine(machine)}.`,
    '',
    ...versions,
    '',
    ...(peers.length === 0 ? [] : [...means(results, peers), '']),
    '## Where another library is faster',
    '',
    ...weaknesses(results),
    '',
    ...groups.flatMap((group) => [`## ${group}`, '', ...groupTable(results, group, names), '']),
    ...(notes.length === 0 ? [] : ['## Not measured', '', ...notes, '']),
  ].join('\n');
}
