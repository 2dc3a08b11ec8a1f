/** Errors raised long after the operation was written still blame the line where it was written. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { showAval } from '../../core/base/aval.ts';
import { defineError } from '../../core/base/errors.ts';
import {
  definePrimitive,
  notLinear,
  type Primitive,
  unsupported,
} from '../../core/ir/primitive.ts';
import { bindOne } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import '../support/examples.ts';
import { told } from '../support/told.ts';

const { grad, jit, np, vmap } = await import('../../index.ts');

const tooWide = defineError({
  code: 'test-too-wide',
  what: (shown: string) => `narrow: ${shown} has more than one axis`,
  fix: 'pass a vector',
  example: { noExample: 'it belongs to this test' },
});

/** An operation on vectors only, without a derivative, whose batching rule forgets about that. */
const narrow: Primitive = definePrimitive({
  name: 'test-narrow',
  infer: ([x = { shape: [], dtype: 'float32', weak: false }]) => {
    if (x.shape.length > 1) throw tooWide(showAval(x));
    return [x];
  },
  jvp: unsupported('this test needs an operation without one'),
  transpose: notLinear,
  batch: (operands) => [bindOne(narrow, operands, {})],
  lower: () => {
    throw new Error('this test does not compile it');
  },
});

const loss = (x: Value): Value => {
  const y = x.mul(2);
  const z = bindOne(narrow, [y], {});
  return np.sum(z);
};

test('a missing derivative blames the operation that lacks it', async () => {
  assert.is(
    await told(() => grad(loss)(np.ones([3]))),
    `test-narrow has no jvp rule: this test needs an operation without one  [no-derivative-rule]
> const z = bindOne(narrow, [y], {});
fix: stop the derivative there with stopGradient(x), or write the function with other operations`,
  );
});

test('a rule that raises an error blames the operation that it belongs to', async () => {
  const batched = vmap(loss);
  assert.is(
    await told(() => batched(np.ones([4, 3]))),
    `narrow: f32[4, 3] has more than one axis  [test-too-wide]
> const z = bindOne(narrow, [y], {});
fix: pass a vector`,
  );
});

test('nested transforms blame the same line', async () => {
  const all = jit(vmap(loss));
  assert.match(await told(() => all(np.ones([4, 3]))), '\n> const z = bindOne(narrow, [y], {});\n');
});

test.run();
