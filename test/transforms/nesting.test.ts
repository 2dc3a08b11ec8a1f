import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { range } from '../../core/base/aval.ts';
import type { Value } from '../../core/ir/value.ts';
import {
  add,
  broadcastInDim,
  cos,
  dotGeneral,
  exp,
  literal,
  mul,
  reduceMax,
  sin,
  stopGradient,
  tanh,
} from '../../core/primitives/index.ts';
import { arraySpec } from '../../transforms/array-spec.ts';
import { grad, valueAndGrad } from '../../transforms/grad.ts';
import { hessian, jacfwd, jacrev } from '../../transforms/jacobian.ts';
import { jit } from '../../transforms/jit.ts';
import { jvp } from '../../transforms/jvp.ts';
import { linearize } from '../../transforms/linearize.ts';
import { linearTranspose } from '../../transforms/transpose.ts';
import { vjp, vjpWithAux } from '../../transforms/vjp.ts';
import { vmap } from '../../transforms/vmap.ts';
import { f32, i32, near, numbers, ramp, sum } from './arrays.ts';

/** x³, whose derivatives are 3x², 6x, 6. */
const cube = (x: Value): Value => mul(x, mul(x, x));
/** Σ sin(x)·x, whose gradient is sin x + x·cos x. */
const wave = (x: Value): Value => sum(mul(sin(x), x));
const waveGradient = (x: number): number => Math.sin(x) + x * Math.cos(x);
const waveCurvature = (x: number): number => 2 * Math.cos(x) - x * Math.sin(x);
const matvec = (w: Value, x: Value): Value =>
  dotGeneral(w, x, { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
const points = [0.3, -1.2, 2.5];
const two = f32([2], []);

test('grad, value and all higher orders of a polynomial are right', () => {
  assert.ok(near(grad(cube)(two), [12]));
  assert.ok(near(grad(grad(cube))(two), [12]));
  assert.ok(near(grad(grad(grad(cube)))(two), [6]));
  assert.ok(near(grad(grad(grad(grad(cube))))(two), [0]));
  const [value, slope] = valueAndGrad(cube)(two);
  assert.ok(near(value, [8]) && near(slope, [12]));
});

test('a plain number is differentiated as a float, whole or not', () => {
  assert.ok(near(grad(cube)(2 as unknown as Value), [12]));
});

test('jit and grad commute, in any nesting', () => {
  const x = f32(points);
  const expected = points.map(waveGradient);
  for (const f of [grad(jit(wave)), jit(grad(wave)), jit(grad(jit(wave))), grad(jit(jit(wave)))]) {
    assert.ok(near(f(x), expected));
  }
});

test('vmap of grad is a loop over grad, jitted or not', () => {
  const xs = f32([...points, 1, 2, 3], [2, 3]);
  const expected = [...points, 1, 2, 3].map(waveGradient);
  for (const f of [vmap(grad(wave)), jit(vmap(grad(wave))), vmap(jit(grad(wave)))]) {
    assert.ok(near(f(xs), expected));
  }
});

test('grad of vmap sums over the batch', () => {
  const loss = (x: Value) => sum(vmap(wave)(x));
  assert.ok(near(grad(loss)(f32(points, [3, 1])), points.map(waveGradient)));
});

test('forward over reverse, reverse over forward and both pure modes give the Hessian', () => {
  const x = f32(points);
  const expected = points.flatMap((p, i) => points.map((_, j) => (i === j ? waveCurvature(p) : 0)));
  assert.ok(near(hessian(wave)(x), expected));
  assert.ok(near(jacrev(jacfwd(wave))(x), expected));
  assert.ok(near(jacfwd(jacfwd(wave))(x), expected));
  assert.ok(near(jacrev(grad(wave))(x), expected));
  assert.ok(near(jit(hessian(wave))(x), expected));
});

test('a Hessian-vector product is the jvp of the gradient', () => {
  const [slope, product] = jvp(grad(wave), [f32(points)], [f32([1, 2, 3])]);
  assert.ok(near(slope, points.map(waveGradient)));
  assert.ok(
    near(
      product,
      points.map((p, i) => waveCurvature(p) * (i + 1)),
    ),
  );
});

test('vmap of vmap is a double loop', () => {
  const outer = vmap(vmap(mul, { inAxes: [null, 0] }), { inAxes: [0, null] });
  assert.ok(near(outer(f32([1, 2]), f32([3, 4, 5])), [3, 4, 5, 6, 8, 10]));
  const x = ramp(2, 3, 2);
  assert.ok(near(vmap(vmap(sum))(x), [0.3, 0.7, 1.1, 1.5, 1.9, 2.3]));
});

test('an inner gradient does not confuse its variable with the outer one', () => {
  // d/dx [x · d/dy (x·y)] = d/dx x² = 2x; a confused implementation gives x or 3x.
  const f = (x: Value) => mul(x, grad((y: Value) => mul(x, y))(two));
  assert.ok(near(grad(f)(f32([5], [])), [10]));
  // d/dx [x · d/dy (x + y)] = 1, the classic example of Siskind and Pearlmutter.
  const g = (x: Value) => mul(x, grad((y: Value) => add(x, y))(two));
  assert.ok(near(grad(g)(f32([5], [])), [1]));
  const forward = (x: Value) =>
    mul(x, jvp((y: Value) => mul(x, y), [two], [literal(1, 'float32')])[1]);
  assert.ok(near(jvp(forward, [f32([5], [])], [f32([1], [])])[1], [10]));
  assert.ok(near(grad(forward)(f32([5], [])), [10]));
});

test('a gradient flows through values that an inner gradient closes over', () => {
  // d/dx d/dy (x²·y³) at y = x, with x held in the inner function: 2x·3y² = 6x³ plus the y part.
  const mixed = (x: Value) => grad((y: Value) => mul(mul(x, x), cube(y)))(x);
  assert.ok(near(grad(mixed)(two), [12 * 8])); // mixed(x) = 3x⁴
  const detached = (x: Value) => grad((y: Value) => mul(mul(x, x), cube(y)))(stopGradient(x));
  assert.ok(near(grad(detached)(two), [6 * 8]));
});

test('vmap of a gradient that closes over a batched and an unbatched value', () => {
  const shift = f32([10, 20]);
  const scaled = (a: Value) => (y: Value) =>
    sum(mul(broadcastInDim(a, [2], []), mul(y, add(y, shift))));
  // d/dy a·y·(y + s) = a·(2y + s)
  const perExample = vmap((a: Value) => grad(scaled(a))(f32([1, 2])));
  assert.ok(near(perExample(f32([1, 3])), [12, 24, 36, 72]));
  const scalars = vmap((a: Value) => grad((y: Value) => mul(mul(a, y), y))(two));
  assert.ok(near(scalars(f32([1, 3])), [4, 12]));
});

test('jit inside grad inside vmap may close over tracers of both', () => {
  const f = (a: Value) =>
    grad((y: Value) => {
      const inner = jit((z: Value) => mul(mul(a, z), mul(y, z)));
      return inner(y);
    })(two);
  assert.ok(near(vmap(f)(f32([1, 2])), [12, 24]));
});

test('grad takes pytrees and several arguments, and hands aux through', () => {
  const params = { w: ramp(2, 3), b: f32([0.5, -0.5]), empty: null };
  const x = f32(points);
  const loss = (p: typeof params, input: Value) => sum(sin(add(matvec(p.w, input), p.b)));
  const [dp, dx] = grad(loss, { argnums: [0, 1] })(params, x);
  const angles = numbers(add(matvec(params.w, x), params.b));
  const db = angles.map(Math.cos);
  assert.is(dp.empty, null);
  assert.ok(near(dp.b, db));
  assert.ok(
    near(
      dp.w,
      db.flatMap((d) => points.map((p) => d * p)),
    ),
  );
  const w = numbers(params.w);
  assert.ok(
    near(
      dx,
      range(3).map((j) => (db[0] ?? 0) * (w[j] ?? 0) + (db[1] ?? 0) * (w[3 + j] ?? 0)),
    ),
  );
  const withAux = (p: typeof params, input: Value) =>
    [loss(p, input), { double: add(p.b, p.b) }] as const;
  const [[value, aux], slope] = valueAndGrad(withAux, { hasAux: true })(params, x);
  assert.ok(near(value, [angles.reduce((total, a) => total + Math.sin(a), 0)]));
  assert.ok(near(aux.double, [1, -1]));
  assert.ok(near(slope.b, db));
  const [only, alone] = grad(withAux, { hasAux: true })(params, x);
  assert.ok(near(only.b, db) && near(alone.double, [1, -1]));
});

test('arguments that are not differentiated stay what they are', () => {
  const power = (x: Value, n: number, mode: string, index: Value): Value =>
    mode === 'sum' && n === 2 && index.dtype === 'int32' ? sum(mul(x, x)) : sum(x);
  assert.ok(near(grad(power)(f32([3]), 2, 'sum', i32([1])), [6]));
});

test('inputs without influence get zeros of their shape', () => {
  const [dx, dy] = grad((_x: Value, y: Value) => sum(y), { argnums: [0, 1] })(ramp(2, 2), f32([1]));
  assert.equal([dx.shape, numbers(dx), numbers(dy)], [[2, 2], [0, 0, 0, 0], [1]]);
});

test('linearize evaluates once and gives the derivative in any direction', () => {
  const [y, derivative] = linearize(
    (a: Value, b: Value) => ({ p: mul(sin(a), b), q: b }),
    f32(points),
    f32([2, 2, 2]),
  );
  assert.ok(
    near(
      y.p,
      points.map((p) => 2 * Math.sin(p)),
    ),
  );
  const along = derivative(f32([1, 1, 1]), null);
  assert.ok(
    near(
      along.p,
      points.map((p) => 2 * Math.cos(p)),
    ),
  );
  assert.ok(near(along.q, [0, 0, 0]));
  const other = derivative(f32([0, 0, 0]), f32([1, 2, 3]));
  assert.ok(
    near(
      other.p,
      points.map((p, i) => Math.sin(p) * (i + 1)),
    ),
  );
  assert.ok(near(other.q, [1, 2, 3]));
});

test('vjp pulls cotangents of trees back to all arguments', () => {
  const [y, pullBack] = vjp(
    (p: { a: Value; n: Value }, b: Value) => [mul(exp(p.a), b), { s: sum(b) }] as const,
    { a: f32(points), n: i32([1]) },
    f32([2, 2, 2]),
  );
  assert.ok(
    near(
      y[0],
      points.map((p) => 2 * Math.exp(p)),
    ),
  );
  const [dp, db] = pullBack([f32([1, 0, 2]), { s: f32([10], []) }]);
  assert.ok(
    near(
      dp.a,
      points.map((p, i) => 2 * Math.exp(p) * ([1, 0, 2][i] ?? 0)),
    ),
  );
  assert.is(dp.n, null);
  assert.ok(
    near(
      db,
      points.map((p, i) => Math.exp(p) * ([1, 0, 2][i] ?? 0) + 10),
    ),
  );
  const [value, back, aux] = vjpWithAux((x: Value) => [sum(mul(x, x)), cos(x)] as const, f32([3]));
  assert.ok(near(value, [9]) && near(back(f32([1], []))[0], [6]) && near(aux, [Math.cos(3)]));
});

test('linearTranspose turns a matrix product around', () => {
  const w = ramp(2, 3);
  const [back] = linearTranspose((x: Value) => matvec(w, x), f32([0, 0, 0]))(f32([1, 10]));
  assert.ok(near(back, [4.1, 5.2, 6.3]));
  const described = linearTranspose((x: Value) => add(x, x), arraySpec([2]));
  assert.ok(near(described(f32([1, 2]))[0], [2, 4]));
});

test('Jacobians of trees are trees of trees', () => {
  const f = (p: { a: Value; b: Value }) => ({ y: mul(p.a, p.a), z: sum(mul(p.a, p.b)) });
  const at = { a: f32([1, 2]), b: f32([3, 4]) };
  for (const jacobian of [jacfwd(f)(at), jacrev(f)(at)]) {
    assert.equal(jacobian.y.a.shape, [2, 2]);
    assert.ok(near(jacobian.y.a, [2, 0, 0, 4]));
    assert.ok(near(jacobian.y.b, [0, 0, 0, 0]));
    assert.ok(near(jacobian.z.a, [3, 4]));
    assert.ok(near(jacobian.z.b, [1, 2]));
  }
  const second = hessian((p: { a: Value; b: Value }) => f(p).z)(at);
  assert.ok(near(second.a.b, [1, 0, 0, 1]));
  assert.ok(near(second.a.a, [0, 0, 0, 0]));
  const [da, db] = jacrev((a: Value, b: Value) => mul(a, b), { argnums: [0, 1] })(at.a, at.b);
  assert.ok(near(da, [3, 0, 0, 4]) && near(db, [1, 0, 0, 2]));
});

test('axes of a Jacobian are those of the result, then those of the argument', () => {
  const w = ramp(2, 3);
  for (const jacobian of [jacfwd, jacrev]) {
    const byArgument = jacobian((x: Value) => matvec(w, x))(f32(points));
    assert.equal([byArgument.shape, numbers(byArgument)], [[2, 3], numbers(w)]);
    const byMatrix = jacobian((m: Value) => matvec(m, f32(points)))(w);
    assert.equal(byMatrix.shape, [2, 2, 3]);
    assert.ok(near(byMatrix, [...points, 0, 0, 0, 0, 0, 0, ...points]));
  }
});

test('argnums may leave out arguments and take them in any order', () => {
  const f = (a: Value, b: Value, c: Value) => sum(mul(a, mul(b, mul(c, c))));
  const [dc, da, ...others] = grad(f, { argnums: [2, 0] })(f32([2]), f32([3]), f32([5]));
  assert.ok(near(dc, [60]) && near(da, [75]) && others.length === 0);
});

test('the gradient of a gradient norm is right, as in alignment losses', () => {
  const norm = (x: Value) => {
    const g = grad((y: Value) => sum(tanh(mul(y, y))))(x);
    return sum(mul(g, g));
  };
  const slope = numbers(grad(norm)(f32(points)));
  const derivative = (x: number): number => 2 * x * (1 - Math.tanh(x * x) ** 2);
  points.forEach((p, i) => {
    const h = 1e-4;
    const expected = (derivative(p + h) ** 2 - derivative(p - h) ** 2) / (2 * h);
    assert.ok(Math.abs((slope[i] ?? NaN) - expected) < 1e-3 * (1 + Math.abs(expected)));
  });
});

test('per-example gradients of a network equal a loop', () => {
  const w = ramp(3, 2);
  const loss = (weights: Value, x: Value) => reduceMax(exp(tanh(matvec(weights, x))), [0]);
  const xs = [f32([0.1, -0.4]), f32([1, 2])];
  const batch = f32(xs.flatMap(numbers), [2, 2]);
  const all = numbers(jit(vmap(grad(loss), { inAxes: [null, 0] }))(w, batch));
  assert.ok(
    near(
      f32(all),
      xs.flatMap((x) => numbers(grad(loss)(w, x))),
    ),
  );
});

test.run();
