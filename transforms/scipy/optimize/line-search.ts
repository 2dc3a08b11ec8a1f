/**
 * The search for a step along a line that satisfies the strong Wolfe conditions, one evaluation at a time.
 *
 * @see Nocedal & Wright 1999, Numerical Optimization, algorithms 3.5 and 3.6. As in JAX, but a bracket whose
 *   low end is the far one is searched too; JAX takes its negative width for a small one and gives it up.
 */
import type { Value } from '../../../core/ir/value.ts';
import * as np from '../../../core/numpy/index.ts';
import * as tree from '../../../core/tree.ts';

/** A step, what the function is there, and its slope along the line. */
type Point = { readonly a: Value; readonly phi: Value; readonly dphi: Value };

/** What the search knows between two evaluations. */
export type Search = {
  /** int32: which step of the bracketing phase is next, from 1. */
  readonly i: Value;
  /** The step before that; means nothing for the first. */
  readonly before: Point;
  readonly isZooming: Value;
  /** int32: evaluations of the zooming phase. */
  readonly j: Value;
  readonly low: Point;
  readonly high: Point;
  /** The end that was given up last. */
  readonly old: { readonly a: Value; readonly phi: Value };
  /** The function at the low end when zooming began. */
  readonly first: Value;
};

/** What is searched along. */
export interface Line {
  readonly phi: Value;
  readonly dphi: Value;
  /** The first step to try. */
  readonly start: Value;
  /** Most steps of the bracketing phase. */
  readonly most: number;
}

/** How a search ended, if it did. */
export interface Ending {
  readonly isOver: Value;
  readonly failed: Value;
  /** int32: 0 for success, 1 if zooming failed, 3 if there was no bracket. */
  readonly status: Value;
  readonly a: Value;
  readonly phi: Value;
  /** Whether the step is the one evaluated last. */
  readonly isLast: Value;
}

/** Most evaluations of the zooming phase. */
export const mostZooms = 30;
const [enough, flat] = [1e-4, 0.9];
/** A bracket that is narrower is given up. */
const narrowest = 1e-5;

const choose = <T>(flag: Value, yes: T, no: T): T =>
  tree.map((a: unknown, b: unknown) => np.where(flag, a as Value, b as Value), yes, no) as T; // Trees of arrays only.

/** Before the first evaluation. */
export function startSearch(): Search {
  const zero = np.zeros([]);
  const point = { a: zero, phi: zero, dphi: zero };
  return {
    i: np.array(1, { dtype: 'int32' }),
    before: point,
    isZooming: np.array(false),
    j: np.array(0, { dtype: 'int32' }),
    low: point,
    high: point,
    old: { a: zero, phi: zero },
    first: zero,
  };
}

/** The lowest point of the cubic through three points, the slope at the first given. */
function cubicMinimum(low: Point, high: Point, old: Search['old']): Value {
  const [b, c] = [high.a.sub(low.a), old.a.sub(low.a)];
  const size = np.square(b.mul(c)).mul(b.sub(c));
  const overB = high.phi.sub(low.phi).sub(low.dphi.mul(b));
  const overC = old.phi.sub(low.phi).sub(low.dphi.mul(c));
  const cube = (x: Value): Value => np.square(x).mul(x);
  const third = np.square(c).mul(overB).sub(np.square(b).mul(overC)).div(size);
  const second = cube(b).mul(overC).sub(cube(c).mul(overB)).div(size);
  const root = np.sqrt(np.square(second).sub(third.mul(low.dphi).mul(3)));
  return low.a.add(root.sub(second).div(third.mul(3)));
}

/** The lowest point of the parabola through two points, the slope at the first given. */
function quadraticMinimum(low: Point, high: Point): Value {
  const b = high.a.sub(low.a);
  const second = high.phi.sub(low.phi).sub(low.dphi.mul(b)).div(np.square(b));
  return low.a.sub(low.dphi.div(second.mul(2)));
}

/** A step between the ends of the bracket. */
function zoomStep({ j, low, high, old }: Search): Value {
  const width = np.abs(high.a.sub(low.a));
  const [left, right] = [np.minimum(low.a, high.a), np.maximum(low.a, high.a)];
  const isInside = (x: Value, margin: number): Value =>
    x.greater(left.add(width.mul(margin))).and(x.less(right.sub(width.mul(margin))));
  const cubic = cubicMinimum(low, high, old);
  const quadratic = quadraticMinimum(low, high);
  const isCubic = j.greater(0).and(isInside(cubic, 0.2));
  const middle = low.a.add(high.a).div(2);
  return np.where(isCubic, cubic, np.where(isInside(quadratic, 0.1), quadratic, middle));
}

/** The step to evaluate next. */
export function nextStep(search: Search, { start }: Line): Value {
  const bracketStep = np.where(search.i.equal(1), start, search.before.a.mul(2));
  return np.where(search.isZooming, zoomStep(search), bracketStep);
}

/** One step of the phase in which steps double until they bracket a good one. */
function bracket(search: Search, at: Point, line: Line): { next: Search; ending: Ending } {
  const isFirst = search.i.equal(1);
  const origin = { a: np.zeros([]), phi: line.phi, dphi: line.dphi };
  const before = choose(isFirst, origin, search.before);
  const isHigher = isAbove(at, line).or(at.phi.greaterEqual(before.phi).and(isFirst.not()));
  const isFound = isFlat(at, line).and(isHigher.not());
  const isUphill = at.dphi.greaterEqual(0).and(isHigher.not()).and(isFound.not());
  const [low, high] = [choose(isHigher, before, at), choose(isHigher, at, before)];
  const isZooming = isHigher.or(isUphill);
  const isExhausted = search.i.greaterEqual(line.most).and(isZooming.not()).and(isFound.not());
  const next = {
    i: search.i.add(1),
    before: at,
    isZooming,
    j: np.zerosLike(search.j),
    low,
    high,
    old: { a: low.a.add(high.a).div(2), phi: low.phi.add(high.phi).div(2) },
    first: low.phi,
  };
  const ending = {
    isOver: isFound.or(isExhausted),
    failed: isExhausted,
    status: np.where(isExhausted, 3, 0),
    a: np.where(isFound, at.a, 0),
    phi: np.where(isFound, at.phi, line.phi),
    isLast: isFound,
  };
  return { next, ending };
}

/** One step of the phase in which the bracket closes. */
function zoom(search: Search, at: Point, line: Line): { next: Search; ending: Ending } {
  const { low, high } = search;
  const isNarrow = np.abs(high.a.sub(low.a)).lessEqual(narrowest);
  const isHigher = isAbove(at, line).or(at.phi.greaterEqual(low.phi));
  const isFound = isFlat(at, line).and(isHigher.not());
  const isLower = isHigher.not().and(isFound.not());
  const turns = at.dphi.mul(high.a.sub(low.a)).greaterEqual(0).and(isLower);
  const end = ({ a, phi }: Point) => ({ a, phi });
  const next = {
    ...search,
    j: search.j.add(1),
    low: choose(isLower, at, low),
    high: choose(isHigher, at, choose(turns, low, high)),
    old: choose(isHigher.or(turns), end(high), choose(isLower, end(low), search.old)),
  };
  const failed = isNarrow.or(next.j.greaterEqual(mostZooms));
  const ending = {
    isOver: isFound.or(failed),
    failed,
    status: np.where(failed, 1, 0),
    a: np.where(isFound, at.a, 1),
    phi: np.where(isFound, at.phi, search.first),
    isLast: isFound,
  };
  return { next, ending };
}

/** The first Wolfe condition, negated: the function has not come down enough. */
const isAbove = (at: Point, { phi, dphi }: Line): Value =>
  at.phi.greater(phi.add(at.a.mul(enough).mul(dphi)));
/** The second: it is flat enough. */
const isFlat = (at: Point, { dphi }: Line): Value => np.abs(at.dphi).lessEqual(dphi.mul(-flat));

/** The search after the evaluation of {@link nextStep}. */
export function advance(search: Search, at: Point, line: Line): { next: Search; ending: Ending } {
  return choose(search.isZooming, zoom(search, at, line), bracket(search, at, line));
}
