import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Value } from '../../core/ir/value.ts';
import { argmax, mul, sin } from '../../core/primitives/index.ts';
import { grad, valueAndGrad } from '../../transforms/grad.ts';
import { jacrev } from '../../transforms/jacobian.ts';
import { jit } from '../../transforms/jit.ts';
import { jvp } from '../../transforms/jvp.ts';
import { linearTranspose } from '../../transforms/transpose.ts';
import { vjp } from '../../transforms/vjp.ts';
import { vmap } from '../../transforms/vmap.ts';
import { codeOf, i32, ramp, sum, whatOf } from './arrays.ts';

test('grad of what is no scalar names the shape', () => {
  const square = (x: Value) => mul(x, x);
  const run = () => grad(square)(ramp(2, 3));
  assert.is(codeOf(run), 'grad-needs-scalar');
  assert.is(whatOf(run), "grad of 'square': the function returns f32[2, 3], not a scalar");
  const pair = (x: Value) => [sum(x), x];
  assert.match(
    whatOf(() => grad(pair as never)(ramp(2) as never)),
    'returns [*, *], not a scalar',
  );
});

test('grad with respect to integers names the argument, the path and the dtype', () => {
  const loss = (scale: Value, p: { w: Value; step: Value }) => sum(mul(p.w, scale));
  const run = () => grad(loss, { argnums: 1 })(ramp(2), { w: ramp(2), step: i32([1], []) });
  assert.is(codeOf(run), 'grad-of-integer');
  assert.is(
    whatOf(run),
    "grad of 'loss': argument 1 at 'step' is i32[]; only floats have derivatives",
  );
  assert.is(
    codeOf(() => grad((x: Value) => argmax(x, 0))(ramp(2))),
    'grad-of-integer-result',
  );
  assert.is(
    codeOf(() => jacrev((x: Value) => argmax(x, 0))(ramp(2))),
    'grad-of-integer-result',
  );
});

test('argnums and hasAux must fit the function', () => {
  assert.is(
    codeOf(() => grad(sum, { argnums: 1 as never })(ramp(2))),
    'argument-out-of-range',
  );
  const missing = () => valueAndGrad(sum as never, { hasAux: true })(ramp(2) as never);
  assert.is(codeOf(missing), 'aux-needs-pair');
  assert.match(whatOf(missing), 'must return [result, aux], got f32[]');
});

test('tangents and cotangents must have the types of what they belong to', () => {
  assert.is(
    codeOf(() => jvp(sin, [ramp(3)], [ramp(2)])),
    'tangent-mismatch',
  );
  const f = (p: { a: Value }) => sin(p.a);
  assert.is(
    whatOf(() => jvp(f, [{ a: ramp(3) }], [{ a: i32([1, 2, 3]) }])),
    "jvp of 'f': argument 0 at 'a' is f32[3], but its tangent is i32[3]",
  );
  assert.is(
    codeOf(() => jvp((x: Value) => x, [i32([1])], [i32([1])])),
    'tangent-mismatch',
  );
  assert.is(
    codeOf(() => jvp(f, [{ a: ramp(3) }], [{ b: ramp(3) }] as never)),
    'tree-structure-mismatch',
  );
  const [, pullBack] = vjp(f, { a: ramp(3) });
  assert.is(
    whatOf(() => pullBack(ramp(2))),
    "vjp of 'f': the result is f32[3], but its tangent is f32[2]",
  );
});

test('only arrays, numbers and booleans are traced, and the place of others is named', () => {
  assert.is(
    whatOf(() => jit((p: { mode: string; x: Value }) => p.x)({ mode: 'fast', x: ramp(1) })),
    "jit of a function needs an array, a number or a boolean, got the string 'fast' as argument 0 at 'mode'",
  );
  assert.match(
    whatOf(() => jit((x: Value) => ({ x, label: 'text' }))(ramp(1))),
    "the result of jit of a function needs an array, a number or a boolean, got the string 'text' at 'label'",
  );
});

test('a traced function cannot be asynchronous', () => {
  const wait = async (x: Value) => x;
  assert.is(
    codeOf(() => jit(wait as never)(ramp(1) as never)),
    'async-function',
  );
  assert.is(
    codeOf(() => grad(wait as never)(ramp(1) as never)),
    'async-function',
  );
  assert.is(
    codeOf(() => vmap(wait as never)(ramp(1) as never)),
    'async-function',
  );
  assert.is(
    codeOf(() => grad(wait as never, { hasAux: true })(ramp(1) as never)),
    'async-function',
  );
});

test('reading a traced value names the transforms it is under', () => {
  const loss = (x: Value) => {
    x.dataSync();
    return sum(x);
  };
  assert.match(
    whatOf(() => vmap(grad(loss))(ramp(4, 2))),
    "grad of 'loss' is being traced",
  );
  const read = (x: Value) => void x.dataSync();
  assert.match(
    whatOf(() => vmap(read as never)(ramp(32) as never)),
    "vmap(size 32) of 'read' is being traced",
  );
});

test('a tracer that escapes its trace is refused', () => {
  let kept: Value = ramp(1);
  jit((x: Value) => {
    kept = x;
    return x;
  })(ramp(2));
  assert.is(
    codeOf(() => sin(kept)),
    'escaped-tracer',
  );
  assert.is(
    codeOf(() => jit((x: Value) => mul(x, kept))(ramp(2))),
    'escaped-tracer',
  );
});

test('only linear functions are transposed', () => {
  assert.is(
    codeOf(() => linearTranspose(sin, ramp(2))(ramp(2))),
    'not-linear',
  );
  assert.is(
    codeOf(() => linearTranspose((x: Value) => mul(x, x), ramp(2))(ramp(2))),
    'not-linear',
  );
  assert.is(
    codeOf(() => linearTranspose((x: Value) => x, i32([1]))(i32([1]))),
    'not-linear',
  );
});

test.run();
