/**
 * Writes docs/errors.md from the catalogue: `npx tsx scripts/errors-doc.ts`, and with `--check` only
 * says whether the file is up to date. The messages are what the failing examples really print.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EnerjaxError } from '../core/base/errors.ts';
import { type DocumentedEntry, loadCatalogue } from '../test/support/catalogue.ts';
import {
  layOut,
  makeWorkshop,
  publicNames,
  root,
  type Workshop,
  withImports,
} from '../test/support/examples.ts';

const introduction = `# Errors

<!-- Written by scripts/errors-doc.ts from the errors.ts files. Edit those. -->

Every mistake that enerjax can explain is raised as an \`EnerjaxError\`. Its message says what happened, where in
your program, and how to repair it; \`error.code\` is one of the names below and does not change between
versions. A message that begins with "enerjax is at fault" is a defect of ours: please report it.

For each code this page shows what its failing example prints, and the same program repaired.
`;

const block = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

async function sectionOf(
  { code, meaning, entry }: DocumentedEntry,
  names: ReadonlyMap<string, string>,
  workshop: Workshop,
): Promise<string> {
  const parts = [`### ${code}`, meaning];
  const { example, fix } = entry;
  if ('noExample' in example) {
    parts.push(`No example here: ${example.noExample}.`);
    if (typeof fix === 'string') parts.push(`To repair it: ${fix}.`);
  } else {
    const error = await workshop.run(code, withImports(layOut(example.fails), names));
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof EnerjaxError && error.code === code)) {
      console.error(`the failing example of ${code} does not raise it: ${message}`);
      process.exitCode = 1;
    }
    parts.push(
      block('text', message.replaceAll(`${workshop.folder}/`, '')),
      'Repaired:',
      block('ts', withImports(layOut(example.works), names)),
    );
  }
  return parts.join('\n\n');
}

/** The text of docs/errors.md. */
export async function errorsPage(): Promise<string> {
  const workshop = await makeWorkshop();
  try {
    const names = await publicNames();
    const parts = [introduction.trim()];
    for (const { file, title, entries } of await loadCatalogue()) {
      parts.push(`## ${title}\n\nDefined in \`${dirname(file)}\`.`);
      for (const entry of entries) parts.push(await sectionOf(entry, names, workshop));
    }
    return `${parts.join('\n\n')}\n`;
  } finally {
    workshop.remove();
  }
}

const page = join(root, 'docs/errors.md');

/** What docs/errors.md holds now; empty if it does not exist. */
export const presentPage = (): string => (existsSync(page) ? readFileSync(page, 'utf8') : '');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = await errorsPage();
  if (!process.argv.includes('--check')) {
    writeFileSync(page, wanted);
  } else if (wanted !== presentPage()) {
    console.error('docs/errors.md is out of date: run npx tsx scripts/errors-doc.ts');
    process.exitCode = 1;
  }
}
