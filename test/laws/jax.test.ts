/** The lower rules against what JAX computed where arithmetic goes wrong. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { interpretProgram } from './expr-interpreter.ts';
import { jaxRecords } from './jax-records.ts';
import { difference, expectNone } from './run-sample.ts';

test('primitives agree with JAX on special numbers', () => {
  assert.ok(jaxRecords.length > 150);
  const complaints = jaxRecords.flatMap(({ name, program, inputs, outputs }) =>
    interpretProgram(program, inputs).flatMap((actual, k) => {
      const why = difference(actual, outputs[k] ?? [], { relative: 1e-5, absolute: 1e-37 });
      return why === null ? [] : [`${name}: ${why}`];
    }),
  );
  expectNone(complaints);
});

test('signs of zeros agree with JAX', () => {
  const exact = new Set(['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'add', 'mul', 'sort']);
  for (const { name, primitive, program, inputs, outputs } of jaxRecords) {
    if (!exact.has(primitive)) continue;
    const actual = interpretProgram(program, inputs).map((x) => Array.from(x, isMinusZero));
    assert.equal(
      actual,
      outputs.map((x) => x.map(isMinusZero)),
      name,
    );
  }
});

const isMinusZero = (x: number): boolean => Object.is(x, -0);

test.run();
