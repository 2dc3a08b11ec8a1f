/** Logarithms of densities by the names of `jax.scipy.stats`. Parameters come after x, location and scale last. */
import type { Value, ValueLike } from '../ir/value.ts';
import { add, divide, multiply, subtract, where } from '../numpy/arithmetic.ts';
import { diagonals } from '../numpy/decompositions.ts';
import { eagerly } from '../numpy/eager.ts';
import { abs, exp, floor, log, log1p, square } from '../numpy/elementwise.ts';
import {
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalOr,
  notEqual,
} from '../numpy/logic.ts';
import { toInexact } from '../numpy/operands.ts';
import { sum } from '../numpy/reductions.ts';
import * as prim from '../primitives/index.ts';
import { betaln, gammaln, logNdtr, ndtr, ndtri, xlog1py, xlogy } from './special.ts';

/** As many arguments as there are defaults. */
type Compute = (x: Value, a: Value, b: Value, c: Value, d: Value) => Value;
type Density = (...args: ValueLike[]) => Value;

const parametersOf = (
  name: string,
  args: readonly ValueLike[],
  defaults: readonly (number | undefined)[],
): Value[] => defaults.map((d, i) => toInexact(`scipy.stats.${name}`, args[i] ?? d ?? Number.NaN));

const density = (
  name: string,
  compute: Compute,
  defaults: readonly (number | undefined)[],
): Density =>
  eagerly(`scipy.stats.${name}`, (...args: ValueLike[]) =>
    compute(
      ...(parametersOf(name, args, defaults) as [Value, Value, Value, Value, Value]), // No function looks further than its defaults.
    ),
  );

/** A density by its logarithm. */
const withPdf = (name: string, compute: Compute, defaults: readonly (number | undefined)[]) => {
  const logpdf = density(`${name}.logpdf`, compute, defaults);
  return { logpdf, pdf: (...args: ValueLike[]): Value => exp(logpdf(...args)) };
};

const withPmf = (name: string, compute: Compute, defaults: readonly (number | undefined)[]) => {
  const logpmf = density(`${name}.logpmf`, compute, defaults);
  return { logpmf, pmf: (...args: ValueLike[]): Value => exp(logpmf(...args)) };
};

const none = undefined;
const unit = (x: Value, loc: Value, scale: Value): Value => divide(subtract(x, loc), scale);
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);

/** (x, loc = 0, scale = 1). */
export const norm = {
  ...withPdf(
    'norm',
    (x, loc, scale) =>
      subtract(prim.neg(multiply(square(unit(x, loc, scale)), 0.5)), add(log(scale), halfLogTwoPi)),
    [none, 0, 1],
  ),
  cdf: density('norm.cdf', (x, loc, scale) => ndtr(unit(x, loc, scale)), [none, 0, 1]),
  logcdf: density('norm.logcdf', (x, loc, scale) => logNdtr(unit(x, loc, scale)), [none, 0, 1]),
  ppf: density('norm.ppf', (q, loc, scale) => add(multiply(ndtri(q), scale), loc), [none, 0, 1]),
};

/** (x, loc = 0, scale = 1). */
export const uniform = withPdf(
  'uniform',
  (x, loc, scale) => {
    const isOutside = logicalOr(less(x, loc), greater(x, add(loc, scale)));
    return where(isOutside, -Infinity, prim.neg(log(scale)));
  },
  [none, 0, 1],
);

/** (x, a, b, loc = 0, scale = 1). */
export const beta = withPdf(
  'beta',
  (x, a, b, loc, scale) => {
    const y = unit(x, loc, scale);
    const inside = logicalAnd(greaterEqual(y, 0), lessEqual(y, 1));
    const found = subtract(
      add(xlogy(subtract(a, 1), y), xlog1py(subtract(b, 1), prim.neg(y))),
      add(betaln(a, b), log(scale)),
    );
    return where(inside, found, -Infinity);
  },
  [none, none, none, 0, 1],
);

/** (x, a, loc = 0, scale = 1). */
export const gamma = withPdf(
  'gamma',
  (x, a, loc, scale) => {
    const y = unit(x, loc, scale);
    const isInside = greaterEqual(y, 0);
    const safe = where(isInside, y, 1);
    const found = subtract(
      subtract(xlogy(subtract(a, 1), safe), safe),
      add(gammaln(a), log(scale)),
    );
    return where(isInside, found, -Infinity);
  },
  [none, none, 0, 1],
);

/** (x, loc = 0, scale = 1). */
export const laplace = withPdf(
  'laplace',
  (x, loc, scale) => subtract(prim.neg(abs(unit(x, loc, scale))), log(multiply(scale, 2))),
  [none, 0, 1],
);

/** (x, loc = 0, scale = 1). */
export const cauchy = withPdf(
  'cauchy',
  (x, loc, scale) =>
    prim.neg(add(log(multiply(scale, Math.PI)), log1p(square(unit(x, loc, scale))))),
  [none, 0, 1],
);

/** (x, loc = 0, scale = 1). */
export const expon = withPdf(
  'expon',
  (x, loc, scale) => {
    const found = subtract(divide(subtract(loc, x), scale), log(scale));
    return where(less(x, loc), -Infinity, found);
  },
  [none, 0, 1],
);

/** (x, df, loc = 0, scale = 1). */
export const t = withPdf(
  't',
  (x, df, loc, scale) => {
    const y = unit(x, loc, scale);
    const half = multiply(add(df, 1), 0.5);
    const constant = subtract(
      subtract(gammaln(half), gammaln(multiply(df, 0.5))),
      add(multiply(log(multiply(df, Math.PI)), 0.5), log(scale)),
    );
    return subtract(constant, multiply(half, log1p(divide(square(y), df))));
  },
  [none, none, 0, 1],
);

/** (x, loc = 0, scale = 1). */
export const logistic = withPdf(
  'logistic',
  (x, loc, scale) => {
    const y = multiply(unit(x, loc, scale), 0.5);
    const bent = add(abs(y), log1p(exp(multiply(abs(y), -2))));
    return subtract(multiply(bent, -2), log(scale));
  },
  [none, 0, 1],
);

/** (x, df, loc = 0, scale = 1). */
export const chi2 = withPdf(
  'chi2',
  (x, df, loc, scale) => {
    const y = unit(x, loc, scale);
    const half = multiply(df, 0.5);
    const constant = add(add(gammaln(half), multiply(half, Math.LN2)), log(scale));
    const found = subtract(subtract(xlogy(subtract(half, 1), y), multiply(y, 0.5)), constant);
    return where(less(x, loc), -Infinity, found);
  },
  [none, none, 0, 1],
);

/** (x, b, loc = 0, scale = 1). */
export const pareto = withPdf(
  'pareto',
  (x, b, loc, scale) => {
    const y = unit(x, loc, scale);
    const isInside = greaterEqual(y, 1);
    const found = subtract(log(divide(b, scale)), multiply(add(b, 1), log(where(isInside, y, 1))));
    return where(isInside, found, -Infinity);
  },
  [none, none, 0, 1],
);

/** (k, p, loc = 0): of 0 and 1. */
export const bernoulli = withPmf(
  'bernoulli',
  (k, p, loc) => {
    const x = subtract(k, loc);
    const found = add(xlogy(x, p), xlog1py(subtract(1, x), prim.neg(p)));
    return where(logicalOr(less(x, 0), greater(x, 1)), -Infinity, found);
  },
  [none, none, 0],
);

/** (k, mu, loc = 0): of counts. */
export const poisson = withPmf(
  'poisson',
  (k, mu, loc) => {
    const x = subtract(k, loc);
    const isOutside = logicalOr(less(x, 0), notEqual(x, floor(x)));
    const found = subtract(subtract(xlogy(x, mu), gammaln(add(x, 1))), mu);
    return where(isOutside, -Infinity, found);
  },
  [none, none, 0],
);

/** (k, p, loc = 0): of the number of trials up to the first success. */
export const geom = withPmf(
  'geom',
  (k, p, loc) => {
    const x = subtract(k, loc);
    const found = add(xlog1py(subtract(x, 1), prim.neg(p)), log(p));
    return where(lessEqual(x, 0), -Infinity, found);
  },
  [none, none, 0],
);

/** log Γ(Σa) − Σ log Γ(a) + Σ (a − 1) log x over the last axis of x. */
const dirichletLog = eagerly(
  'scipy.stats.dirichlet.logpdf',
  (x: ValueLike, alpha: ValueLike): Value => {
    const a = toInexact('scipy.stats.dirichlet', alpha);
    const constant = subtract(gammaln(sum(a, { axis: -1 })), sum(gammaln(a), { axis: -1 }));
    return add(constant, sum(xlogy(subtract(a, 1), x), { axis: -1 }));
  },
);

/** (x, alpha): of shares that add up to 1, on the last axis. */
export const dirichlet = {
  logpdf: dirichletLog,
  pdf: (x: ValueLike, alpha: ValueLike): Value => exp(dirichletLog(x, alpha)),
};

const multivariateLog = eagerly(
  'scipy.stats.multivariateNormal.logpdf',
  (x: ValueLike, mean: ValueLike, cov: ValueLike): Value => {
    const centred = subtract(toInexact('scipy.stats.multivariateNormal', x), mean);
    const factor = prim.cholesky(toInexact('scipy.stats.multivariateNormal', cov));
    const n = factor.shape.at(-1) ?? 0;
    const flat = prim.reshape(centred, [centred.size / n, n]);
    const solved = prim.triangularSolve(factor, prim.transpose(flat, [1, 0]), { lower: true });
    const lengths = prim.reshape(sum(square(solved), { axis: 0 }), centred.shape.slice(0, -1));
    const logs = add(sum(log(diagonals(factor)), { axis: -1 }), n * halfLogTwoPi);
    return subtract(multiply(lengths, -0.5), logs);
  },
);

/** (x, mean, cov): f32[…, n], f32[n], f32[n, n]. */
export const multivariateNormal = {
  logpdf: multivariateLog,
  pdf: (x: ValueLike, mean: ValueLike, cov: ValueLike): Value => exp(multivariateLog(x, mean, cov)),
};
