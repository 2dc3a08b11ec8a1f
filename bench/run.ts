/**
 * Times enerjax and other libraries side by side: each in a process of its own, taking turns.
 *
 *   npm run bench -- --help
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Case } from './case.ts';
import { cases } from './cases/index.ts';
import { whyAbsent } from './child.ts';
import { accept, offenders, readAllowed } from './compare.ts';
import { howToInstall } from './contestants/packages.ts';
import { machine, slugOf } from './machine.ts';
import { championOf, type Options, parseOptions } from './options.ts';
import type { Opened } from './protocol.ts';
import { report, showRate, showTime, summary } from './report.ts';
import { figureOf, type Measured, merged, type Results, readResults, record } from './results.ts';
import { Crew, measure } from './rounds.ts';

const peersHelp = `The other libraries live in bench/node_modules, which nothing else uses:

  ${howToInstall}

XLA's CPU backend takes part if python3, or the Python in ENERJAX_PYTHON, has jax.
What is not there is left out.`;

const isWanted = ({ name, group }: Case, only: readonly string[]): boolean =>
  only.length === 0 || only.some((text) => group === text || name.includes(text));

/** The contestants that can take part, with what they are, and why the others cannot. */
async function openAll(names: readonly string[], crew: Crew) {
  const contestants: Record<string, Opened> = {};
  const absent: Record<string, string> = {};
  for (const name of names) {
    try {
      const why = whyAbsent(name);
      if (why === null) contestants[name] = await crew.child(name).open();
      else absent[name] = why;
    } catch (error) {
      absent[name] = error instanceof Error ? error.message : String(error);
      await crew.dismiss(name);
    }
  }
  return { contestants, absent };
}

function showCase(measured: Measured): string {
  const lines = Object.entries(measured.outcomes).map(([name, outcome]) => {
    if (outcome.kind !== 'measured')
      return `    ${name.padEnd(16)} ${outcome.kind}: ${outcome.why}`;
    const figure = figureOf(measured.outcomes, name) ?? 0;
    const shown = measured.measure === 'memory' ? `${figure.toFixed(1)} MB` : showTime(figure);
    const ratio = measured.ratios[name]?.median;
    const times = ratio === undefined ? '' : `${(1 / ratio).toPrecision(3)}×`;
    const rate = showRate(measured, figure);
    return `    ${name.padEnd(16)} ${shown.padStart(10)}  ${rate.padStart(16)}  ${times}`;
  });
  return [measured.name, ...lines].join('\n');
}

/** Measures case after case, and writes the results so far after each. */
async function runAll(options: Options, save: (results: Results) => void): Promise<Results> {
  const crew = new Crew();
  const { contestants, absent } = await openAll(options.contestants, crew);
  for (const [name, why] of Object.entries(absent))
    console.log(`${name} does not take part: ${why}`);
  const known = machine();
  const champion = championOf(options);
  const measured: Measured[] = [];
  const results = (): Results => ({
    machine: known,
    clock: options.clock,
    champion,
    contestants,
    absent,
    cases: measured,
  });
  for (const example of cases.filter((one) => isWanted(one, options.only))) {
    const outcomes = await measure(example, Object.keys(contestants), crew, options);
    const one = record(example, outcomes, champion, known.commit);
    measured.push(one);
    console.log(showCase(one));
    save(results());
  }
  await crew.dismissAll();
  return results();
}

async function main(options: Options): Promise<number> {
  if (options.peers || options.list) {
    console.log(
      options.peers ? peersHelp : cases.map(({ group, name }) => `${group}: ${name}`).join('\n'),
    );
    return 0;
  }
  const { out, field } = options;
  const file = `${out}/${field}${options.clock === 'cpu' ? '-time' : ''}`;
  const before = out === null ? null : readResults(`${file}.json`);
  const order = cases.map(({ name }) => name);
  const results = await runAll(options, (now) => {
    if (out === null) return;
    mkdirSync(out, { recursive: true });
    const all = merged(before, now, order);
    writeFileSync(`${file}.json`, `${JSON.stringify(all, null, 1)}\n`);
    writeFileSync(`${file}.md`, report(all));
    writeFileSync(`${file}-peers.md`, summary(all));
  });
  const slug = slugOf(results.machine);
  const ratios = fileURLToPath(new URL(`results/${slug}/ratios.json`, import.meta.url));
  if (options.accept) accept(ratios, results);
  if (!options.compare) return 0;
  const allowed = readAllowed(ratios, results);
  if (Object.keys(allowed).length === 0) console.error(`no ratios are committed in ${ratios}`);
  const slow = offenders(results.cases, allowed);
  for (const line of slow) console.error(line);
  return slow.length > 0 ? 1 : 0;
}

process.exit(await main(parseOptions(process.argv.slice(2))));
