/** Errors of parameters, layers and optimizers. */
import { type Aval, type Shape, showAval } from '../core/base/aval.ts';
import { defineError } from '../core/base/errors.ts';

/** An array with too few or too many axes for a layer. */
export const wrongAxes = defineError({
  code: 'wrong-axes',
  what: (op: string, name: string, aval: Aval, axes: string) =>
    `${op}: ${name} is ${showAval(aval)}, but its axes are [${axes}]`,
  fix: (_op, name, _aval, axes) =>
    `pass ${name} as [${axes}]; np.expandDims(x, 0) adds an axis, and vmap maps over one`,
  example: {
    fails: 'const p = nn.initParams(nn.linearSpec(3, 2), random.key(0)); nn.linear(p, np.array(1))',
    works:
      'const p = nn.initParams(nn.linearSpec(3, 2), random.key(0)); nn.linear(p, np.ones([3]))',
  },
});

/** One named axis that has two sizes. */
export const axisDisagrees = defineError({
  code: 'axis-disagrees',
  what: (op: string, axis: string, a: number, from: string, b: number, other: string) =>
    `${op}: axis '${axis}' is ${a} in ${from} but ${b} in ${other}`,
  fix: (_op, axis, _a, from, _b, other) => `give ${from} and ${other} the same '${axis}'`,
  example: {
    fails:
      'const p = nn.initParams(nn.linearSpec(3, 2), random.key(0)); nn.linear(p, np.ones([4]))',
    works:
      'const p = nn.initParams(nn.linearSpec(3, 2), random.key(0)); nn.linear(p, np.ones([3]))',
  },
});

/** An argument of another element type than the layer takes. */
export const layerDType = defineError({
  code: 'layer-dtype',
  what: (op: string, name: string, needs: string, aval: Aval) =>
    `${op}: ${name} must be ${needs}, got ${showAval(aval)}`,
  fix: (_op, name, needs) => `convert it first: ${name}.astype('${needs}')`,
  example: {
    fails:
      'const p = nn.initParams(nn.embeddingSpec(3, 2), random.key(0)); nn.embedding(p, np.ones([4]))',
    works:
      "const p = nn.initParams(nn.embeddingSpec(3, 2), random.key(0)); nn.embedding(p, np.array([1], { dtype: 'int32' }))",
  },
});

/** A kernel initializer for a shape that has no inputs and outputs. */
export const noFans = defineError({
  code: 'no-fans',
  what: (op: string, shape: Shape) =>
    `${op}: a shape needs at least two axes to have inputs and outputs, got [${shape.join(', ')}]`,
  fix: 'use nn.zeros, nn.ones or nn.normal() for vectors and scalars',
  example: {
    fails: 'nn.initParams({ bias: nn.param([3], nn.lecunNormal()) }, random.key(0))',
    works: 'nn.initParams({ bias: nn.param([3], nn.zeros) }, random.key(0))',
  },
});

/** Something in a spec that is no parameter. */
export const notAParam = defineError({
  code: 'not-a-param',
  what: (path: string, found: string) => `nn.initParams: the spec has ${found} at '${path}'`,
  fix: 'describe every parameter with nn.param(shape, initializer)',
  example: {
    fails: 'nn.initParams({ scale: 1 }, random.key(0))',
    works: 'nn.initParams({ scale: nn.param([], nn.ones) }, random.key(0))',
  },
});

/** Heads of queries that do not share those of keys evenly. */
export const unevenGroups = defineError({
  code: 'uneven-groups',
  what: (op: string, heads: number, keyHeads: number) =>
    `${op}: ${heads} heads of queries do not share ${keyHeads} heads of keys evenly`,
  fix: 'give the query a multiple of the heads of key and value',
  example: {
    fails: 'const k = np.ones([5, 2, 4]); nn.dotProductAttention(np.ones([5, 3, 4]), k, k)',
    works: 'const k = np.ones([5, 2, 4]); nn.dotProductAttention(np.ones([5, 6, 4]), k, k)',
  },
});

/** A shape for which an initializer has no meaning. */
export const initializerShape = defineError({
  code: 'initializer-shape',
  what: (op: string, needs: string, shape: Shape) =>
    `${op} needs ${needs}, got [${shape.join(', ')}]`,
  fix: 'choose another initializer for this parameter, such as nn.lecunNormal()',
  example: {
    fails: "nn.deltaOrthogonal()(random.key(0), [3, 4], 'float32')",
    works: "nn.deltaOrthogonal()(random.key(0), [3, 4, 4], 'float32')",
  },
});

/** Attention heads that do not share the width evenly. */
export const unevenHeads = defineError({
  code: 'uneven-heads',
  what: (op: string, width: number, heads: number) =>
    `${op}: ${heads} heads do not divide a width of ${width}`,
  fix: (_op, width, heads) => {
    const divisors = Array.from({ length: width }, (_, i) => i + 1).filter((n) => width % n === 0);
    const nearest = divisors.reduce(
      (best, n) => (Math.abs(n - heads) < Math.abs(best - heads) ? n : best),
      1,
    );
    return `choose a number of heads that divides the width, such as heads: ${nearest}`;
  },
  example: {
    fails: 'nn.multiHeadAttentionSpec(32, 5)',
    works: 'nn.multiHeadAttentionSpec(32, 4)',
  },
});

/** A probability outside [0, 1]. */
export const rateOutOfRange = defineError({
  code: 'rate-out-of-range',
  what: (op: string, rate: number) => `${op}: rate ${rate} is no probability`,
  fix: 'pass a number from 0 (keep all) to 1 (drop all)',
  example: {
    fails: 'nn.dropout(np.ones([2]), { key: random.key(0), rate: 20, train: true })',
    works: 'nn.dropout(np.ones([2]), { key: random.key(0), rate: 0.2, train: true })',
  },
});

/** Training without randomness. */
export const missingKey = defineError({
  code: 'missing-key',
  what: (op: string, rate: number) =>
    `${op}: drops with rate ${rate} while training, and has no random key`,
  fix: 'pass a key, a new one for every step: { key: random.foldIn(key, step), train: true }',
  example: {
    fails: 'nn.dropout(np.ones([2]), { rate: 0.2, train: true })',
    works: 'nn.dropout(np.ones([2]), { key: random.key(0), rate: 0.2, train: true })',
  },
});

/** An optimizer part that reads parameters and got none. */
export const missingParams = defineError({
  code: 'missing-params',
  what: (op: string) => `${op}: update needs the parameters, and got none`,
  fix: 'pass them third: optimizer.update(gradients, state, params)',
  example: {
    fails:
      'const o = nn.optim.addDecayedWeights(0.1); o.update(np.ones([2]), o.init(np.ones([2])))',
    works:
      'const o = nn.optim.addDecayedWeights(0.1); o.update(np.ones([2]), o.init(np.ones([2])), np.ones([2]))',
  },
});

/** A parameter that no part of a multiTransform takes. */
export const unknownLabel = defineError({
  code: 'unknown-label',
  what: (path: string, label: string, known: readonly string[]) =>
    `nn.optim.multiTransform: '${path}' is labelled '${label}', and there is a transformation for ${known.map((name) => `'${name}'`).join(', ')}`,
  fix: (_path, label) =>
    `add one: nn.optim.multiTransform({ '${label}': nn.optim.setToZero(), … }, labels)`,
  example: {
    fails:
      "nn.optim.multiTransform({ train: nn.optim.sgd(0.1) }, () => 'frozen').init({ w: np.ones([2]) })",
    works:
      "nn.optim.multiTransform({ train: nn.optim.sgd(0.1), frozen: nn.optim.setToZero() }, () => 'frozen').init({ w: np.ones([2]) })",
  },
});

/** A schedule that makes no sense. */
export const badSchedule = defineError({
  code: 'bad-schedule',
  what: (name: string, why: string, _fix: string) => `${name}: ${why}`,
  fix: (_name, _why, fix) => fix,
  example: {
    fails: 'nn.optim.cosineDecay(1e-3, 0)',
    works: 'nn.optim.cosineDecay(1e-3, 1000)',
  },
});
