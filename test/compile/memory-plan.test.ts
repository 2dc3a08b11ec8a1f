/** Intermediate arrays share memory when their lives do not overlap, and never when they do. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAval } from '../../core/base/aval.ts';
import { compile } from '../../core/compile/compile.ts';
import type { Plan, Slot } from '../../core/compile/plan.ts';
import { createJsDevice } from '../../core/host/js/device.ts';
import { setDefaultDevice } from '../../core/host/runtime.ts';
import { trace } from '../../core/ir/trace.ts';
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { softmax } from '../../nn/index.ts';
import { jit } from '../../transforms/index.ts';

const { target } = createJsDevice({ fuse: true });

function plan(body: (x: Value) => Value[], size: number, donated: number[] = []): Plan {
  const { program } = trace(
    ([x]) => (x === undefined ? [] : body(x)),
    [makeAval([size, size], 'float32')],
  );
  return compile(program, target, new Set(donated));
}

test('a chain of fifty products holds two arrays at a time', () => {
  const chain = plan((x) => {
    let y = x;
    for (let i = 0; i < 50; i++) y = np.matmul(y, x);
    return [y];
  }, 64);
  assert.is(chain.steps.length, 50);
  assert.ok(chain.arenaBytes <= 2 * 64 * 64 * 4, `${chain.arenaBytes} bytes`);
});

test('a row kernel writes over the rows that it has read', () => {
  const between = plan((x) => [np.matmul(softmax(np.matmul(x, x)), x)], 64);
  assert.ok(between.steps.some(({ kernel }) => kernel.kind === 'loop' && kernel.locals?.length));
  assert.is(between.arenaBytes, 64 * 64 * 4);
});

test('arrays that are alive at once do not overlap in the arena', () => {
  const wide = plan((x) => {
    const parts = [1, 2, 3, 4].map((i) => np.matmul(x, np.multiply(x, i)));
    const squares = parts.map((p) => np.matmul(p, p));
    return [squares.reduce((a, b) => np.matmul(a, b))];
  }, 32);
  const lives = new Map<string, { slot: Slot; first: number; last: number }>();
  wide.steps.forEach(({ slots, kernel }, step) => {
    slots.forEach((slot, i) => {
      if (slot.kind !== 'arena') return;
      const key = String(kernel.buffers[i]?.source.id);
      const life = lives.get(key) ?? { slot, first: step, last: step };
      lives.set(key, { ...life, last: step });
    });
  });
  const all = [...lives.values()];
  assert.ok(all.length > 4);
  for (const a of all) {
    for (const b of all) {
      if (a === b || a.slot.kind !== 'arena' || b.slot.kind !== 'arena') continue;
      const together = a.first <= b.last && b.first <= a.last;
      const overlap =
        a.slot.offset < b.slot.offset + b.slot.bytes &&
        b.slot.offset < a.slot.offset + a.slot.bytes;
      assert.not.ok(together && overlap, 'two living arrays share memory');
    }
  }
});

test('a donated argument gives its memory to a result that is computed in place', () => {
  const step = plan((x) => [np.subtract(x, np.multiply(x, 0.1))], 32, [0]);
  assert.is(step.aliases.get(0), 0);
});

test('a donated argument that is still needed is not overwritten', () => {
  const step = plan((x) => [np.flip(x, { axis: 0 })], 32, [0]);
  assert.is(step.aliases.get(0), undefined);
});

/** A chain of arrays of many sizes, each used again some steps later. */
function tangled(seed: number): Plan {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const { program } = trace(
    ([x]) => {
      const pool: Value[] = x === undefined ? [] : [x];
      for (let i = 0; i < 40; i++) {
        const a = pool[next(pool.length)] ?? np.zeros([4]);
        const b = pool[pool.length - 1] ?? a;
        const sum = np.add(np.sum(a), b);
        pool.push(next(3) === 0 ? np.concatenate([np.ravel(sum), np.ravel(a)]) : np.tanh(sum));
        if (pool.length > 4) pool.splice(next(3), 1);
      }
      return pool;
    },
    [makeAval([5], 'float32')],
  );
  return compile(program, createJsDevice({ fuse: false }).target);
}

test('what a kernel writes overlaps with what it reads exactly or not at all', () => {
  for (let seed = 1; seed <= 20; seed++) {
    for (const { kernel, slots } of tangled(seed).steps) {
      slots.forEach((a, i) => {
        slots.forEach((b, j) => {
          if (i >= j || a.kind !== 'arena' || b.kind !== 'arena') return;
          const isApart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
          assert.ok(
            isApart || a.offset === b.offset,
            `${kernel.name}: ${a.offset} and ${b.offset}`,
          );
        });
      });
    }
  }
});

test('a product of a product is not written over what its inner sums still read', async () => {
  const product = (w: Value, x: Value): Value => np.sum(np.multiply(w, x), { axis: 1 });
  const f = jit((w: Value, x: Value) => {
    const inner = np.sort(x);
    return np.sort(product(w, product(w, inner)));
  });
  const results: number[][] = [];
  for (const fuse of [false, true]) {
    await setDefaultDevice(createJsDevice({ fuse }));
    const w = np.reshape(np.array([1, 2, 3, 4, 5, 6, 7, 8, 10], { dtype: 'float32' }), [3, 3]);
    results.push([...(await f(np.multiply(w, 0.1), np.array([0.1, 0.2, 0.3])).data())]);
  }
  const [expected = [], found = []] = results;
  found.forEach((value, i) => {
    assert.ok(Math.abs(value - (expected[i] ?? Number.NaN)) < 1e-5, `${found} is not ${expected}`);
  });
});

test.run();
