/** Loops change their carries where they lie, and see what was there before wherever they ask for it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeAval } from '../../core/base/aval.ts';
import { compile } from '../../core/compile/compile.ts';
import { createWasmDevice } from '../../core/host/wasm/device.ts';
import { trace } from '../../core/ir/trace.ts';
import { full } from '../../core/primitives/broadcast.ts';
import { dynamicUpdateSlice, literal } from '../../core/primitives/index.ts';
import { grad, jit, lax, np, setDefaultDevice, vmap } from '../../index.ts';
import { testDevices } from '../support/devices.ts';

type A = np.Array;
const value = (n: number): A => np.array(n, { dtype: 'float32' });
const ramp = (n: number): A => np.arange(n, { dtype: 'float32' });
const put = (x: A, i: A, v: A): A => lax.dynamicUpdateSlice(x, np.reshape(v, [1]), [i]);
const turns = (n: number): A => np.arange(n, { dtype: 'int32' });

/** Long enough for a change in place on every device. */
const long = 70000;

/** Programs that a careless change in place would get wrong. */
const hazards: Record<string, (x: A) => unknown> = {
  'reads the element before it changes it': (x) =>
    lax.foriLoop(0, 5, (i: A, c: A) => put(c, i.add(1), lax.dynamicSlice(c, [i], [1]).mul(2)), x),
  'reads the old value after the change': (x) =>
    lax.scan(
      (c: A, i: A) => {
        const next = put(c, i, value(7));
        return [next, lax.dynamicSlice(c, [i], [1]).sub(lax.dynamicSlice(next, [i], [1]))];
      },
      x,
      turns(4),
    ),
  'uses the old value in a longer computation after the change': (x) =>
    lax.foriLoop<readonly [A, A]>(
      0,
      4,
      (i, [c, d]) => {
        const next = put(c, i, value(3));
        return [next, next.mul(2).add(c).add(d)];
      },
      [x, np.zeros([long])],
    ),
  'exchanges two carries': (x) =>
    lax.foriLoop<readonly [A, A]>(0, 5, (i, [c, d]) => [put(d, i, value(1)), put(c, i, value(2))], [
      x,
      x.mul(-1),
    ]),
  'carries the old value on in another carry': (x) =>
    lax.foriLoop<readonly [A, A, A]>(0, 5, (i, [c, d]) => [put(c, i, value(9)), c, d.add(c)], [
      x,
      x,
      x,
    ]),
  'gives the carry to a stack, too': (x) =>
    lax.scan(
      (c: A, i: A) => {
        const next = put(c, i, value(5));
        return [next, next];
      },
      x,
      turns(3),
    ),
  'gives the carry before the change to a stack': (x) =>
    lax.scan((c: A, i: A) => [put(c, i, value(5)), c], x, turns(3)),
  'sums up the old value after the change': (x) =>
    lax.scan(
      (c: A, i: A) => {
        const next = put(c, i, i.add(1).mul(100000).astype('float32'));
        return [next, np.max(c).add(np.max(c.mul(2)))];
      },
      x,
      turns(3),
    ),
  'sums up the old value when the change is known already': (x) =>
    lax.scan<readonly [A, A], A, A>(
      ([c, d], row) => {
        const place = turns(9).at(8).get();
        const first = lax.dynamicUpdateSlice(c, row, [place]);
        const news = row.mul(100000).add(1);
        return [[first, lax.dynamicUpdateSlice(d, news, [place])], np.max(d)];
      },
      [x, x],
      np.reshape(ramp(24), [3, 8]),
    ),
  'changes twice, and reads in between': (x) =>
    lax.scan(
      (c: A, i: A) => {
        const once = put(c, i, value(5));
        const seen = np.sum(lax.dynamicSlice(once, [i], [4]));
        const twice = put(once, i.add(1), seen);
        return [twice, seen.add(np.max(once))];
      },
      x,
      turns(4),
    ),
  'changes two arrays by what the other was': (x) =>
    lax.foriLoop<readonly [A, A]>(
      0,
      5,
      (i, [c, d]) => [
        put(c, i, lax.dynamicSlice(d, [i.add(1)], [1])),
        put(d, i, lax.dynamicSlice(c, [i.add(1)], [1])),
      ],
      [x, x.mul(-1)],
    ),
  'starts two carries from one array': (x) =>
    lax.foriLoop<readonly [A, A]>(0, 3, (i, [c, d]) => [put(c, i, value(1)), put(d, i, value(2))], [
      x,
      x,
    ]),
  'uses what the loop began with after it': (x) => {
    const begin = x.mul(2);
    const end = lax.foriLoop(0, 3, (i: A, c: A) => put(c, i, value(1)), begin);
    return [end, begin.add(end)];
  },
  'runs no turn at all': (x) => lax.foriLoop(3, 3, (i: A, c: A) => put(c, i, value(1)), x.mul(2)),
  'nests a loop in a loop': (x) =>
    lax.foriLoop(
      0,
      3,
      (i: A, c: A) =>
        lax.foriLoop(0, 3, (j: A, d: A) => put(d, i.mul(3).add(j), i.add(j).astype('float32')), c),
      x,
    ),
  scatters: (x) =>
    lax.scan(
      (c: A, i: A) => {
        const old = c.at(i).get();
        return [c.at(i).add(old).at(i.add(1)).set(old), old];
      },
      x,
      turns(6),
    ),
  'changes an array in a straight line': (x) => {
    const made = np.cumsum(np.remainder(x, 3));
    const once = made.at(3).set(100);
    return [once, made.at(2).get(), once.at(4).set(200).add(np.max(once))];
  },
};

const flat = (found: unknown): A[] => (Array.isArray(found) ? found.flatMap(flat) : [found as A]);

const sumOf = (data: Iterable<number>): number => {
  let sum = 0;
  for (const x of data) sum += x;
  return sum;
};

/** The results of a program on a device; of a long array its first elements and its sum. */
async function resultsOn(
  device: Parameters<typeof setDefaultDevice>[0],
  f: (x: A) => unknown,
): Promise<number[][]> {
  await setDefaultDevice(device);
  const found = flat(jit(((x: A) => f(x)) as (x: A) => A)(ramp(long)));
  return Promise.all(
    found.map(async (x) => {
      const data = await x.data();
      return [...data.slice(0, 24), ...data.slice(-2), sumOf(data)];
    }),
  );
}

for (const [name, f] of Object.entries(hazards)) {
  for (const device of testDevices(['wasm', 'webgpu'])) {
    test(`a loop that ${name} gives the same on ${device} as where nothing is changed in place`, async () => {
      assert.equal(await resultsOn(device, f), await resultsOn('js', f));
    });
  }
}

/** Loops of 200 turns that each change a little of a long array; a vector in, vectors out. */
const loops: Record<string, (x: A) => A> = {
  dynamicUpdateSlice: (x) => lax.foriLoop(0, 200, (i: A, c: A) => put(c, i, value(1)), x),
  'at.set': (x) => lax.foriLoop(0, 200, (i: A, c: A) => c.at(i).set(1), x),
  'at.add, with what was there stacked': (x) =>
    lax.scan((c: A, i: A) => [c.at(i).add(1), c.at(i).get()] as const, x, turns(200))[0],
  'a scatter of several elements': (x) =>
    lax.foriLoop(0, 200, (i: A, c: A) => c.at(np.add(turns(5), i)).set(np.ones([5])), x),
  'an array that only passes': (x) => {
    const last = lax.whileLoop<readonly [A, A, A]>(
      ([i]) => np.less(i, 200),
      ([i, c, d]) => [i.add(1), put(c, i, lax.dynamicSlice(d, [i], [1])), d],
      [turns(1).at(0).get(), x, x],
    );
    return last[1];
  },
  'a loop in a loop': (x) =>
    lax.foriLoop(
      0,
      20,
      (i: A, c: A) => lax.foriLoop(0, 10, (j: A, d: A) => put(d, i.mul(10).add(j), value(1)), c),
      x,
    ),
  'a batch of loops': (x) =>
    np.reshape(
      vmap((row: A) => lax.foriLoop(0, 200, (i: A, c: A) => put(c, i, value(1)), row))(
        np.reshape(x, [4, -1]),
      ),
      [-1],
    ),
  'a batch of loops with places of their own': (x) =>
    np.reshape(
      vmap((row: A, k: A) => lax.foriLoop(0, 200, (i: A, c: A) => put(c, i.add(k), value(1)), row))(
        np.reshape(x, [4, -1]),
        turns(4),
      ),
      [-1],
    ),
};

for (const [name, f] of Object.entries(loops)) {
  test(`a turn touches as many bytes of a long array as of a longer one: ${name}`, async () => {
    for (const device of testDevices(['wasm'])) {
      await setDefaultDevice(device);
      const bytes = [2 ** 14, 2 ** 18].map((n) => jit(f).lower(np.zeros([n])).cost.bytes / (4 * n));
      // A few passes over the array at the beginning and the end, none in a turn.
      assert.ok((bytes[1] ?? 99) < 8, `${bytes[1]} passes over the array`);
      assert.ok((bytes[0] ?? 99) < 12, `${bytes[0]} passes over the array`);
    }
  });
}

/** Attention of one query to a cache that grows by a row in each turn. */
const attend = (cache: A, rows: A): readonly [A, A] =>
  lax.scan(
    (c: A, [t, row]) => {
      const next = lax.dynamicUpdateSlice(c, np.reshape(row, [1, -1]), [t, turns(1).at(0).get()]);
      const weights = np.exp(np.matmul(next, row).mul(0.1));
      return [next, np.matmul(weights, next)];
    },
    cache,
    [turns(rows.shape[0] ?? 0), rows] as const,
  );

const close = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length &&
  Array.from(a).every((x, i) => Math.abs(x - (b[i] ?? 0)) <= 1e-4 * (1 + Math.abs(x)));

test('a cache that is written row by row and read whole is right, and so are its gradients', async () => {
  const run = (cache: A, rows: A): A => {
    const [last, seen] = attend(cache, rows);
    return np.add(np.sum(np.sin(last)), np.sum(np.cos(seen)));
  };
  const found: ArrayLike<number>[][] = [];
  for (const device of testDevices(['js', 'wasm'])) {
    await setDefaultDevice(device);
    const [cache, rows] = [np.zeros([256, 8]), np.sin(np.reshape(ramp(48), [6, 8]))];
    const all = [...jit(attend)(cache, rows), ...jit(grad(run, { argnums: [0, 1] }))(cache, rows)];
    found.push(await Promise.all(all.map(async (x) => (await x.data()) as Float32Array)));
  }
  for (const other of found.slice(1)) {
    other.forEach((x, i) => {
      assert.ok(close(x, found[0]?.[i] ?? []), `result ${i}`);
    });
  }
});

test('a program that is given its argument changes it where it lies, and leaves it alone otherwise', async () => {
  for (const device of testDevices(['wasm', 'webgpu'])) {
    await setDefaultDevice(device);
    const change = (x: A): A => put(x, turns(4).at(3).get(), value(9));
    const donating = jit(change, { donate: [0] });
    const [x, y] = [ramp(long), ramp(long)];
    assert.ok(donating.lower(x).cost.bytes < 100, 'bytes of a change');
    const first = await donating(x).data();
    assert.equal([...first.slice(0, 5), first[long - 1]], [0, 1, 2, 9, 4, long - 1]);
    // What is not given is still there.
    assert.equal([...(await jit(change)(y).data()).slice(2, 5)], [2, 9, 4]);
    assert.equal([...(await y.data()).slice(2, 5)], [2, 3, 4]);
  }
});

test('an output that could not take over the memory of its input begins as a copy of it', () => {
  const device = createWasmDevice({ threads: 1 });
  const { program } = trace(
    ([x]) =>
      x === undefined
        ? []
        : [dynamicUpdateSlice(x, full(9, { shape: [1], dtype: 'float32' }), [literal(3, 'int32')])],
    [makeAval([long], 'float32')],
  );
  const executable = device.load(compile(program, device.target, new Set([0])));
  const x = device.upload(new Float32Array(long).fill(3), 'float32');
  const [kept] = executable.run([x], new Set());
  assert.equal([...(kept?.readSync() ?? []).slice(2, 5)], [3, 9, 3]);
  assert.equal([...x.readSync().slice(2, 5)], [3, 3, 3]);
  const [taken] = executable.run([x], new Set([0]));
  assert.equal([...(taken?.readSync() ?? []).slice(2, 5)], [3, 9, 3]);
});

test.run();
