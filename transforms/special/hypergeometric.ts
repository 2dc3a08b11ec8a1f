/** The confluent hypergeometric function. */
import type { Value } from '../../core/ir/value.ts';
import * as np from '../../core/numpy/index.ts';
import { digamma, gamma } from '../../core/scipy/special.ts';
import { whileLoop } from '../control/while.ts';
import { elementFunction } from './element-function.ts';

const eps = 2 ** -23;
const maxTerms = 250;

/** A sum whose terms follow from each other. */
interface Sum {
  readonly start: number;
  /** Term 1. */
  readonly first: Value;
  /** Term k + 1 as a multiple of term k. */
  readonly ratio: (k: Value) => Value;
  /** What a term is weighted with. */
  readonly weight?: (k: Value) => Value;
}

/** start + Σ weight · term, until terms are too small to matter. */
function total({ start, first, ratio, weight = () => np.ones([]) }: Sum): Value {
  const sum = np.fullLike(first, start);
  const init = { isOn: np.ones(first.shape, { dtype: 'bool' }), k: np.ones([]), sum, term: first };
  const last = whileLoop(
    (s) => s.isOn.any(),
    (s) => {
      const keep = (next: Value, before: Value): Value => np.where(s.isOn, next, before);
      const next = s.sum.add(s.term.mul(weight(s.k)));
      const term = s.term.mul(ratio(s.k));
      return {
        isOn: s.isOn.and(term.abs().greater(next.abs().mul(eps))),
        k: s.k.add(1),
        sum: keep(next, s.sum),
        term: keep(term, s.term),
      };
    },
    init,
    { maxIterations: maxTerms },
  );
  return last.sum;
}

/** Σ (a)ₖ / (b)ₖ · xᵏ / k!. @see https://dlmf.nist.gov/13.2#E2 */
const series = (a: Value, b: Value, x: Value): Sum => ({
  start: 1,
  first: a.div(b).mul(x),
  ratio: (k) => a.add(k).div(b.add(k)).mul(x).div(k.add(1)),
});

/** For large x. @see https://dlmf.nist.gov/13.7#E1 */
function asymptotic(a: Value, b: Value, x: Value): Value {
  const sum = total({
    start: 1,
    first: b.sub(a).mul(np.subtract(1, a)).div(x),
    ratio: (k) => b.sub(a).add(k).mul(np.subtract(1, a).add(k)).div(k.add(1)).div(x),
  });
  return gamma(b)
    .div(gamma(a))
    .mul(np.exp(x))
    .mul(x.pow(a.sub(b)))
    .mul(sum);
}

/** f32[…], M(a, b, x) = ₁F₁(a; b; x) for operands of one shape. @see https://dlmf.nist.gov/13.2 */
export const hyp1f1 = elementFunction({
  name: 'hyp1f1',
  compute: (a, b, x) => {
    const isNear = x.abs().less(100);
    const near = total(series(a, b, np.where(isNear, x, 1)));
    const far = asymptotic(a, b, np.where(isNear, 200, x));
    const found = np.where(isNear, near, far);
    const same = np.where(a.equal(b), np.exp(x), np.where(b.equal(0), Infinity, found));
    return np.where(a.equal(0), 1, same);
  },
  partials: [
    (_y, a, b, x) =>
      total({ ...series(a, b, x), start: 0, weight: (k) => digamma(a.add(k)).sub(digamma(a)) }),
    (_y, a, b, x) =>
      total({ ...series(a, b, x), start: 0, weight: (k) => digamma(b).sub(digamma(b.add(k))) }),
    (_y, a, b, x) => a.div(b).mul(hyp1f1(a.add(1), b.add(1), x)),
  ],
});
