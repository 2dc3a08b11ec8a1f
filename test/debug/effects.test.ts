/** Printing and calling from inside programs: when, how often, in which order; as JAX does. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { show } from '../../core/ir/show.ts';
import type { Value } from '../../core/ir/value.ts';
import { jvpProgram } from '../../transforms/jvp.ts';
import { testDevices, use } from '../support/devices.ts';
import { programs } from './programs.ts';

const { arraySpec, debug, grad, ioCallback, jit, jvp, lax, makeProgram, np, pureCallback, vmap } =
  await import('../../index.ts');

/** What JAX prints; test/golden/make-debug.py wrote it. */
const golden: Record<string, string[]> = JSON.parse(
  readFileSync(new URL('../golden/debug.json', import.meta.url), 'utf8'),
).printed;

/** The lines that are printed until everything has come. */
async function printed(body: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => lines.push(line);
  try {
    body();
    await debug.flush();
  } finally {
    console.log = log;
  }
  return lines;
}

/** Python writes 1.0 where JavaScript writes 1. */
const asPython = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replaceAll(/(?<=^|[ =])(\d+)(?=$|[ ,])/g, '$1.0'));

for (const device of testDevices()) {
  for (const [name, run] of Object.entries(programs)) {
    test(`${name} prints on ${device} what JAX prints`, async () => {
      await use(device);
      const expected = golden[name] ?? [];
      assert.ok(expected.length > 0);
      assert.equal(asPython(await printed(run)), expected);
      const again = await printed(run); // From the cache.
      assert.equal(asPython(again), expected);
    });
  }

  test(`lines come on ${device} before the result does`, async () => {
    await use(device);
    const lines: string[] = [];
    const { log } = console;
    console.log = (line: string) => lines.push(line);
    const f = jit((x: Value) => {
      debug.print('first {}', x);
      debug.print('second {}', x.add(1));
      return x.mul(2);
    });
    const result = f(np.array(1));
    f(np.array(5));
    await result.data();
    console.log = log;
    assert.equal(lines.slice(0, 2), ['first 1', 'second 2']);
    await debug.flush();
  });

  test(`programs of one text call each its own function on ${device}`, async () => {
    await use(device);
    const seen: string[] = [];
    const make = (who: string) =>
      jit((x: Value) => {
        debug.callback((v: Value) => seen.push(`${who} ${v.toString()}`), x);
        return x;
      });
    make('a')(np.array([1, 2]));
    make('b')(np.array([3, 4]));
    await debug.flush();
    assert.equal(seen, ['a f32[2] [1, 2]', 'b f32[2] [3, 4]']);
  });

  test(`what a function throws is thrown on ${device} by flush or by the call`, async () => {
    await use(device);
    const f = jit((x: Value) => {
      debug.callback(() => {
        throw new Error('from the callback');
      }, x);
      return x;
    });
    let told = '';
    try {
      await f(np.ones([2])).data();
    } catch (error) {
      told = String(error);
    }
    assert.is(told, 'Error: from the callback');
    await debug.flush().catch(() => {});
    await debug.flush();
  });
}

test('arguments that are no arrays are handed on as they are, in their tree', async () => {
  await use('wasm');
  const seen: unknown[] = [];
  jit((x: Value) => {
    debug.callback(
      (tree: { a: Value; who: string }, n: number) =>
        seen.push([tree.a.dataSync()[0], tree.who, n]),
      { a: np.sum(x), who: 'me' },
      7,
    );
    return null;
  })(np.ones([3]));
  assert.equal(seen, [[3, 'me', 7]]);
});

test('arrays of a callback serve further operations once the program has run', async () => {
  await use('wasm');
  const kept: Value[] = [];
  jit((x: Value) => {
    debug.callback((v: Value) => kept.push(v), x);
    return x.mul(3);
  })(np.array([1, 2]));
  const [first] = kept;
  assert.ok(first !== undefined);
  assert.equal(Array.from(await first.add(1).data()), [2, 3]);
});

test('equal lines are not merged, and lines without a result are not dropped', async () => {
  await use('wasm');
  const f = jit((x: Value) => {
    debug.print('twice {}', x);
    debug.print('twice {}', x);
    return x;
  });
  assert.equal(await printed(() => f(np.array(1))), ['twice 1', 'twice 1']);
});

test('debug.print writes numbers as short as they are exact, and in the digits asked for', async () => {
  await use('wasm');
  const x = np.array([1.1, 0.1, 1e-8]);
  const lines = await printed(() => {
    debug.print('{} {{}} {}', x, np.array(3, { dtype: 'int32' }));
    debug.print('{x:.2f} {x:.1e} {y:d}', { x: np.array(1.256), y: np.array(7.9) });
    debug.print('{} {}', np.array([true, false]), { a: np.ones([2]), b: 'text' });
    debug.print('{}', np.arange(2000));
    debug.print('{1} {0}', np.array(0), np.array(1));
  });
  assert.equal(lines, [
    '[1.1, 0.1, 1e-8] {} 3',
    '1.26 1.3e+0 7',
    '[true, false] {a: [1, 1], b: text}',
    '[0, 1, 2, …, 1997, 1998, 1999]',
    '1 0',
  ]);
});

test('the derivative of a print is no print of its own', () => {
  const program = makeProgram((x: Value) => {
    debug.print('{}', x);
    return np.sin(x);
  })(arraySpec([3]));
  const lines = show(jvpProgram(program, [true]).program)
    .split('\n')
    .filter((line) => line.includes('debugCallback'));
  assert.is(lines.length, 1);
});

for (const device of testDevices(['js', 'wasm'])) {
  test(`pureCallback computes in the middle of a program on ${device}`, async () => {
    await use(device);
    const f = jit((x: Value) =>
      pureCallback((v: Value) => v.dataSync().map((e) => e + 1), arraySpec([2]), [x.mul(2)]).mul(
        10,
      ),
    );
    assert.equal(Array.from(await f(np.array([1, 2])).data()), [30, 50]);
    const turns = jit((x: Value) =>
      lax.foriLoop(
        0,
        3,
        (_i: Value, c: Value) =>
          pureCallback((v: Value) => (v.dataSync()[0] ?? 0) * 2, arraySpec([]), [c]),
        x,
      ),
    );
    assert.is(await turns(np.array(1.5)).item(), 12);
  });

  test(`vmap calls one by one, or once with the whole batch, on ${device}`, async () => {
    await use(device);
    for (const [vmapMethod, shapes] of [
      ['sequential', ['', '']],
      ['expandDims', ['2|1']],
      ['broadcastAll', ['2|2']],
    ] as const) {
      const seen: string[] = [];
      const sums = vmap(
        (x: Value, y: Value) =>
          pureCallback(
            (a: Value, b: Value) => {
              seen.push(a.ndim === 0 ? '' : `${a.shape[0]}|${b.shape[0]}`);
              const [as, bs] = [a.dataSync(), b.dataSync()];
              return Array.from(as, (v, i) => v + (bs[i] ?? bs[0] ?? 0));
            },
            arraySpec([]),
            [x, y],
            { vmapMethod },
          ),
        { inAxes: [0, null] },
      )(np.array([1, 2]), np.array(10));
      assert.equal(Array.from(await sums.data()), [11, 12]);
      assert.equal(seen, shapes);
    }
  });

  test(`ioCallback is called in order, also if nobody needs its result, on ${device}`, async () => {
    await use(device);
    let state = 1;
    const f = jit(() => {
      ioCallback(() => (state += 1), arraySpec([]), []);
      ioCallback(() => (state *= 10), arraySpec([]), []);
      return null;
    });
    f();
    assert.is(state, 20);
    f();
    assert.is(state, 210);
  });
}

test('a pure function whose result nobody needs is not called', async () => {
  await use('wasm');
  let calls = 0;
  jit((x: Value) => {
    pureCallback(() => ++calls, arraySpec([]), []);
    return x;
  })(np.ones([2]));
  assert.is(calls, 0);
});

test('a function that a program waits for has no derivative unless it is given one', async () => {
  await use('wasm');
  const f = (x: Value): Value => pureCallback((v: Value) => v.dataSync(), arraySpec([]), [x]);
  assert.throws(() => grad(f)(np.array(1)), /pureCallback has no jvp rule/);
  assert.throws(() => jvp(f, [np.array(1)], [np.array(1)]), /wrap it with customJvp/);
});

test.run();
