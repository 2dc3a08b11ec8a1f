/** What an example uses without declaring it is found, so that it can be imported. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freeNames, lastStatement, layOut, withImports } from '../support/examples.ts';

const namesIn = (text: string): string[] => freeNames(text).map(({ name }) => name);

test('names are free where they are not declared', () => {
  assert.equal(namesIn('const f = (x: np.Array) => x.mul(w).y; f({ x, key: 1 });'), [
    'np',
    'w',
    'x',
  ]);
  assert.equal(namesIn('function f<T>(a: T, { b: c = d }: P) { return a + c + b; }'), [
    'd',
    'P',
    'b',
  ]);
  assert.equal(namesIn("import { jit as j, grad } from 'enerjax'; j(grad(f));"), ['f']);
  assert.equal(namesIn('for (const x of xs) { const y = x; } y;'), ['xs', 'y']);
  assert.equal(namesIn('class A<T> { b = c; m(d: T) { return new A(); } }'), ['c']);
});

test('calls and types are told apart', () => {
  assert.equal(freeNames('f(x as T); new C();'), [
    { name: 'f', isCalled: true, isType: false },
    { name: 'x', isCalled: false, isType: false },
    { name: 'T', isCalled: false, isType: true },
    { name: 'C', isCalled: true, isType: false },
  ]);
});

test('an example imports what it uses, from the entry that has it', () => {
  const names = new Map([
    ['np', 'enerjax'],
    ['jit', 'enerjax'],
    ['train', 'enerjax/training'],
  ]);
  assert.is(
    withImports('train(jit((jit) => np.sum(jit)));', names),
    "import { train } from 'enerjax/training';\nimport { jit, np } from 'enerjax';\n\ntrain(jit((jit) => np.sum(jit)));",
  );
  assert.is(withImports('f();', names), 'f();');
});

test('every statement has a line, and the last one is known', () => {
  const text = layOut('const x = 1; if (x) { f(); } g(\n  x)');
  assert.is(text, 'const x = 1;\nif (x) { f(); }\ng(\n  x);');
  assert.equal(lastStatement(text), { first: 3, last: 4 });
});

test.run();
