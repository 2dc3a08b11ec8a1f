/** Every error of the catalogue: its examples do what they claim, and the documentation has it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { locate } from '../../core/base/call-site.ts';
import { EnerjaxError } from '../../core/base/errors.ts';
import { errorsPage, presentPage } from '../../scripts/errors-doc.ts';
import { loadCatalogue, strayDefinitions } from '../support/catalogue.ts';
import {
  lastStatement,
  layOut,
  makeWorkshop,
  publicNames,
  withImports,
} from '../support/examples.ts';

const areas = await loadCatalogue();
const entries = areas.flatMap((area) => area.entries);
const names = await publicNames();
const workshop = await makeWorkshop();

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Runs a failing example. It must raise `code` at its last statement, the one at fault. */
async function checkFailure(code: string, body: string): Promise<void> {
  const text = withImports(layOut(body), names);
  const error = await workshop.run(`${code}-fails`, text);
  assert.ok(error !== null, `this was to fail:\n${text}`);
  assert.instance(error, EnerjaxError, `this is no EnerjaxError:\n${text}\n${textOf(error)}`);
  if (!(error instanceof EnerjaxError)) return;
  assert.is(error.code, code, error.message);
  const line = error.site === null ? null : locate(error.site);
  const { first, last } = lastStatement(text);
  assert.ok(line !== null, `this has no line:\n${error.message}`);
  assert.ok(line?.file.endsWith(`/${code}-fails.ts`), `another file is blamed:\n${error.message}`);
  assert.ok(
    line !== null && line.line >= first && line.line <= last,
    `the last statement is at fault, not this line:\n${error.message}`,
  );
}

test('every errors file was found, and errors are defined nowhere else', () => {
  assert.equal(strayDefinitions(), []);
  assert.ok(areas.length >= 10, areas.map(({ file }) => file).join());
  assert.ok(entries.length >= 100, String(entries.length));
});

test('every code is in kebab-case and every entry says in which case it is raised', () => {
  for (const { code, meaning, file, line } of entries) {
    assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assert.match(meaning, /\S[.]/, `${file}:${line} has no doc comment`);
  }
});

for (const { code, entry, file, line } of entries) {
  const { example } = entry;
  if ('noExample' in example) {
    test(`${code} (${file}:${line}) says why it has no example`, () => {
      assert.ok(example.noExample.length > 10);
    });
    continue;
  }
  test(`${code} (${file}:${line}) is raised by its failing example`, () =>
    checkFailure(code, example.fails));
  test(`${code} (${file}:${line}) has an example that works`, async () => {
    const text = withImports(layOut(example.works), names);
    const error = await workshop.run(`${code}-works`, text);
    assert.ok(error === null, `this was to work:\n${text}\n${textOf(error)}`);
  });
}

test('docs/errors.md is what scripts/errors-doc.ts writes', async () => {
  const present = presentPage();
  for (const { code } of entries) {
    assert.ok(present.includes(`### ${code}\n`), `docs/errors.md lacks ${code}`);
  }
  assert.ok(present === (await errorsPage()), 'run npx tsx scripts/errors-doc.ts');
});

test.after(() => {
  workshop.remove();
  const without = entries.filter(({ entry }) => 'noExample' in entry.example);
  console.log(`${entries.length} errors, ${without.length} of them without an example:`);
  for (const { code, entry } of without) {
    console.log(`  ${code}: ${'noExample' in entry.example ? entry.example.noExample : ''}`);
  }
});

test.run();
