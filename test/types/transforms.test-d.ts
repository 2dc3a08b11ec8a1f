/** What tsc must accept and refuse of the transforms. Nothing here runs. */

import type { Value, ValueLike } from '../../core/ir/value.ts';
import type { ArraySpec } from '../../transforms/array-spec.ts';
import { grad, valueAndGrad } from '../../transforms/grad.ts';
import { hessian, jacfwd, jacrev } from '../../transforms/jacobian.ts';
import { jit } from '../../transforms/jit.ts';
import { jvp } from '../../transforms/jvp.ts';
import { linearize } from '../../transforms/linearize.ts';
import { evalShape, makeProgram } from '../../transforms/make-program.ts';
import { linearTranspose } from '../../transforms/transpose.ts';
import { vjp, vjpWithAux } from '../../transforms/vjp.ts';
import { vmap } from '../../transforms/vmap.ts';
import { type Equal, expectType } from './expect-type.ts';

interface Layer {
  readonly kernel: Value;
  readonly bias?: Value | undefined;
}
interface Params {
  readonly layers: readonly Layer[];
  readonly scale: Value;
}
class Model {
  readonly weight: Value;
  constructor(weight: Value) {
    this.weight = weight;
  }
}

declare const params: Params;
declare const x: Value;
declare const spec: ArraySpec;
declare const loss: (params: Params, x: Value, mode: string) => Value;
declare const lossWithAux: (params: Params, x: Value) => [Value, { logits: Value }];
declare const network: (params: Params, x: Value) => { mean: Value; rest: readonly [Value, Value] };

export function gradients(): void {
  const slope = grad(loss)(params, x, 'train');
  expectType<Equal<typeof slope, Params>>();
  const single = grad(loss, { argnums: 1 })(params, x, 'train');
  expectType<Equal<typeof single, Value>>();
  const both = grad(loss, { argnums: [0, 1] })(params, x, 'train');
  expectType<Equal<typeof both, [Params, Value]>>();
  const [withAux, aux] = grad(lossWithAux, { hasAux: true })(params, x);
  expectType<Equal<typeof withAux, Params>>();
  expectType<Equal<typeof aux, { logits: Value }>>();
  const inline = grad((y: Value) => [y, { logits: y }], { hasAux: true })(x);
  expectType<Equal<typeof inline, [gradient: Value, aux: { logits: Value }]>>();
  const inlineBoth = valueAndGrad((y: Value) => [y, y], { hasAux: true })(x);
  expectType<Equal<typeof inlineBoth, [value: [loss: Value, aux: Value], gradient: Value]>>();
  const ofNumber = grad((y: number, _n: number): Value => x ?? y)(3, 4);
  expectType<Equal<typeof ofNumber, Value>>();
  const ofEither = grad((_y: ValueLike): Value => x)(3);
  expectType<Equal<typeof ofEither, Value>>();
  const ofClass = grad((model: Model): Value => model.weight)(new Model(x));
  expectType<Equal<typeof ofClass, Model>>();
  const twice = grad(grad((y: Value): Value => y))(x);
  expectType<Equal<typeof twice, Value>>();
}

export function valuesAndGradients(): void {
  const plain = valueAndGrad(loss)(params, x, 'train');
  expectType<Equal<typeof plain, [value: Value, gradient: Params]>>();
  const [[value, aux], slopes] = valueAndGrad(lossWithAux, { argnums: [1, 0], hasAux: true })(
    params,
    x,
  );
  expectType<Equal<typeof value, Value>>();
  expectType<Equal<typeof aux, { logits: Value }>>();
  expectType<Equal<typeof slopes, [Value, Params]>>();
}

/** A training step that is generic in the parameters, as an optimizer sees them. */
export function genericStep<P>(objective: (p: P, data: Value) => Value, p: P): P {
  const gradient: P = grad(objective)(p, x);
  const [, again]: [Value, P] = valueAndGrad(objective)(p, x);
  return jit((q: P, r: P): Value => objective(r ?? q, x))(gradient, again) === x ? p : gradient;
}

export function wrongGradients(): void {
  // @ts-expect-error the result is a tree, not an array
  grad(network);
  // @ts-expect-error the result is a pair, and hasAux is not given
  grad(lossWithAux);
  // @ts-expect-error there is no argument 3
  grad(loss, { argnums: 3 });
  // @ts-expect-error there is no argument 7
  grad(loss, { argnums: [0, 7] });
  // @ts-expect-error the function is asynchronous
  grad(async (y: Value) => y);
  // @ts-expect-error with hasAux the function returns a pair
  grad((y: Value): Value => y, { hasAux: true });
  // @ts-expect-error the second argument is missing
  grad(loss)(params);
  // @ts-expect-error the first argument is a tree
  grad(loss)(x, x, 'train');
}

export function batches(): void {
  const f = vmap(network, { inAxes: [null, 0] });
  expectType<Equal<typeof f, (params: Params, x: Value) => ReturnType<typeof network>>>();
  vmap(network, { inAxes: [{ layers: 0, scale: null }, -1], outAxes: { mean: 0, rest: [0, 1] } });
  vmap(network, { inAxes: 1, outAxes: { mean: null, rest: 0 } });
  vmap(loss, { inAxes: [null, 0, null], axisSize: 4 });
  // @ts-expect-error an axis is a number or null
  vmap(network, { inAxes: [null, 'batch'] });
  // @ts-expect-error there are two arguments
  vmap(network, { inAxes: [0, 0, 0] });
  // @ts-expect-error the first argument has no part of this name
  vmap(network, { inAxes: [{ weights: 0 }, 0] });
  // @ts-expect-error the function is asynchronous
  vmap(async (y: Value) => y);
}

export function compiled(): void {
  const step = jit(network, { donate: [0] });
  const result = step(params, x);
  expectType<Equal<typeof result, ReturnType<typeof network>>>();
  expectType<Equal<Parameters<typeof step>, [params: Params, x: Value]>>();
  jit(loss, { static: 2, donate: 0 });
  const update = jit((p: Params, _x: Value): Params => p);
  const updated: Params = update(vmap((p: Params): Params => p)(params), x);
  expectType<Equal<typeof updated, ReturnType<typeof update>>>();
  step.lower(params, spec).compile()(params, x);
  const nested = grad(jit(loss))(params, x, 'train');
  expectType<Equal<typeof nested, Params>>();
  // @ts-expect-error there are two arguments
  jit(network, { static: 2 });
  // @ts-expect-error the function is asynchronous
  jit(async (y: Value) => y);
  // @ts-expect-error a description has no elements to compute with
  step(params, spec);
}

export function directions(): void {
  const [y, dy] = jvp(network, [params, x], [params, null]);
  expectType<Equal<typeof y, ReturnType<typeof network>>>();
  expectType<Equal<typeof dy, ReturnType<typeof network>>>();
  const [, derivative] = linearize(network, params, x);
  expectType<Equal<ReturnType<typeof derivative>, ReturnType<typeof network>>>();
  const [out, pullBack] = vjp(network, params, x);
  const cotangents = pullBack(out);
  expectType<Equal<typeof cotangents, [params: Params, x: Value]>>();
  const [value, , aux] = vjpWithAux(lossWithAux, params, x);
  expectType<Equal<typeof value, Value>>();
  expectType<Equal<typeof aux, { logits: Value }>>();
  const back = linearTranspose((a: Value): { b: Value } => ({ b: a }), x)({ b: x });
  expectType<Equal<typeof back, [a: Value]>>();
  // @ts-expect-error the second argument is missing
  jvp(network, [params], [params]);
  // @ts-expect-error the cotangent is a tree like the result
  pullBack(x);
}

export function jacobians(): void {
  const j = jacfwd(network, { argnums: 1 })(params, x);
  expectType<Equal<typeof j, { mean: Value; rest: readonly [Value, Value] }>>();
  const ofTree = jacrev((p: { a: Value; b: Value }): Value => p.a)({ a: x, b: x });
  expectType<Equal<typeof ofTree, { a: Value; b: Value }>>();
  const two = jacrev((_a: Value, b: Value): { r: Value } => ({ r: b }), { argnums: [0, 1] })(x, x);
  expectType<Equal<typeof two, { r: [Value, Value] }>>();
  const h = hessian((p: { a: Value; b: Value }): Value => p.a)({ a: x, b: x });
  expectType<Equal<typeof h.a, { a: Value; b: Value }>>();
  const plain = hessian((a: Value): Value => a)(x);
  expectType<Equal<typeof plain, Value>>();
}

export function shapes(): void {
  const out = evalShape(network, params, spec);
  expectType<Equal<typeof out.mean, ArraySpec>>();
  const printed: string = makeProgram(network)(params, spec).toString();
  // @ts-expect-error a string is no array
  makeProgram(network)(params, printed);
}
