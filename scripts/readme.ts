/**
 * Puts measured figures into README.md: what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is the
 * file bench/results/MACHINE/NAME.md, which a program has written.
 *
 *   npx tsx scripts/readme.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';

const results = new URL('../bench/results/epyc-2-core/', import.meta.url);
const readme = new URL('../README.md', import.meta.url);
const before = readFileSync(readme, 'utf8');
const after = before.replace(
  /(<!-- begin ([\w-]+) -->\n)[\s\S]*?(<!-- end \2 -->)/g,
  (_whole, begin: string, name: string, end: string) =>
    `${begin}\n${readFileSync(new URL(`${name}.md`, results), 'utf8').trim()}\n\n${end}`,
);

if (!process.argv.includes('--check')) {
  writeFileSync(readme, after);
} else if (after !== before) {
  console.error(
    'README.md shows other figures than bench/results: run `npx tsx scripts/readme.ts`',
  );
  process.exitCode = 1;
}
