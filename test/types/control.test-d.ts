/** What tsc must accept and refuse of loops, branches, custom rules and debugging. Nothing here runs. */
import type { Value } from '../../core/ir/value.ts';
import { type ArraySpec, shapeDtypeStruct } from '../../transforms/array-spec.ts';
import { pmean, psum } from '../../transforms/collectives/index.ts';
import {
  cond,
  customBatching,
  customGradient,
  customJvp,
  customVjp,
  foriLoop,
  linearCall,
  map,
  scan,
  sequentialVmap,
  switchCase,
  whileLoop,
} from '../../transforms/control/index.ts';
import { callback } from '../../transforms/debug/callback.ts';
import { pureCallback } from '../../transforms/debug/host-results.ts';
import { jit } from '../../transforms/jit.ts';
import { makeProgram } from '../../transforms/make-program.ts';
import { vmap } from '../../transforms/vmap.ts';
import { type Equal, expectType } from './expect-type.ts';

declare const x: Value;
interface State {
  readonly position: Value;
  readonly count: Value;
}
declare const state: State;

export function loops(): void {
  const [last, stacked] = scan((c: Value, v: Value) => [c.add(v), { v }], x, x);
  expectType<Equal<typeof last, Value>>();
  expectType<Equal<(typeof stacked)['v'], Value>>();
  const [carried] = scan(
    (s: State, v: Value) => [{ position: s.position.add(v), count: s.count }, null],
    state,
    x,
  );
  expectType<Equal<(typeof carried)['position'], Value>>();
  // @ts-expect-error The carry lacks a member.
  scan((s: State, v: Value) => [{ position: s.position.add(v) }, null], state, x);
  // @ts-expect-error The body returns no pair.
  scan((c: Value, v: Value) => c.add(v), x, x);
  const end = whileLoop(
    (s: State) => s.count.less(3),
    (s: State) => s,
    state,
  );
  expectType<Equal<(typeof end)['count'], Value>>();
  const goesOn = (s: State) => s.count.less(3);
  const asOne = (s: State) => s.position;
  // @ts-expect-error The carry comes back as one array.
  whileLoop(goesOn, asOne, state);
  const counted = foriLoop(0, 3, (_i: Value, c: Value) => c, x);
  expectType<Equal<typeof counted, Value>>();
  const mapped = map((row: Value) => ({ row }), x);
  expectType<Equal<(typeof mapped)['row'], Value>>();
}

export function branches(): void {
  const either = cond(
    x,
    (y: Value) => y,
    (y: Value) => y.mul(2),
    x,
  );
  expectType<Equal<typeof either, Value>>();
  const one = switchCase(x, [(y: Value) => ({ y }), (y: Value) => ({ y: y.mul(2) })], x);
  expectType<Equal<(typeof one)['y'], Value>>();
  // @ts-expect-error The operand is missing.
  cond(
    x,
    (y: Value) => y,
    (y: Value) => y,
  );
  const asTree = (y: Value) => ({ y });
  // @ts-expect-error The branches differ in what they return.
  cond(x, (y: Value) => y, asTree, x);
}

export function customRules(): void {
  const f = customJvp(
    (a: Value, b: Value) => a.mul(b),
    ([a, b], [da]) => [a.mul(b), da],
  );
  expectType<Equal<typeof f, (a: Value, b: Value) => Value>>();
  const each = customJvp((a: Value) => a, [(da, out, a) => da.mul(out).mul(a)]);
  expectType<Equal<typeof each, (a: Value) => Value>>();
  const g = customVjp(
    (a: Value) => a,
    (a: Value) => [a, { kept: a }] as const,
    ({ kept }, ct) => [ct.mul(kept)],
  );
  expectType<Equal<typeof g, (a: Value) => Value>>();
  const h = customGradient((a: Value) => [a, (ct: Value) => [ct]]);
  expectType<Equal<typeof h, (a: Value) => Value>>();
  const k = customBatching(
    (a: Value) => a,
    (_size, [isBatched], a) => [a, isBatched],
  );
  expectType<Equal<typeof k, (a: Value) => Value>>();
  const s = sequentialVmap((a: Value, b: number) => a.mul(b));
  expectType<Equal<typeof s, (a: Value, b: number) => Value>>();
  const y = linearCall(
    (r: Value, v: Value) => v.mul(r),
    (r: Value, ct: Value) => ct.mul(r),
    x,
    x,
  );
  expectType<Equal<typeof y, Value>>();
}

export function debugging(): void {
  callback((v: Value, name: string) => [v, name], x, 'loss');
  // @ts-expect-error The function takes no string.
  callback((v: Value) => v.dataSync(), 'loss');
  const spec = shapeDtypeStruct([2]);
  const both = pureCallback((v: Value) => ({ a: v.dataSync(), b: 1 }), { a: spec, b: spec }, [x]);
  expectType<Equal<typeof both, { a: Value; b: Value }>>();
}

export function namedAxes(): void {
  const total = psum({ a: x }, 'i');
  expectType<Equal<typeof total, { a: Value }>>();
  const mean = pmean(1, ['i', 'j']);
  expectType<Equal<typeof mean, Value>>();
  const f = vmap((a: Value) => a, { axisName: 'i', axisSize: 3 });
  expectType<Equal<typeof f, (a: Value) => Value>>();
  const [, shape] = makeProgram((a: Value) => ({ a }), { returnShape: true })(x);
  expectType<Equal<(typeof shape)['a'], ArraySpec>>();
  const { outInfo } = jit((a: Value) => ({ a })).lower(shapeDtypeStruct([2]));
  expectType<Equal<(typeof outInfo)['a'], ArraySpec>>();
}
