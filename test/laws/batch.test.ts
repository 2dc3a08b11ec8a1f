/** Batched programs against a loop. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../core/base/aval.ts';
import { batchProgram } from '../../transforms/batch.ts';
import { interpretProgram } from './expr-interpreter.ts';
import { type Case, cases, complaintsOf, difference, expectNone } from './run-sample.ts';

const exact = { relative: 0, absolute: 0 };

/** Row `row` of a batched input: the sample's elements, turned by one place per row. */
const turned = (elements: readonly number[], row: number): number[] =>
  elements.map((_, i) => elements[(i + row) % elements.length] ?? 0);

/** Every choice of batched inputs but none; of many inputs, all, each alone, and all but each. */
function choices(count: number): boolean[][] {
  if (count <= 3) {
    return Array.from({ length: 2 ** count - 1 }, (_, mask) =>
      Array.from({ length: count }, (_, i) => ((mask + 1) & (1 << i)) !== 0),
    );
  }
  const only = (k: number, value: boolean) =>
    Array.from({ length: count }, (_, i) => (i === k) === value);
  const each = Array.from({ length: count }, (_, k) => [only(k, true), only(k, false)]);
  return [new Array<boolean>(count).fill(true), ...each.flat()];
}

function check(
  { program, sample }: Case,
  batched: readonly boolean[],
  size: number,
): string | null {
  const rows = Array.from({ length: size }, (_, row) =>
    sample.inputs.map(({ elements }, i) => (batched[i] ? turned(elements, row) : elements)),
  );
  const stacked = sample.inputs.map(({ elements }, i) =>
    batched[i] ? rows.flatMap((row) => row[i] ?? []) : elements,
  );
  const lifted = batchProgram(program, size, batched, null);
  const together = interpretProgram(lifted.program, stacked);
  const oneByOne = rows.map((row) => interpretProgram(program, row));
  for (const [k, { aval }] of program.outputs.entries()) {
    const count = sizeOf(aval.shape);
    for (let row = 0; row < size; row++) {
      const whole = together[k];
      const part = lifted.batched[k] ? whole?.slice(row * count, (row + 1) * count) : whole;
      const why = difference(part ?? [], oneByOne[row]?.[k] ?? [], exact);
      if (why !== null) return `[${batched.map(Number)}] row ${row} of output ${k}: ${why}`;
    }
  }
  return null;
}

/** Sorting rows of hundreds of elements by definition takes long, and special pairs need no batch. */
const small = cases.filter(
  ({ sample }) =>
    sample.inputs.length > 0 && sample.inputs.every(({ elements }) => elements.length <= 256),
);

for (const size of [3, 1, 0]) {
  test(`a batch of ${size} equals a loop`, () => {
    assert.ok(small.length > 400);
    expectNone(
      complaintsOf(small, (one) => {
        const found = choices(one.sample.inputs.length).map((batched) => check(one, batched, size));
        return found.find((complaint) => complaint !== null) ?? null;
      }),
    );
  });
}

test.run();
