/** Einstein summation. */
import { range } from '../base/aval.ts';
import type { Value, ValueLike } from '../ir/value.ts';
import * as prim from '../primitives/index.ts';
import { multiply } from './arithmetic.ts';
import { eagerly } from './eager.ts';
import { type Label, parseEquation } from './einsum-notation.ts';
import { contractionOrder, costs, keptLabels, type Pair } from './einsum-order.ts';
import { astype } from './elementwise.ts';
import { broadcastTo, diagonal, reshape, transpose } from './movement.ts';
import { promote, toValue } from './operands.ts';
import { contract } from './products.ts';

/** An array whose axes have names, each once. */
interface Term {
  readonly value: Value;
  readonly labels: readonly Label[];
}

/**
 * The sum of products that `subscripts` spells: one group of letters per operand, one letter per axis;
 * axes with one letter are multiplied together, and those that the result lacks are summed.
 *
 * A letter twice in one group takes the diagonal. `...` stands for leading axes, which broadcast.
 * Without `->`, the result has the letters that occur once, in alphabetical order. Products of several
 * operands are taken in the order that needs the fewest multiplications.
 *
 * @throws EnerjaxError `einsum-notation`, `einsum-sizes`.
 * @example
 * const scores = np.einsum('bqhd,bkhd->bhqk', query, key);
 */
export const einsum = eagerly(
  'np.einsum',
  (subscripts: string, ...operands: readonly ValueLike[]): Value => {
    const promoted = promote('np.einsum', operands.length === 0 ? [0] : operands);
    const { dtype } = promoted[0] ?? { dtype: 'float32' };
    const values = dtype === 'bool' ? promoted.map((x) => astype(x, 'int32')) : promoted;
    const shapes = operands.length === 0 ? [] : values.map((x) => x.shape);
    const { operands: names, output, sizes } = parseEquation(subscripts, shapes);
    let terms = values.map((value, i) => simplify({ value, labels: names[i] ?? [] }, sizes));
    terms = terms.map((term, i) => sumOut(term, keptLabels(labelsWithout(terms, [i]), output)));
    const order = contractionOrder({
      operands: terms.map((term) => new Set(term.labels)),
      output: new Set(output),
      sizes,
    });
    for (const pair of order) {
      const [a, b] = [terms[pair[0]], terms[pair[1]]];
      if (a === undefined || b === undefined) continue;
      const kept = keptLabels(labelsWithout(terms, pair), output);
      terms = [...terms.filter((_, i) => !pair.includes(i)), multiplyTerms(a, b, kept)];
    }
    const [result] = terms;
    if (result === undefined) return multiply(1, 1);
    const arranged = arrange(result, output, sizes);
    return dtype === 'bool' ? astype(arranged, 'bool') : arranged;
  },
);

const labelsWithout = (terms: readonly Term[], left: readonly number[]): (readonly Label[])[] =>
  terms.filter((_, i) => !left.includes(i)).map((term) => term.labels);

/** Takes diagonals of axes with one name, and drops ellipsis axes of size 1 that broadcast. */
function simplify({ value, labels }: Term, sizes: ReadonlyMap<Label, number>): Term {
  const spread = labels.findIndex((l, axis) => value.shape[axis] === 1 && sizes.get(l) !== 1);
  if (spread !== -1) {
    const dropped = reshape(value, value.shape.toSpliced(spread, 1));
    return simplify({ value: dropped, labels: labels.toSpliced(spread, 1) }, sizes);
  }
  const second = labels.findIndex((label, axis) => labels.indexOf(label) < axis);
  if (second === -1) return { value, labels };
  const label = labels[second] ?? '';
  const first = labels.indexOf(label);
  const rest = labels.filter((_, axis) => axis !== first && axis !== second);
  const merged = diagonal(value, { axis1: first, axis2: second });
  return simplify({ value: merged, labels: [...rest, label] }, sizes);
}

/** Sums the axes that nobody else needs. */
function sumOut({ value, labels }: Term, kept: ReadonlySet<Label>): Term {
  const axes = range(labels.length).filter((axis) => !kept.has(labels[axis] ?? ''));
  if (axes.length === 0) return { value, labels };
  return {
    value: prim.reduceSum(value, axes),
    labels: labels.filter((label) => kept.has(label)),
  };
}

/** The product of two terms, summed over the axes that are not kept. */
function multiplyTerms(a: Term, b: Term, kept: ReadonlySet<Label>): Term {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const summed = shared.filter((label) => !kept.has(label));
  if (summed.length === 0) return multiplyElements(a, b);
  const batch = shared.filter((label) => kept.has(label));
  const axesIn = (term: Term, labels: readonly Label[]): number[] =>
    labels.map((label) => term.labels.indexOf(label));
  const value = contract(a.value, b.value, {
    lhsContract: axesIn(a, summed),
    rhsContract: axesIn(b, summed),
    lhsBatch: axesIn(a, batch),
    rhsBatch: axesIn(b, batch),
  });
  const free = (term: Term): Label[] => term.labels.filter((label) => !shared.includes(label));
  return { value, labels: [...batch, ...free(a), ...free(b)] };
}

/** Nothing is summed: a broadcasting product, which fuses with its neighbours. */
function multiplyElements(a: Term, b: Term): Term {
  const labels = [...a.labels, ...b.labels.filter((label) => !a.labels.includes(label))];
  return { value: multiply(alignTo(a, labels), alignTo(b, labels)), labels };
}

/** The term's array with its axes in the order of `labels`, size 1 where it has none. */
function alignTo({ value, labels }: Term, wanted: readonly Label[]): Value {
  const present = wanted.filter((label) => labels.includes(label));
  const ordered = transpose(
    value,
    present.map((label) => labels.indexOf(label)),
  );
  const sizes = [...ordered.shape];
  return reshape(
    ordered,
    wanted.map((label) => (labels.includes(label) ? (sizes.shift() ?? 1) : 1)),
  );
}

function arrange(term: Term, output: readonly Label[], sizes: ReadonlyMap<Label, number>): Value {
  return broadcastTo(
    alignTo(term, output),
    output.map((label) => sizes.get(label) ?? 1),
  );
}

/**
 * [path, text]: the pairs of operands that {@link einsum} multiplies one after the other (a product goes to the end of
 * the list), and what that costs.
 */
export function einsumPath(
  subscripts: string,
  ...operands: readonly ValueLike[]
): [path: Pair[], text: string] {
  const shapes = operands.map((x) => toValue('np.einsumPath', x).shape);
  const { operands: names, output, sizes } = parseEquation(subscripts, shapes);
  const product = {
    operands: names.map((labels) => new Set(labels)),
    output: new Set(output),
    sizes,
  };
  const path = contractionOrder(product);
  const { naive, best } = costs(product, path);
  return [path, `${subscripts}: ${naive} multiplications at once, ${best} in pairs`];
}
