import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import { add, dotGeneral, mul, neg } from '../../core/primitives/index.ts';
import { jit } from '../../transforms/jit.ts';
import { vmap } from '../../transforms/vmap.ts';
import { codeOf, f32, near, numbers, ramp, sum, whatOf } from './arrays.ts';

const dot = (x: Value, y: Value): Value =>
  dotGeneral(x, y, { lhsContract: [0], rhsContract: [0], lhsBatch: [], rhsBatch: [] });

test('arguments with null are shared by the batch and passed as they are', () => {
  let seen: unknown = null;
  const f = vmap(
    (x: Value, y: Value, mode: string, count: number) => {
      seen = [mode, count];
      return dot(x, y);
    },
    { inAxes: [0, null, null, null] },
  );
  assert.ok(near(f(f32([1, 2, 3, 4], [2, 2]), f32([10, 1]), 'plain', 3), [12, 34]));
  assert.equal(seen, ['plain', 3]);
});

test('batch axes may be anywhere in arguments and results, also counted from the end', () => {
  const x = ramp(2, 3);
  assert.ok(near(vmap(sum, { inAxes: 1 })(x), [0.5, 0.7, 0.9]));
  assert.ok(near(vmap(sum, { inAxes: [-1] })(x), [0.5, 0.7, 0.9]));
  const flipped = vmap((row: Value) => neg(row), { outAxes: 1 })(x);
  assert.equal(flipped.shape, [3, 2]);
  assert.ok(near(flipped, [-0.1, -0.4, -0.2, -0.5, -0.3, -0.6]));
  const same = vmap((row: Value) => row, { inAxes: 1, outAxes: -1 })(x);
  assert.equal([same.shape, numbers(same)], [[2, 3], numbers(x)]);
});

test('axes may be given for the beginning of a tree', () => {
  const f = (p: { w: Value; b: Value }, x: Value) => ({ y: add(mul(p.w, x), p.b), b: p.b });
  const params = { w: f32([1, 2]), b: f32([10], []) };
  const result = vmap(f, { inAxes: [{ w: 0, b: null }, 0], outAxes: { y: 0, b: null } })(
    params,
    f32([3, 4]),
  );
  assert.ok(near(result.y, [13, 18]));
  assert.equal(result.b.shape, []);
});

test('a result that does not depend on the batch is repeated', () => {
  const shared = f32([5], []);
  const [x, y] = vmap((a: Value) => [a, shared, 7] as const)(f32([1, 2, 3]));
  assert.ok(near(x, [1, 2, 3]) && near(y, [5, 5, 5]));
});

test('axisSize makes a batch of nothing', () => {
  assert.ok(near(vmap(() => f32([1], []), { axisSize: 3 })(), [1, 1, 1]));
});

test('a jitted vmap works on shapes of its own', () => {
  const f = jit(vmap(dot));
  assert.ok(near(f(ramp(2, 2), ramp(2, 2)), [0.05, 0.25]));
  assert.ok(near(f(ramp(1, 2), ramp(1, 2)), [0.05]));
});

test('mismatched sizes name both arguments and their paths', () => {
  const f = (p: { a: Value }, x: Value) => add(p.a, x);
  const run = () => vmap(f)({ a: ramp(3) }, ramp(4));
  assert.is(codeOf(run), 'axis-size-mismatch');
  assert.match(
    whatOf(run),
    "vmap of 'f': the batch axis has 3 elements in argument 0 at 'a' (f32[3]) but 4 in argument 1 (f32[4])",
  );
  assert.match(
    whatOf(() => vmap(sum, { axisSize: 2 })(ramp(3))),
    'has 2 elements in axisSize but 3',
  );
});

test('axes that do not fit are refused', () => {
  assert.is(
    codeOf(() => vmap(sum)(f32([1], []))),
    'bad-in-axes',
  );
  assert.match(
    whatOf(() => vmap(sum, { inAxes: 2 })(ramp(3))),
    'argument 0, f32[3], has no axis 2',
  );
  assert.is(
    codeOf(() => vmap(dot, { inAxes: [0] as never })(ramp(3), ramp(3))),
    'bad-in-axes',
  );
  assert.match(
    whatOf(() => vmap((x: { a: Value }) => x.a, { inAxes: [{ b: 0 }] as never })({ a: ramp(2) })),
    "'0': {b: 0} does not fit {a: *}",
  );
  assert.match(
    whatOf(() => vmap((x: Value, n: number) => add(x, f32([n], [])))(ramp(2), 3)),
    'argument 1, 3, is no array and has no axis 0; pass null for it',
  );
  assert.is(
    codeOf(() => vmap(sum, { inAxes: null })(ramp(2))),
    'no-batch-axis',
  );
  assert.is(
    codeOf(() => vmap(neg, { outAxes: null })(ramp(2))),
    'result-is-batched',
  );
  assert.is(
    codeOf(() => vmap(neg, { outAxes: 2 })(ramp(2))),
    'bad-in-axes',
  );
});

test.run();
