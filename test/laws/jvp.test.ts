/** Forward derivatives against central differences, in double precision. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isFloat } from '../../core/base/dtype.ts';
import type { Program } from '../../core/ir/program.ts';
import { jvpProgram } from '../../transforms/jvp.ts';
import { interpretProgram } from './expr-interpreter.ts';
import {
  type Case,
  cases,
  complaintsOf,
  difference,
  direction,
  expectNone,
  floatInputs,
} from './run-sample.ts';

const step = 1e-5;
const tolerance = { relative: 1e-5, absolute: 1e-6 };

/** The derivative of the float outputs along `tangents`, by central differences. */
function differences(
  program: Program,
  inputs: readonly (readonly number[])[],
  tangents: readonly (readonly number[])[],
): number[] {
  const at = (h: number) =>
    interpretProgram(
      program,
      inputs.map((x, i) => x.map((value, j) => value + h * (tangents[i]?.[j] ?? 0))),
      'float64',
    );
  const [above, below] = [at(step), at(-step)];
  return program.outputs.flatMap(({ aval }, k) =>
    isFloat(aval.dtype)
      ? Array.from(above[k] ?? [], (value, j) => (value - (below[k]?.[j] ?? 0)) / (2 * step))
      : [],
  );
}

/** The derivative of the float outputs along `tangents`, by the jvp rules; zero where they say so. */
function byRules(
  program: Program,
  inputs: readonly (readonly number[])[],
  tangents: readonly (readonly number[])[],
  active: readonly boolean[],
): number[] {
  const jvp = jvpProgram(program, active, { zerosWritten: true });
  const given = [...inputs, ...tangents.filter((_, i) => active[i])];
  const outputs = interpretProgram(jvp.program, given, 'float64').slice(program.outputs.length);
  return program.outputs.flatMap(({ aval }, k) =>
    isFloat(aval.dtype) ? Array.from(outputs[k] ?? []) : [],
  );
}

function checkDerivative(
  program: Program,
  inputs: readonly (readonly number[])[],
  active: boolean[],
) {
  const tangents = inputs.map((x, i) => (active[i] ? direction(x.length, 7 + i) : x.map(() => 0)));
  return difference(
    byRules(program, inputs, tangents, active),
    differences(program, inputs, tangents),
    tolerance,
  );
}

const inputsOf = ({ sample }: Case) => sample.inputs.map(({ elements }) => elements);
const smooth = cases.filter(({ sample }) => sample.smooth);

test('the samples have programs to differentiate', () => {
  assert.ok(smooth.length > 200);
});

test('jvp equals central differences', () => {
  expectNone(
    complaintsOf(smooth, (one) => checkDerivative(one.program, inputsOf(one), floatInputs(one))),
  );
});

test('jvp in one input only equals central differences', () => {
  const several = smooth.filter((one) => floatInputs(one).filter(Boolean).length > 1);
  expectNone(
    complaintsOf(several, (one) => {
      const active = floatInputs(one);
      const found = active.map((isActive, i) =>
        isActive
          ? checkDerivative(
              one.program,
              inputsOf(one),
              active.map((_, j) => i === j),
            )
          : null,
      );
      return found.find((complaint) => complaint !== null) ?? null;
    }),
  );
});

test('jvp of jvp equals central differences of jvp', () => {
  expectNone(
    complaintsOf(smooth, (one) => {
      const active = floatInputs(one);
      const { program } = jvpProgram(one.program, active, { zerosWritten: true });
      const tangents = one.sample.inputs
        .filter((_, i) => active[i])
        .map(({ elements }, i) => direction(elements.length, 31 + i));
      return checkDerivative(
        program,
        [...inputsOf(one), ...tangents],
        [...active, ...tangents.map(() => true)],
      );
    }),
  );
});

test('ties of max and min share the derivative, and abs counts 0 as positive, as in JAX', () => {
  const [max, abs] = ['max float32', 'abs float32'].map((name) =>
    cases.find((one) => one.name.startsWith(name)),
  );
  assert.ok(max !== undefined && abs !== undefined);
  const same = one(max, [3, 3]);
  assert.equal(
    byRules(max.program, [same, same], [same.map(() => 1), same.map(() => 0)], [true, false])[0],
    0.5,
  );
  const zero = one(abs, [0]);
  assert.equal(byRules(abs.program, [zero], [zero.map(() => 1)], [true])[0], 1);
});

/** As many elements as the first input has. */
function one({ sample }: Case, [value = 0]: readonly number[]): number[] {
  return (sample.inputs[0]?.elements ?? []).map(() => value);
}

test.run();
