/** Transposition against the linear part of jvp: ⟨ct, L·dx⟩ = ⟨Lᵀ·ct, dx⟩. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../core/base/aval.ts';
import { linearizeProgram } from '../../transforms/linearize.ts';
import { transposeProgram } from '../../transforms/transpose.ts';
import { interpretProgram } from './expr-interpreter.ts';
import {
  agrees,
  type Case,
  cases,
  complaintsOf,
  direction,
  expectNone,
  floatInputs,
} from './run-sample.ts';

const inner = (xs: readonly ArrayLike<number>[], ys: readonly ArrayLike<number>[]): number =>
  xs.reduce(
    (sum, x, i) => sum + Array.from(x).reduce((s, v, j) => s + v * (ys[i]?.[j] ?? 0), 0),
    0,
  );

/** Both inner products, for tangents of the inputs that are `active`. */
function innerProducts(one: Case, active: readonly boolean[]): readonly [number, number] {
  const { primal, linear, residuals } = linearizeProgram(one.program, active);
  const inputs = one.sample.inputs.map(({ elements }) => elements);
  const outputs = interpretProgram(primal, inputs, 'float64');
  const kept = outputs.slice(outputs.length - residuals);
  const tangents = inputs.filter((_, i) => active[i]).map((x, i) => direction(x.length, 3 + i));
  const cotangents = linear.outputs.map(({ aval }, i) => direction(sizeOf(aval.shape), 17 + i));
  const results = interpretProgram(linear, [...kept, ...tangents], 'float64');
  const known = linear.inputs.map((_, i) => i < residuals);
  const transposed = transposeProgram(linear, known);
  const back = interpretProgram(transposed, [...kept, ...cotangents], 'float64');
  return [inner(cotangents, results), inner(back, tangents)];
}

function check(one: Case, active: readonly boolean[]): string | null {
  const [forward, backward] = innerProducts(one, active);
  return agrees(forward, backward, { relative: 1e-9, absolute: 1e-10 })
    ? null
    : `⟨ct, L·dx⟩ is ${forward} but ⟨Lᵀ·ct, dx⟩ is ${backward}`;
}

const smooth = cases.filter(({ sample }) => sample.smooth);

test('transposition keeps inner products', () => {
  expectNone(complaintsOf(smooth, (one) => check(one, floatInputs(one))));
});

test('transposition in one input only keeps inner products', () => {
  const several = smooth.filter((one) => floatInputs(one).filter(Boolean).length > 1);
  assert.ok(several.length > 50);
  expectNone(
    complaintsOf(several, (one) => {
      const active = floatInputs(one);
      const found = active.map((isActive, i) =>
        isActive
          ? check(
              one,
              active.map((_, j) => i === j),
            )
          : null,
      );
      return found.find((complaint) => complaint !== null) ?? null;
    }),
  );
});

/** Programs that are linear themselves, so that their own rules are transposed, not those of a jvp. */
const linear = cases.filter(({ name }) =>
  /^(scatter .*(set|add)|pad|concatenate|select|dynamicUpdateSlice|gather .*(clip|zero))/.test(
    name,
  ),
);

test('rules of linear operations transpose the operation itself', () => {
  expectNone(
    complaintsOf(
      linear.filter((one) => floatInputs(one).includes(true)),
      (one) => {
        const known = floatInputs(one).map((isLinear) => !isLinear);
        const inputs = one.sample.inputs.map(({ elements }) => elements);
        const outputs = interpretProgram(one.program, inputs, 'float64');
        const cotangents = outputs.map((output, i) => direction(output.length, 5 + i));
        const transposed = transposeProgram(one.program, known);
        const fixed = inputs.filter((_, i) => known[i]);
        const back = interpretProgram(transposed, [...fixed, ...cotangents], 'float64');
        const forward = inner(cotangents, outputs);
        const backward = inner(
          back,
          inputs.filter((_, i) => !known[i]),
        );
        return agrees(forward, backward, { relative: 1e-9, absolute: 1e-10 })
          ? null
          : `⟨ct, f(x)⟩ is ${forward} but ⟨fᵀ(ct), x⟩ is ${backward}`;
      },
    ),
  );
});

test.run();
