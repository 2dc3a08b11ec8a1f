/** What the user reads after the mistakes that are made most often, word by word. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import '../support/examples.ts';
import { told } from '../support/told.ts';

const { grad, jit, lax, np, setDefaultDevice, tree, vmap } = await import('../../index.ts');

/** Hides a value's type, as code that nobody type-checks does. */
const untyped = (value: unknown): never => value as never;

const sequence = (x: never): readonly number[] => x;

test('shapes that do not broadcast', async () => {
  const x = np.ones([2, 3]);
  const expected = (line: string): string =>
    `np.add: shapes [2, 3] and [2] do not broadcast: axis -1 (from the end) has sizes 3 and 2  [broadcast-mismatch]
> ${line}
fix: give both the same size there, or size 1: x.reshape(…), np.expandDims(x, axis)`;
  const asFunction = await told(() => np.add(x, np.ones([2])));
  assert.is(asFunction, expected('const asFunction = await told(() => np.add(x, np.ones([2])));'));
  const asMethod = await told(() => x.add(np.ones([2])));
  assert.is(asMethod, expected('const asMethod = await told(() => x.add(np.ones([2])));'));
});

test('matrices that do not multiply', async () => {
  const x = np.ones([2, 3]);
  const same = await told(() => np.matmul(x, x));
  assert.is(
    same,
    `np.matmul: axis -1 of f32[2, 3] and axis -2 of f32[2, 3] are summed together but have sizes 3 and 2  [contraction-mismatch]
> const same = await told(() => np.matmul(x, x));
fix: transpose the second: np.matmul(x, y.T)`,
  );
  const other = await told(() => np.matmul(x, np.ones([7, 5])));
  assert.is(
    other,
    `np.matmul: axis -1 of f32[2, 3] and axis -2 of f32[7, 5] are summed together but have sizes 3 and 7  [contraction-mismatch]
> const other = await told(() => np.matmul(x, np.ones([7, 5])));
fix: give both axes the same size; np.transpose and np.swapaxes change which axes they are`,
  );
});

test('element types that lax does not convert', async () => {
  const ids = np.arange(3);
  const message = await told(() => lax.add(np.ones([3]), ids));
  assert.is(
    message,
    `add needs equal element types, got f32[3] and i32[3]  [dtype-mismatch]
> const message = await told(() => lax.add(np.ones([3]), ids));
fix: convert one operand first: x.astype('float32')`,
  );
});

test('an async function under a transform', async () => {
  const x = np.ones([2]);
  const loss = async (v: Value): Promise<Value> => np.sum(np.array(await v.data()));
  for (const [name, transform] of Object.entries({
    'jit of': () => jit(untyped(loss)),
    'grad of': () => grad(untyped(loss)),
    'vmap(size 2) of': () => vmap(untyped(loss)),
  })) {
    const message = await told(() => transform()(untyped(x)));
    assert.is(
      message,
      `${name} 'loss' returned a promise  [async-function]
> const message = await told(() => transform()(untyped(x)));
fix: pass a synchronous function; await and read values outside of it`,
    );
  }
});

test('a tracer that outlives its trace', async () => {
  const kept: Value[] = [];
  const leak = (x: Value): Value => {
    const doubled = x.mul(2);
    kept.push(doubled);
    return doubled;
  };
  jit(leak)(np.ones([2]));
  const message = await told(() => kept[0]?.add(1));
  assert.match(
    message.replace(/:\d+:\d+\)/, ':LINE)'),
    `traced f32[2] belongs to jit of 'leak', which has ended (the value was made at test/errors/mistakes.test.ts:LINE)  [escaped-tracer]
> const message = await told(() => kept[0]?.add(1));
fix: return the value from the traced function instead of storing it outside`,
  );
});

const coercions: Record<string, { how: string; mistake: (x: never) => unknown }> = {
  'x + 1': { how: 'plain arithmetic or a comparison', mistake: (x) => x + 1 },
  'x < y': { how: 'plain arithmetic or a comparison', mistake: (x) => x < 3 },
  'Math.max(x)': { how: 'plain arithmetic or a comparison', mistake: (x) => Math.max(x) },
  'a template string': {
    how: 'a template string or property key',
    mistake: (x) => `the loss is ${x}`,
  },
  'JSON.stringify': { how: 'JSON.stringify', mistake: (x) => JSON.stringify({ loss: x }) },
  spread: {
    how: 'iteration or spread',
    mistake: (x) => Math.max(...sequence(x)),
  },
  'for-of': {
    how: 'iteration or spread',
    mistake: (x) => {
      const rows: number[] = [];
      for (const row of sequence(x)) rows.push(row);
      return rows;
    },
  },
};

const outside = 'or return the value from the traced function and read it outside';
const repairs: Record<string, { concrete: string; traced: string }> = {
  'plain arithmetic or a comparison': {
    concrete:
      'use array operations: x.add(1), x.less(y), np.maximum(x, y), np.where(x.less(y), x, y); or read it first: await x.item()',
    traced: `use array operations: x.add(1), x.less(y), np.maximum(x, y), np.where(x.less(y), x, y); ${outside}`,
  },
  'a template string or property key': {
    concrete:
      'read it first: await x.js(), or await x.item() for a single element; x.toString() shows it for reading',
    traced: `show its type with x.toString(), ${outside}`,
  },
  'JSON.stringify': {
    concrete:
      'read it first: await x.js(), or await x.item() for a single element; x.toString() shows it for reading',
    traced: `show its type with x.toString(), ${outside}`,
  },
  'iteration or spread': {
    concrete:
      'take a row with x.get(i), where i is below x.shape[0], or apply a function to every row with vmap; or read it first: for (const row of await x.js())',
    traced: `take a row with x.get(i), where i is below x.shape[0], or apply a function to every row with vmap; ${outside}`,
  },
};

for (const [name, { how, mistake }] of Object.entries(coercions)) {
  const withoutLine = (message: string): string => message.replace(/> .*\n/, '');
  const blamed = (message: string): string => /> (.*)\n/.exec(message)?.[1] ?? '';
  const source = String(mistake).replace(/\s+/g, ' ');

  test(`${name} of an array is refused`, async () => {
    const message = await told(() => mistake(untyped(np.array([1, 2]))));
    assert.is(
      withoutLine(message),
      `f32[2] [1, 2] was used in ${how}  [array-as-plain-data]\nfix: ${repairs[how]?.concrete}`,
    );
    assert.ok(pointsInto(source, blamed(message)), `blames ${blamed(message)}`);
  });

  test(`${name} of a traced array is refused`, async () => {
    const traced = (x: Value): Value => {
      mistake(untyped(x));
      return x;
    };
    const message = await told(() => jit(traced)(np.ones([2])));
    assert.is(
      withoutLine(message),
      `traced f32[2] was used in ${how}  [array-as-plain-data]\nfix: ${repairs[how]?.traced}`,
    );
    assert.ok(pointsInto(source, blamed(message)), `blames ${blamed(message)}`);
  });
}

/** True if a line of this file is part of a function's text, as the compiler printed it. */
function pointsInto(source: string, line: string): boolean {
  const body = source.replace(/^\(x\) => /, '').replace(/\W/g, '');
  const words = line.replace(/\W/g, '');
  return body !== '' && (words.includes(body) || body.includes(words));
}

test('leaves that are no arrays', async () => {
  const apply = (options: { rate: Value }): Value => options.rate;
  const message = await told(() => jit(apply)(untyped({ rate: np.ones([]), mode: 'fast' })));
  assert.is(
    message,
    `jit of 'apply' needs an array, a number or a boolean, got the string 'fast' as argument 0 at 'mode'  [not-an-array]
> const message = await told(() => jit(apply)(untyped({ rate: np.ones([]), mode: 'fast' })));
fix: pass arrays and numbers only; let the function close over other data, or list it in \`static\` of jit`,
  );
  const params: { bias?: Value } = {};
  const missing = await told(() => np.add(untyped(params.bias), 1));
  assert.is(
    missing,
    `np.add needs an array, a number or a boolean, got undefined  [not-an-array]
> const missing = await told(() => np.add(untyped(params.bias), 1));
fix: look where the value comes from: a misspelled key or a missing argument is undefined`,
  );
});

test('trees that differ', async () => {
  const params = { dense: { kernel: 1, bias: 2 }, scale: 3 };
  const gradients = { dense: { kernel: 1 }, scale: 3 };
  const message = await told(() => tree.map((p, g) => p + g, params, untyped(gradients)));
  assert.is(
    message,
    `tree.map: the trees differ at 'dense/bias': something in the first, nothing in the other  [tree-structure-mismatch]
> const message = await told(() => tree.map((p, g) => p + g, params, untyped(gradients)));
fix: give both trees the same keys, lengths and nesting; compare tree.structure(a) with tree.structure(b)`,
  );
});

test('an array that was disposed of says where', async () => {
  const x = np.ones([2]);
  x.dispose();
  const message = await told(() => x.add(1));
  assert.is(
    message.replace(/:\d+:\d+ {2}\[/, ':LINE  ['),
    `this f32[2] was disposed at test/errors/mistakes.test.ts:LINE  [array-is-gone]
> const message = await told(() => x.add(1));
fix: dispose of an array after its last use; arrays that are not disposed of are freed by the collector`,
  );
});

test('an array that was donated names the line of the donation', async () => {
  const step = jit((w: Value) => w.mul(0.9), { donate: 0 });
  const w = np.ones([2]);
  const here = new Error().stack?.match(/mistakes[.]test[.]ts:(\d+)/)?.[1];
  step(w);
  const message = await told(() => w.add(1));
  assert.is(
    message.replace(/(:\d+):\d+ {2}\[/, '$1  ['),
    `this f32[2] was donated at test/errors/mistakes.test.ts:${Number(here) + 1}  [array-is-gone]
> const message = await told(() => w.add(1));
fix: use the result of the call that took it, or do not list the argument in \`donate\``,
  );
});

test('gradients of what has none', async () => {
  const twice = (x: Value): Value => x.mul(2);
  const ofArray = await told(() => grad(twice)(np.ones([2, 3])));
  assert.is(
    ofArray,
    `grad of 'twice': the function returns f32[2, 3], not a scalar  [grad-needs-scalar]
> const ofArray = await told(() => grad(twice)(np.ones([2, 3])));
fix: reduce the result to one number, as in np.sum(x) or np.mean(x); for all derivatives of an array use jacrev; for [loss, aux] pass { hasAux: true }`,
  );
  const total = (x: Value): Value => np.sum(x);
  const ofInteger = await told(() => grad(total)(np.arange(3)));
  assert.is(
    ofInteger,
    `grad of 'total': argument 0 is i32[3]; only floats have derivatives  [grad-of-integer]
> const ofInteger = await told(() => grad(total)(np.arange(3)));
fix: pass it as another argument than those in \`argnums\`, or make it a float: x.astype('float32')`,
  );
});

test('a device that does not exist', async () => {
  const message = await told(() => setDefaultDevice(untyped('gpu')));
  assert.is(
    message,
    `there is no device 'gpu'  [unknown-device]
> const message = await told(() => setDefaultDevice(untyped('gpu')));
fix: choose 'wasm', 'webgpu' or 'js'`,
  );
});

test('a checkpoint of another model', async () => {
  const { checkAgainst } = await import('../../training/checkpoint/check.ts');
  const expected = { 'head/kernel': { dtype: 'float32', shape: [8, 2] } } as const;
  const found = { 'head/kernel': { dtype: 'float32', shape: [4, 2] } } as const;
  const message = await told(() => checkAgainst(expected, found));
  assert.is(
    message,
    `loading a checkpoint: 1 path does not fit
  differs  head/kernel: expected float32[8, 2], the checkpoint has float32[4, 2]  [checkpoint-mismatch]
> const message = await told(() => checkAgainst(expected, found));
fix: load with the configuration that it was saved with; paths that may be absent: checkAgainst(expected, found, { missingRegex: '.*energy_model.*' })`,
  );
});

test.run();
