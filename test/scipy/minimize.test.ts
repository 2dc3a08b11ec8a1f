/** BFGS against JAX, recorded by test/golden/make-minimize.py. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { jit, np, scipy, vmap } from '../../index.ts';
import { testDevices, use } from '../support/devices.ts';

interface Case {
  readonly fn: string;
  readonly x0: readonly number[];
  readonly x: readonly number[];
  readonly fun: number;
  readonly success: boolean;
  readonly status: number;
}

const golden = new URL('../golden/minimize.json', import.meta.url);
const cases: readonly Case[] = JSON.parse(readFileSync(golden, 'utf8')).cases;

type A = np.Array;
type Fn = (x: A) => A;
type Options = scipy.optimize.BfgsOptions;

const total = (x: A): A => np.sum(x);
const pairs = (x: A): [A, A] => [x.get(np.slice(null, -1)), x.get(np.slice(1, null))];

const functions: Readonly<Record<string, Fn>> = {
  rosenbrock(x) {
    const [a, b] = pairs(x);
    const off = np.square(b.sub(np.square(a))).mul(100);
    return total(off.add(np.square(np.subtract(1, a))));
  },
  valley(x) {
    const [a, b] = pairs(x);
    return total(
      np
        .square(b.sub(a))
        .mul(100)
        .add(np.square(np.subtract(1, a))),
    );
  },
  quadratic: (x) => total(np.arange(1, x.size + 1).mul(np.square(x.sub(3)))).div(2),
  himmelblau(x) {
    const [a, b] = [x.get(0), x.get(1)];
    const one = np.square(a).add(b).sub(11);
    return np.square(one).add(np.square(a.add(np.square(b)).sub(7)));
  },
  matyas(x) {
    const [a, b] = [x.get(0), x.get(1)];
    return np.square(a).add(np.square(b)).mul(0.26).sub(a.mul(b).mul(0.48));
  },
};

function functionOf({ fn }: Pick<Case, 'fn'>): Fn {
  const found = functions[fn];
  assert.ok(found !== undefined, `there is no ${fn}`);
  return found as Fn; // Asserted above.
}

const run =
  (fun: Fn, options: Options = {}) =>
  (x0: A) => {
    const {
      x,
      fun: f,
      success,
      status,
    } = scipy.optimize.minimize(fun, x0, {
      method: 'BFGS',
      options,
    });
    return { x, f, success, status };
  };

const numbers = async (x: A): Promise<number[]> => [...(await x.data())].map(Number);

function near(found: readonly number[], wanted: readonly number[], label: string): void {
  assert.is(found.length, wanted.length, label);
  for (const [i, value] of found.entries()) {
    const aim = wanted[i] ?? Number.NaN;
    assert.ok(Math.abs(value - aim) <= 1e-4, `${label}: element ${i} is ${value}, not ${aim}`);
  }
}

/** Where the function is lowest: what JAX found, or 1 on Rosenbrock's function, where JAX ends early. */
const lowest = ({ fn, x, fun, x0 }: Case) =>
  fn === 'rosenbrock' ? { x: x0.map(() => 1), fun: 0 } : { x, fun };

for (const device of testDevices(['js', 'wasm'])) {
  for (const one of cases) {
    const label = `BFGS on ${one.fn} from [${one.x0}]`;
    const promise = one.success ? 'finds what JAX finds' : 'finds the minimum that JAX misses';
    test(`${label} ${promise} on ${device}`, async () => {
      await use(device);
      const wanted = lowest(one);
      for (const minimize of [run(functionOf(one)), jit(run(functionOf(one)))]) {
        const found = minimize(np.array([...one.x0]));
        near(await numbers(found.x), wanted.x, `x of ${label}`);
        near(await numbers(found.f), [wanted.fun], `fun of ${label}`);
        assert.equal([await numbers(found.success), await numbers(found.status)], [[1], [0]]);
      }
    });
  }

  test(`vmap minimizes each from its own start on ${device}`, async () => {
    await use(device);
    const ours = cases.filter(({ fn }) => fn === 'himmelblau');
    const starts = np.array(ours.map(({ x0 }) => [...x0]));
    const found = jit(vmap(run(functionOf({ fn: 'himmelblau' }))))(starts);
    near(
      await numbers(found.x),
      ours.flatMap(({ x }) => x),
      'x of the batch',
    );
    assert.equal(await numbers(found.success), [1, 1]);
  });

  test(`limits end the search without success on ${device}`, async () => {
    await use(device);
    const start = np.array([-1.2, 1]);
    const few = run(functionOf({ fn: 'rosenbrock' }), { maxiter: 3 })(start);
    assert.equal([await numbers(few.success), await numbers(few.status)], [[0], [1]]);
    const short = run(functionOf({ fn: 'rosenbrock' }), { maxEvaluations: 5 })(start);
    assert.equal([await numbers(short.success), await numbers(short.status)], [[0], [-1]]);
  });

  test(`args are given to the function after x on ${device}`, async () => {
    await use(device);
    const shifted = (x: A, centre: A): A => total(np.square(x.sub(centre)));
    const centre = np.array([2, -1]);
    const options = { method: 'BFGS', args: [centre] } as const;
    const found = scipy.optimize.minimize(shifted, np.zeros([2]), options);
    near(await numbers(found.x), [2, -1], 'x');
  });
}

for (const device of testDevices(['webgpu'])) {
  test(`a small quadratic is minimized in one program on ${device}`, async () => {
    await use(device);
    const minimize = jit(run(functionOf({ fn: 'quadratic' }), { maxEvaluations: 8 }));
    const found = minimize(np.array([1, 1]));
    near(await numbers(found.x), [3, 3], 'x');
    assert.equal(await numbers(found.success), [1]);
  });
}

test.run();
