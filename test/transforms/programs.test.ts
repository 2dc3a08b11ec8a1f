import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { show } from '../../core/ir/show.ts';
import type { Value } from '../../core/ir/value.ts';
import {
  add,
  convert,
  gt,
  mul,
  reduceSum,
  select,
  sin,
  stopGradient,
} from '../../core/primitives/index.ts';
import { arraySpec } from '../../transforms/array-spec.ts';
import { batchProgram } from '../../transforms/batch.ts';
import { grad } from '../../transforms/grad.ts';
import { jit } from '../../transforms/jit.ts';
import { jvpProgram } from '../../transforms/jvp.ts';
import { linearizeProgram } from '../../transforms/linearize.ts';
import { evalShape, makeProgram } from '../../transforms/make-program.ts';
import { transposeProgram } from '../../transforms/transpose.ts';
import { vjpProgram } from '../../transforms/vjp.ts';
import { vmap } from '../../transforms/vmap.ts';

const x3 = arraySpec([3]);
const f = (x: Value, y: Value) => mul(sin(x), y);
const program = makeProgram(f)(x3, x3);

const prints = (actual: { toString(): string }, expected: string): void => {
  const lines = expected.split('\n').map((line) => line.trimEnd());
  const indent = Math.min(
    ...lines
      .slice(1)
      .filter(Boolean)
      .map((line) => line.search(/\S/)),
  );
  assert.is(
    String(actual),
    lines
      .map((line) => line.slice(indent))
      .join('\n')
      .trim(),
  );
};

test('a function becomes its equations', () => {
  prints(
    program,
    `
    { a:f32[3], b:f32[3] ->
      c:f32[3] = sin a
      d:f32[3] = mul c b
      d }`,
  );
});

test('jvp follows each equation by its tangent, and leaves out exact zeros', () => {
  const both = jvpProgram(program, [true, true]);
  assert.equal(both.nonzero, [true]);
  prints(
    show(both.program),
    `
    { a:f32[3], b:f32[3], c:f32[3], d:f32[3] ->
      e:f32[3] = sin a
      f:f32[3] = cos a
      g:f32[3] = mul c f
      h:f32[3] = mul e b
      i:f32[3] = mul g b
      j:f32[3] = mul e d
      k:f32[3] = add i j
      h, k }`,
  );
  assert.equal(jvpProgram(program, [false, false]).nonzero, [false]);
  assert.is(jvpProgram(program, [false, false]).program.eqns.length, program.eqns.length);
});

test('vmap gives batched operands a leading axis and leaves shared ones alone', () => {
  const { program: batched, batched: flags } = batchProgram(program, 8, [true, false], null);
  assert.equal(flags, [true]);
  prints(
    show(batched),
    `
    { a:f32[8, 3], b:f32[3] ->
      c:f32[8, 3] = sin a
      d:f32[8, 3] = broadcastInDim[shape=[8, 3] axes=[1]] b
      e:f32[8, 3] = mul c d
      e }`,
  );
});

test('linearize keeps what depends on the point apart from the linear rest', () => {
  const { primal, linear, residuals } = linearizeProgram(program, [true, false]);
  assert.is(residuals, 2);
  prints(
    show(primal),
    `
    { a:f32[3], b:f32[3] ->
      c:f32[3] = sin a
      d:f32[3] = cos a
      e:f32[3] = mul c b
      e, d, b }`,
  );
  prints(
    show(linear),
    `
    { a:f32[3], b:f32[3], c:f32[3] ->
      d:f32[3] = mul c a
      e:f32[3] = mul d b
      e }`,
  );
  prints(
    show(transposeProgram(linear, [true, true, false])),
    `
    { a:f32[3], b:f32[3], c:f32[3] ->
      d:f32[3] = mul c b
      e:f32[3] = mul d a
      e }`,
  );
});

test('vjp is forward and backward in one program', () => {
  prints(
    show(vjpProgram(program, [true, true]).program),
    `
    { a:f32[3], b:f32[3], c:f32[3] ->
      d:f32[3] = sin a
      e:f32[3] = cos a
      f:f32[3] = mul d b
      g:f32[3] = mul d c
      h:f32[3] = mul c b
      i:f32[3] = mul h e
      f, i, g }`,
  );
});

test('grad keeps only what the gradient needs', () => {
  prints(
    makeProgram(grad((x: Value) => reduceSum(sin(x), [0])))(x3),
    `
    { a:f32[3] ->
      b:f32[] = literal[value=1 dtype=float32 weak=false]
      c:f32[3] = cos a
      d:f32[3] = broadcastInDim[shape=[3] axes=[]] b
      e:f32[3] = mul d c
      e }`,
  );
});

test('vmap of grad is grad of each example', () => {
  prints(
    makeProgram(vmap(grad((x: Value) => reduceSum(sin(x), [0]))))(arraySpec([5, 3])),
    `
    { a:f32[5, 3] ->
      b:f32[] = literal[value=1 dtype=float32 weak=false]
      c:f32[5, 3] = cos a
      d:f32[3] = broadcastInDim[shape=[3] axes=[]] b
      e:f32[5, 3] = broadcastInDim[shape=[5, 3] axes=[1]] d
      f:f32[5, 3] = mul e c
      f }`,
  );
});

test('an array used twice gets the sum of its cotangents', () => {
  prints(
    makeProgram(grad((x: Value) => reduceSum(add(x, mul(x, x)), [0])))(x3),
    `
    { a:f32[3] ->
      b:f32[] = literal[value=1 dtype=float32 weak=false]
      c:f32[3] = broadcastInDim[shape=[3] axes=[]] b
      d:f32[3] = mul a c
      e:f32[3] = add c d
      f:f32[3] = mul c a
      g:f32[3] = add e f
      g }`,
  );
});

test('an argument without influence has a gradient of zeros', () => {
  prints(
    makeProgram(grad((_: Value, y: Value) => reduceSum(y, [0])))(x3, x3),
    `
    { a:f32[3], b:f32[3] ->
      c:f32[] = literal[value=0 dtype=float32 weak=false]
      d:f32[3] = broadcastInDim[shape=[3] axes=[]] c
      d }`,
  );
});

test('stopGradient and integers carry no tangent', () => {
  const g = (x: Value) => mul(stopGradient(x), convert(convert(x, 'int32'), 'float32'));
  const { nonzero } = jvpProgram(makeProgram(g)(x3), [true]);
  assert.equal(nonzero, [false]);
});

test('jit called while tracing becomes part of the program', () => {
  const inner = jit((x: Value) => select(gt(x, x), x, sin(x)));
  prints(
    makeProgram((x: Value) => inner(inner(x)))(x3),
    `
    { a:f32[3] ->
      b:bool[3] = gt a a
      c:f32[3] = sin a
      d:f32[3] = select b a c
      e:bool[3] = gt d d
      f:f32[3] = sin d
      g:f32[3] = select e d f
      g }`,
  );
});

test('evalShape says shapes and dtypes of every array of the result', () => {
  const specs = evalShape((x: Value) => ({ y: vmap(sin)(x), n: [convert(x, 'int32'), 2] }), x3);
  assert.is(`${specs.y} ${specs.n.join(' ')}`, 'f32[3] i32[3] i32*[]');
});

test.run();
