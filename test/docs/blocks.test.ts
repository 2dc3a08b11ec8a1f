/** Every TypeScript block of the README and the guides runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EnerjaxError } from '../../core/base/errors.ts';
import { makeWorkshop, publicEntries, root } from '../support/examples.ts';
import { codeOf, seenFrom } from '../support/markdown.ts';

/** Written from the catalogue, whose examples test/errors runs. */
const generated = 'docs/errors.md';

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith('.md') && path !== generated)
  .filter((path) => existsSync(join(root, path)));

const workshop = await makeWorkshop();
const leftOut: string[] = [];

/** What each line of a program printed last. */
type Printed = Map<number, string>;

/** Runs the program without letting it print: what it throws, and what it would have printed. */
async function runQuietly(name: string, text: string): Promise<[unknown, Printed]> {
  const { log } = console;
  const printed: Printed = new Map();
  const place = new RegExp(`${name.split('/').at(-1)}[.]ts:(\\d+)`);
  console.log = (...values: unknown[]) => {
    const [, line] = place.exec(new Error('where').stack ?? '') ?? [];
    printed.set(Number(line), format(...values));
  };
  try {
    return [await workshop.run(name, text), printed];
  } finally {
    console.log = log;
  }
}

/** What the page says that lines print, behind an arrow in a comment. */
const promised = (text: string): [line: number, what: string][] =>
  text.split('\n').flatMap((line, index): [number, string][] => {
    const [, what] = /\/\/ → (.*)$/.exec(line) ?? [];
    return what === undefined ? [] : [[index + 1, what]];
  });

for (const page of pages) {
  const { programs, leftOut: blocks } = codeOf(readFileSync(join(root, page), 'utf8'));
  leftOut.push(...blocks.map(({ line, reason }) => `${page}:${line}: ${reason}`));
  for (const { line, text, throws } of programs) {
    test(`the program at ${page}:${line} ${throws === null ? 'runs' : `raises ${throws}`}`, async () => {
      const program = seenFrom(join(root, page), text);
      const [error, printed] = await runQuietly(`${page}-${line}`, program);
      const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (throws === null) assert.ok(error === null, shown);
      else assert.ok(error instanceof EnerjaxError && error.code === throws, shown);
      for (const [at, what] of promised(program)) {
        assert.is(printed.get(at), what, `line ${at} of the page`);
      }
    });
  }
}

test('every entry of package.json has a source file', () => {
  for (const [specifier, file] of publicEntries()) {
    assert.ok(existsSync(file), `'${specifier}' is exported, but there is no ${file}`);
  }
});

test('a block without an import continues the program before it, on the lines of the page', () => {
  const page = "# T\n```ts\nimport { np } from 'enerjax';\n```\ntext\n```ts\nnp.ones([2]);\n```\n";
  const { programs } = codeOf(page);
  assert.equal(programs, [
    { line: 2, text: "\n\nimport { np } from 'enerjax';\n\n\n\nnp.ones([2]);", throws: null },
  ]);
});

test('a block with an import begins a program of its own', () => {
  const page = "```ts\nimport 'a';\n```\n```ts\nimport 'b';\n```\n```sh\nls\n```\n";
  assert.equal(
    codeOf(page).programs.map(({ text }) => text.trim()),
    ["import 'a';", "import 'b';"],
  );
});

test('relative imports are seen from the page', () => {
  assert.is(
    seenFrom('/home/user/docs/page.md', "import { a } from '../core/a.ts';\nimport 'b';"),
    "import { a } from '/home/user/core/a.ts';\nimport 'b';",
  );
});

test('a block that is not run says why', () => {
  assert.throws(() => codeOf('```ts no-run\nf();\n```\n'), /say why/);
  const { programs, leftOut: blocks } = codeOf('```ts no-run it needs a robot\nf();\n```\n');
  assert.equal([programs, blocks], [[], [{ line: 1, reason: 'it needs a robot' }]]);
});

test('a misspelled mark is refused', () => {
  assert.throws(() => codeOf('```ts norun it needs a robot\nf();\n```\n'), /'norun' is no mark/);
});

test.after(() => {
  workshop.remove();
  for (const block of leftOut) console.log(`not run: ${block}`);
});

test.run();
