/** The blamed line when the library is a compiled package, and the program compiled or not. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  compileLibrary,
  compileProgram,
  removeFolder,
  runProgram,
  temporaryFolder,
  writeText,
} from '../support/installed.ts';

const base = temporaryFolder();
// Characters that mean something in a URL or in a line of a stack.
const folder = join(base, 'my (robot) #1 50%');
const installed = join(folder, 'node_modules/enerjax');
compileLibrary(join(installed, 'dist'));
writeText(join(folder, 'package.json'), '{ "type": "module" }');
writeText(
  join(installed, 'package.json'),
  '{ "name": "enerjax", "type": "module", "exports": "./dist/index.js" }',
);

const program = `import { grad, np } from 'enerjax';
interface Batch {
  readonly x: np.Array;
}
class Model {
  loss = (x: np.Array) => np.sum(np.mean(x).add(1).mul(x).add(np.ones([7])));
}
async function main(): Promise<void> {
  await null;
  const batch: Batch = { x: np.ones([3]) };
  grad(new Model().loss)(batch.x);
}
await main().catch((error: Error) => console.log(error.message));
`;
const blamed = (output: string): string => /^ {2}at (.*)$/m.exec(output)?.[1] ?? output;
const marked = (output: string): string => /^ {2}> (.*)$/m.exec(output)?.[1] ?? output;

compileProgram(folder, 'main', program);

test('a compiled program is blamed at its own line, not the package', () => {
  const output = runProgram(folder, 'main.js');
  assert.match(blamed(output), /^main[.]js:\d+:\d+$/);
  assert.match(marked(output), 'loss = (x) => np.sum(');
});

test('with --enable-source-maps the TypeScript source is blamed', () => {
  const output = runProgram(folder, 'main.js', ['--enable-source-maps']);
  assert.match(blamed(output), /^main[.]ts:6:\d+$/);
  assert.match(marked(output), '6 |   loss = (x: np.Array) => np.sum(');
});

test('CommonJS programs, whose frames are paths, are blamed too', () => {
  writeText(
    join(folder, 'old.cjs'),
    `import('enerjax').then(({ np }) => {
  np.ones([2]).add(np.ones([3])); // wrong
}).catch((error) => console.log(error.message));`,
  );
  const output = runProgram(folder, 'old.cjs');
  assert.match(blamed(output), /^old[.]cjs:2:\d+$/);
  assert.match(marked(output), '// wrong');
});

test('the program is blamed, not another package that it calls', () => {
  const helper = join(folder, 'node_modules/helper');
  writeText(join(helper, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  writeText(join(helper, 'index.js'), 'export const plus = (x, y) => x.add(y);');
  writeText(
    join(folder, 'caller.js'),
    `import { np } from 'enerjax';
import { plus } from 'helper';
try {
  plus(np.ones([2]), np.ones([3])); // wrong
} catch (error) {
  console.log(error.message);
}`,
  );
  const output = runProgram(folder, 'caller.js');
  assert.match(blamed(output), /^caller[.]js:4:\d+$/);
});

test('a copy outside node_modules is skipped by its folders', () => {
  cpSync(join(installed, 'dist'), join(base, 'checkout/dist'), { recursive: true });
  writeText(join(base, 'checkout/package.json'), '{ "type": "module" }');
  writeText(
    join(base, 'checkout/examples/first.js'),
    `import { np } from '../dist/index.js';
try {
  np.ones([2]).add(np.ones([3])); // wrong
} catch (error) {
  console.log(error.message);
}`,
  );
  const output = runProgram(join(base, 'checkout'), 'examples/first.js');
  assert.match(blamed(output), /^examples[/]first[.]js:3:\d+$/);
  assert.match(marked(output), '// wrong');
});

test('an error that nobody catches prints the message, the frame and the repair', () => {
  writeText(
    join(folder, 'uncaught.js'),
    `import { np } from 'enerjax';\nnp.ones([2]).add(np.ones([3]));\n`,
  );
  const output = runProgram(folder, 'uncaught.js');
  assert.match(output, 'EnerjaxError: np.add: shapes [2] and [3] do not broadcast');
  assert.match(output, '> 2 | np.ones([2]).add(np.ones([3]));');
  assert.match(output, 'fix: give both the same size there');
});

test.after(() => removeFolder(base));

test.run();
