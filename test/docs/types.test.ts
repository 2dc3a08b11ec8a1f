/** Every example in docstrings, in the guides and in the catalogue of errors has the types it should. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadCatalogue } from '../support/catalogue.ts';
import { docExamples, moduleOf } from '../support/docstrings.ts';
import { layOut, publicEntries, publicNames, root, withImports } from '../support/examples.ts';
import { idiomsModule, readIdioms } from '../support/idioms.ts';
import { codeOf, seenFrom } from '../support/markdown.ts';

const folder = join(root, 'node_modules/.cache/examples');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const names = await publicNames();
/** The module of each example, and what failures call the example. */
const modules = new Map<string, string>();

function add(title: string, text: string): void {
  const file = join(folder, `${title.replace(/[^\w.]+/g, '-')}.ts`);
  writeFileSync(file, text);
  modules.set(file, title);
}

for (const example of docExamples()) {
  add(`${example.file}:${example.line}`, await moduleOf(example, names));
}
for (const { code, file, entry } of (await loadCatalogue()).flatMap(({ entries }) => entries)) {
  if ('noExample' in entry.example) continue;
  for (const [kind, body] of Object.entries(entry.example)) {
    add(`${file}: ${code} ${kind}`, `${withImports(layOut(body), names)}\nexport {};\n`);
  }
}
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
for (const page of pages.filter((path) => path.endsWith('.md') && path !== 'docs/errors.md')) {
  if (!existsSync(join(root, page))) continue;
  for (const { line, text } of codeOf(readFileSync(join(root, page), 'utf8')).programs) {
    add(`${page}:${line}`, seenFrom(join(root, page), text));
  }
}

add('the idioms of docs/for-jax-users.md', idiomsModule(readIdioms()));

/** What the compiler says about each module, by title. */
function check(): Map<string, string[]> {
  const { config }: { config?: { compilerOptions: object } } = ts.readConfigFile(
    join(root, 'tsconfig.json'),
    ts.sys.readFile,
  );
  const { options } = ts.convertCompilerOptionsFromJson(config?.compilerOptions, root);
  const { rootDir: _, incremental: __, tsBuildInfoFile: ___, ...shared } = options;
  const paths = Object.fromEntries([...publicEntries()].map(([name, file]) => [name, [file]]));
  const program = ts.createProgram([...modules.keys()], { ...shared, paths, noEmit: true });
  const found = new Map<string, string[]>();
  for (const [file, title] of modules) {
    const source = program.getSourceFile(file);
    const problems = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ messageText, start = 0 }) => {
      const line = source?.getLineAndCharacterOfPosition(start).line ?? 0;
      const text = source?.text.split('\n')[line]?.trim();
      return `${ts.flattenDiagnosticMessageText(messageText, '\n')}\n    in ${text}`;
    });
    found.set(title, problems);
  }
  return found;
}

const problems = check();

test('there are examples', () => {
  assert.ok(modules.size > 100, String(modules.size));
});

for (const title of modules.values()) {
  test(`the types of the example are right: ${title}`, () => {
    const found = problems.get(title) ?? ['it was not checked'];
    assert.ok(found.length === 0, found.join('\n'));
  });
}

test.run();
