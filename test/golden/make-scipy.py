"""Records more of what JAX gives: `python make-scipy.py samplers > breadth-samplers.json`, and so on for the
other families below. The form of the records is that of make-breadth.py.
"""
import importlib
import json
import sys

import jax
import jax.numpy as jnp
import numpy as n

B = importlib.import_module("make-breadth")
case, f, i, inf, nan = B.case, B.f, B.i, B.inf, B.nan


def array(*xs):
    return jnp.array(xs, "float32")


def samplers():
    R = jax.random
    key = R.key_data(R.key(11))
    k = R.wrap_key_data
    a = array(1e-3, 0.05, 0.3, 0.9, 1.0, 1.5, 2.0, 7.0, 60.0, 900.0)
    for name in ("gamma", "loggamma"):
        fn = getattr(R, name)
        case("random." + name, lambda s, x: fn(k(s), x), key, a, tol=3e-5)
        case("random." + name, lambda s, x: fn(k(s), x, (2, 3)), key, array(0.5, 1.0, 2.5), [2, 3], tol=3e-5)
        case("random." + name, lambda s: fn(k(s), 0.7, (40,)), key, 0.7, [40], tol=3e-5)
        case("random." + name, lambda s, x: fn(k(s), x), key, array(nan, 0.0, -0.5, -2.0, inf), tol=3e-5, grad=False)
    case("random.beta", lambda s, x, y: R.beta(k(s), x, y), key, array(0.01, 0.4, 1.5, 8.0), array(0.02, 3.0, 1.0, 90.0), tol=3e-5)
    case("random.beta", lambda s: R.beta(k(s), 1.5, 1.0, (40,)), key, 1.5, 1.0, [40], tol=3e-5)
    rates = array(0.0, 0.01, 0.5, 3.0, 9.9, 10.0, 25.0, 400.0, 1e5)
    case("random.poisson", lambda s, *_: R.poisson(k(s), rates), key, rates)
    for rate in (0.7, 30.0):
        case("random.poisson", lambda s: R.poisson(k(s), rate, (50,)), key, rate, [50])
    trials, chances = array(1, 5, 20, 40, 40, 1000, 1000, 1e5, 0), array(0.5, 0.1, 0.9, 0.5, 0.02, 0.3, 0.999, 0.7, 0.3)
    case("random.binomial", lambda s, *_: R.binomial(k(s), trials, chances), key, trials, chances, grad=False)
    for n_, p in ((12, 0.3), (200, 0.8)):
        case("random.binomial", lambda s: R.binomial(k(s), n_, p, (50,)), key, n_, p, [50], grad=False)
    odd_n, odd_p = array(nan, -1, inf, 10, 10, 10, 10, 10), array(0.5, 0.5, 0.4, nan, -0.2, 1.2, 0, 1)
    case("random.binomial", lambda s, *_: R.binomial(k(s), odd_n, odd_p), key, odd_n, odd_p, grad=False)
    share = array(0.2, 0.5, 0.0, 0.3)
    case("random.multinomial", lambda s, *_: R.multinomial(k(s), jnp.array([20.0, 100.0]), jnp.broadcast_to(share, (2, 4))), key, array(20, 100), jnp.broadcast_to(share, (2, 4)), grad=False)
    case("random.multinomial", lambda s, *_: R.multinomial(k(s), 50, share, shape=(3, 4)), key, 50, share, shape=[3, 4], grad=False)
    df = array(0.5, 1.0, 4.0, 30.0)
    case("random.chisquare", lambda s, x: R.chisquare(k(s), x), key, df, tol=3e-5)
    case("random.t", lambda s, x: R.t(k(s), x), key, df, tol=3e-5)
    case("random.t", lambda s: R.t(k(s), 3.0, (2, 5)), key, 3.0, [2, 5], tol=3e-5)
    case("random.f", lambda s, x, y: R.f(k(s), x, y), key, df, df[::-1], tol=1e-4)
    alpha = array(0.1, 0.7, 2.0, 5.0)
    case("random.dirichlet", lambda s, x: R.dirichlet(k(s), x), key, alpha, tol=3e-5)
    case("random.dirichlet", lambda s, x: R.dirichlet(k(s), x, (3, 2)), key, f(2, 3, lo=0.2, hi=4), [3, 2], tol=3e-5)
    for p in (0.7, 2.0):
        case("random.generalizedNormal", lambda s: R.generalized_normal(k(s), p, (6,)), key, p, [6], tol=3e-5)
        case("random.ball", lambda s: R.ball(k(s), 3, p, (4,)), key, 3, p=p, shape=[4], tol=3e-5)
    case("random.lognormal", lambda s, x: R.lognormal(k(s), x), key, array(0.1, 1.0, 3.0), tol=3e-5)
    case("random.lognormal", lambda s: R.lognormal(k(s), shape=(4,)), key, 1.0, [4], tol=3e-5)
    chance = array(1e-9, 0.3, 0.5, 0.99)
    case("random.bernoulli", lambda s, *_: R.bernoulli(k(s), chance, (20, 4), mode="high"), key, chance, [20, 4], mode="high", grad=False)
    for mode in ("high", "highest"):
        case("random.gumbel", lambda s: R.gumbel(k(s), (60,), mode=mode), key, [60], mode=mode, tol=3e-5)
        case("random.categorical", lambda s, x: R.categorical(k(s), x, mode=mode, shape=(9,)), key, f(5), mode=mode, shape=[9], grad=False)
    case("random.orthogonal", lambda s: R.orthogonal(k(s), 4, m=2), key, 4, m=2, tol=1e-4)
    case("random.orthogonal", lambda s: R.orthogonal(k(s), 2, (2,), m=3), key, 2, m=3, shape=[2], tol=1e-4)
    c = jnp.array([[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0.0], [0.0, 3.0]]])
    case("random.multivariateNormal", lambda s, m, v: R.multivariate_normal(k(s), m, v), key, f(2), c, grad=False, tol=3e-5)


def functions():
    S = jax.scipy.special
    T = "scipy.special."
    a, x = array(0.01, 0.5, 1.0, 2.5, 2.5, 9.0, 60.0, 60.0), array(0.2, 0.1, 3.0, 0.7, 8.0, 9.0, 30.0, 90.0)
    odd = array(nan, 0.0, -1.0, inf, 1.0, 1.0, 0.0, 2.0), array(1.0, 0.0, 1.0, 1.0, inf, nan, 1.0, 1e4)
    for name in ("gammainc", "gammaincc"):
        case(T + name, getattr(S, name), a, x, tol=3e-5)
        case(T + name, getattr(S, name), *odd, grad=False, tol=3e-5)
    for name, ts in (("igamma_grad_a", "igammaGradA"), ("random_gamma_grad", "randomGammaGrad")):
        case("lax." + ts, getattr(jax.lax, name), a, x, grad=False, tol=1e-4)
        case("lax." + ts, getattr(jax.lax, name), *odd, grad=False, tol=1e-4)
    p, q, u = array(0.01, 0.5, 1.0, 2.0, 5.0, 30.0, 200.0), array(2.0, 0.5, 3.0, 2.0, 0.1, 20.0, 300.0), array(0.3, 0.999, 0.1, 0.5, 0.9, 0.61, 0.4)
    case(T + "betainc", S.betainc, p, q, u, grad=[2], tol=1e-4)
    case(T + "betainc", S.betainc, array(nan, 0, 0, inf, -1, 1, 1, 2, 2, 0), array(1, 1, 0, 1, 1, inf, 0, 2, 2, 1), array(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.5, -0.1, 0), grad=False)
    case(T + "betainc", lambda y: S.betainc(2.0, 3.0, y), 2.0, 3.0, array(0.0, 0.25, 1.0), tol=3e-5, grad=False)
    case(T + "betaln", S.betaln, array(0.3, 2.0, 9.0, 1e6, 3.0), array(4.0, 20.0, 9.0, 1e6, 1e7), tol=3e-5)
    s, t = array(1.5, 2.0, 3.5, 10.0, 1.05, 40.0), array(1.0, 0.3, 7.0, 2.0, 1.0, 1.5)
    case(T + "zeta", S.zeta, s, t, tol=1e-4)
    case(T + "zeta", S.zeta, array(1.0, 0.5, 2.0, 3.0, 2.5, nan, 2.0), array(1.0, 1.0, -1.0, -1.0, -0.5, 1.0, 0.0), grad=False)
    for n_ in (0, 1, 2, 3, 6):
        case(T + "polygamma", lambda v: S.polygamma(n_, v), n_, array(0.2, 1.0, 3.7, 20.0), tol=1e-4)
    case(T + "polygamma", S.polygamma, jnp.array([0, 1, 2]), array(0.0, 0.0, -1.0), grad=False)
    case(T + "digamma", S.digamma, array(0.3, 1.0, 4.0, 30.0), tol=1e-4)
    e = array(1e-3, 0.3, 0.5, 1.0, 1.5, 3.0, 10.0, 40.0, 60.0, 80.0)
    case(T + "expi", S.expi, jnp.concatenate([e, -e[:7]]), tol=1e-4)
    case(T + "expi", S.expi, array(nan, -inf), grad=False)  # at 0 JAX gives NaN, not -inf
    case(T + "exp1", S.exp1, e[:8], tol=1e-4)
    for n_ in (0, 1, 2, 5, 6000):
        case(T + "expn", lambda v: S.expn(n_, v), n_, e[:7], tol=1e-4, grad=n_ == 2)
    case(T + "expn", lambda *_: S.expn(jnp.array([-1, 1, 1, 3]), array(1.0, 0.0, -1.0, nan)), jnp.array([-1, 1, 1, 3]), array(1.0, 0.0, -1.0, nan), grad=False)  # at 0 JAX gives 1 / n, not 1 / (n - 1)
    wide = array(-60.0, -7.0, -3.3, -0.4, 0.0, 0.5, 1.7, 3.0, 5.0, 7.0, 9.5, 40.0)
    case(T + "dawsn", S.dawsn, wide, tol=3e-5)
    case(T + "erfcx", S.erfcx, array(-5.0, -1.0, 0.0, 0.5, 3.0, 9.0, 9.5, 100.0), tol=1e-4)
    case(T + "spence", S.spence, array(0.01, 0.3, 0.5, 0.8), tol=3e-5)
    case(T + "spence", S.spence, array(1.4, 1.7, 3.0, 40.0), tol=3e-5, grad=False)  # JAX's derivative is NaN there
    case(T + "spence", S.spence, array(0.0, 1.0, -1.0, nan), grad=False, tol=3e-5)
    case(T + "sici", lambda v: S.sici(v), jnp.where(wide == 0, 0.1, wide), tol=1e-4)
    case(T + "sici", S.sici, array(0.0, inf, -inf, nan), grad=False)
    case(T + "fresnel", S.fresnel, wide, tol=1e-4)
    case(T + "fresnel", S.fresnel, array(inf, -inf, nan), grad=False)
    case(T + "owensT", S.owens_t, array(0.0, 0.5, 1.0, -2.0, 3.0, 0.1), array(0.5, 1.0, -0.3, 4.0, 2.0, 20.0), tol=1e-4)
    case(T + "hyp1f1", S.hyp1f1, array(0.5, 1.5, 3.0, 2.0, -2.0), array(1.5, 0.7, 4.0, 5.0, 2.5), array(0.3, -2.0, 4.0, 30.0, 1.5), tol=1e-4)
    case(T + "hyp1f1", S.hyp1f1, array(0.0, 2.0, 1.0), array(2.0, 2.0, 0.0), array(3.0, 1.0, 1.0), grad=False)
    for n_ in (0, 2, 3, 12):
        case(T + "bernoulli", lambda: S.bernoulli(n_), n_)
    case(T + "besselJn", lambda v: S.bessel_jn(v, v=3), array(0.5, 1.0, 4.0, 12.0), v=3, tol=1e-4, grad=False)  # JAX's derivative is wrong where the recurrence is long
    case(T + "gammasgn", S.gammasgn, array(1.0, -0.5, -1.5, -2.0, 0.0, -0.0, nan, inf, -inf), grad=False)
    case(T + "loggamma", S.loggamma, array(0.5, 3.0, -0.5, 0.0), grad=False, tol=3e-5)
    case(T + "poch", S.poch, array(1.5, 2.0, 5.0), array(2.0, 0.5, 3.0), tol=1e-4, grad=[0])
    for name in ("boxcox", "boxcox1p"):
        case(T + name, getattr(S, name), array(0.5, 2.0, 3.0, 4.0), array(0.0, 0.5, 2.0, -1.0), tol=3e-5, grad=[0])
    case(T + "comb", S.comb, array(5.0, 10.0, 3.0, 4.0), array(2.0, 0.0, 4.0, -1.0), tol=3e-5, grad=False)
    case(T + "comb", lambda v, w: S.comb(v, w, repetition=True), array(5.0, 3.0, 0.0), array(2.0, 4.0, 0.0), repetition=True, tol=3e-5, grad=False)
    m, w = f(3, 4), f(3, 4)
    case(T + "logsumexp", S.logsumexp, m)
    case(T + "logsumexp", lambda v: S.logsumexp(v, axis=1, keepdims=True), m, axis=1, keepdims=True)
    case(T + "logsumexp", lambda v: S.logsumexp(v, axis=0), array([1e5, -inf], [2.0, -inf]), axis=0, grad=False)
    case(T + "logsumexpWithSign", lambda v: S.logsumexp(v, axis=1, b=w, return_sign=True), m, axis=1, b=w, tol=1e-4)
    case(T + "softmax", lambda v: S.softmax(v, axis=1), m, axis=1)
    case(T + "softmax", S.softmax, m)
    case(T + "logSoftmax", lambda v: S.log_softmax(v, axis=0), m, axis=0)
    case(T + "xlogy", S.xlogy, array(0.0, 0.0, 0.0, 2.0), array(nan, 0.0, -1.0, 3.0), grad=False)
    case(T + "xlog1py", S.xlog1py, array(0.0, 0.0, 0.0, 2.0), array(nan, -1.0, -2.0, 3.0), grad=False)


def stats():
    """Every function of every distribution: at plain places with gradients, and at its edges."""
    S = jax.scipy.stats
    edge = array(-inf, inf, nan, 0.0, 1.0, 2.0, -1.0)
    x, loc, scale = array(-2.0, -0.3, 0.4, 1.7, 6.0), array(0.2, 0.1, -0.5, 0.3, 0.0), array(0.7, 2.0, 1.0, 3.0, 0.4)
    share, two, counts = array(0.1, 0.4, 0.55, 0.8, 0.97), array(0.5, 1.3, 2.5, 4.0, 7.0), array(0.0, 1.0, 2.0, 5.0, 9.0)
    both, trials = two[::-1], array(5.0, 3.0, 9.0, 7.0, 9.0)
    edges = (edge, array(1.0))
    plain = dict(
        norm=((x, loc, scale), edges), uniform=((x, array(-3.0), array(8.0)), edges), laplace=((x, loc, scale), edges),
        cauchy=((x, loc, scale), edges), expon=((x + 3, loc, scale), edges), logistic=((x, loc, scale), edges),
        gumbel_l=((x, loc, scale), (edge, array(0.0), array(-1.0))), gumbel_r=((x, loc, scale), (edge, array(0.0), array(0.0))),
        beta=((share, two, both), (edge, array(2.0), array(1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 0.0))), gamma=((x + 2.2, two, array(0.1), scale), (edge, array(1.5))),
        chi2=((x + 2.2, two, array(0.1), scale), (edge, array(3.0))), t=((x, two, loc, scale), (edge, array(3.0))),
        pareto=((x + 4, two, loc, scale), (edge, array(2.0))), gennorm=((x, two), (edge, array(2.0))),
        vonmises=((x, two), (edge, array(0.0))), wrapcauchy=((x + 2, share), (edge, array(0.5))),
        truncnorm=((array(-1.4, -0.3, 0.4, 1.7, 5.8), array(-3.0, -2.5, 0.5, -9.0, 3.0), array(4.0, 0.6, 2.0, 8.0, 16.0), loc, scale), (edge, array(-1.0), array(0.5, 1.0, 1.0, 1.0, -2.0, 3.0, 1.0))),
        bernoulli=((array(0.0, 1.0, 1.0, 0.0, 1.0), share), (edge, array(0.3))), poisson=((counts, two), (edge, array(3.0))),
        geom=((counts + 1, share), (edge, array(0.3))), binom=((counts, array(5.0, 1.0, 4.0, 7.0, 20.0), share), (edge, array(3.0), array(0.3))),
        nbinom=((counts, two, share), (edge, array(3.0), array(0.3))), betabinom=((counts, trials, two, both), (edge, array(3.0), array(2.0), array(1.0))),
    )
    camel = {"gumbel_l": "gumbelL", "gumbel_r": "gumbelR"}
    for name, (args, odd) in plain.items():
        module = getattr(S, name)
        for method in [m for m in dir(module) if not m.startswith("_")]:
            fn, label = getattr(module, method), f"scipy.stats.{camel.get(name, name)}.{method}"
            if method == "entropy":
                continue
            mine, ours = (args[:2], odd[:2]) if name == "bernoulli" and method in ("cdf", "ppf") else (args, odd)
            if method in ("ppf", "isf"):
                mine, ours = (share, *args[1:]), (array(0.0, 1.0, 0.5, -0.1, 1.2, nan, 0.25), *odd[1:])
            if name in ("cauchy", "logistic", "norm") and method in ("ppf", "isf"):
                ours = (array(0.5, nan, 0.25), *odd[1:])  # infinities at 0 and 1 are a matter of rounding
            at = 2 if name == "beta" and "pdf" not in method else 0
            places = [0] if at or method in ("cdf", "sf", "logcdf", "logsf") and name in ("gamma", "chi2", "gennorm", "beta") else True
            if name.startswith("gumbel"):
                places = [1, 2] if method == "ppf" else [0, 1]  # JAX 0.10.2 raises an error for the others
            if name == "poisson" and method == "cdf":
                places = [1]
            if method == "ppf" and name == "bernoulli":
                places = False
            case(label, fn, *mine, grad=places, tol=1e-4)
            case(label, fn, *ours, grad=False, tol=1e-4)
    T = "scipy.stats."
    case(T + "poisson.entropy", S.poisson.entropy, array(0.0, 0.3, 9.0, 40.0, 500.0), tol=1e-4, grad=False)
    alpha, rows = array(0.5, 2.0, 3.0), jnp.array([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]])
    for method in ("logpdf", "pdf"):
        fn = getattr(S.dirichlet, method)
        case(T + "dirichlet." + method, fn, rows[0], alpha, tol=3e-5)
        case(T + "dirichlet." + method, fn, rows.T, alpha, tol=3e-5)
        case(T + "dirichlet." + method, fn, rows[:, :2].T, alpha, tol=3e-5)
        case(T + "dirichlet." + method, fn, array(0.5, 0.6, 0.1), alpha, grad=False)
        g = getattr(S.multivariate_normal, method)
        cov = jnp.array([[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0.2], [0.2, 3.0]]])
        case(T + "multivariateNormal." + method, g, f(4, 2), f(2), cov[0], tol=3e-5)
        case(T + "multivariateNormal." + method, g, f(2, 2), f(2), cov, tol=3e-5)
        case(T + "multivariateNormal." + method, g, f(3, 2), f(2), jnp.float32(1.7), tol=3e-5)
        case(T + "multivariateNormal." + method, g, f(3), jnp.float32(0.4), jnp.float32(1.7), tol=3e-5)
    for method in ("logpmf", "pmf"):
        fn = getattr(S.multinomial, method)
        for x_ in ([2, 1, 3], [2, 1, 4]):
            case(T + "multinomial." + method, fn, jnp.array(x_), jnp.array(6), array(0.2, 0.3, 0.5), tol=3e-5, grad=x_[2] == 3)
    many = jnp.array([[1, 3, 2], [3, 3, 2], [1, 0, 5], [2, 0, 5]])
    for arr in (many, many.astype("float32") / 2):
        for kw in ({}, {"axis": 1}, {"axis": None}, {"axis": 0, "keepdims": True}):
            case(T + "mode", lambda v: S.mode(v, **kw), arr, grad=False, **kw)
    for method in ("average", "min", "max", "dense", "ordinal"):
        case(T + "rankdata", lambda v: S.rankdata(v, method), array(3, 1, 1, 2, 3, 3, -1), method=method, grad=False)
    case(T + "rankdata", lambda v: S.rankdata(v, axis=1), many, axis=1, grad=False)
    case(T + "rankdata", S.rankdata, array(3, nan, 1), grad=False)
    case(T + "sem", S.sem, f(4, 3), tol=3e-5)
    case(T + "sem", lambda v: S.sem(v, axis=None, ddof=0), f(4, 3), axis=None, ddof=0, tol=3e-5)
    case(T + "sem", lambda v: S.sem(v, axis=1, nan_policy="omit", keepdims=True), array([1, nan, 3, 7], [2, 4, 4, 9]), axis=1, nanPolicy="omit", keepdims=True, tol=3e-5, grad=False)
    data, w = f(2, 9), array(*range(1, 10))
    def density(d, p, weights=None, bw=None):
        k = S.gaussian_kde(d, bw, weights)
        return k.pdf(p), k.logpdf(p), k.neff, k.covariance, k.integrate_gaussian(jnp.array([0.3, 1.0]), jnp.eye(2)), k.integrate_kde(S.gaussian_kde(d[:, :4]))
    case("extra.density", lambda d, p: density(d, p), data, f(2, 3), tol=1e-4)
    case("extra.density", lambda d, p: density(d, p, w, "silverman"), data, f(2, 3), weights=w, bwMethod="silverman", tol=1e-4)
    line = S.gaussian_kde(data[0], 0.4)
    case("extra.density1d", lambda d: (line.integrate_box_1d(-1.0, 0.5), line.pdf(jnp.array([0.1, 2.0])), line.resample(jax.random.key(3), (4,))), data[0], bwMethod=0.4, tol=1e-4, grad=False)


def signals():
    import jax.flatten_util
    import jax.scipy.cluster.vq
    import jax.scipy.fft
    import jax.scipy.interpolate
    import jax.scipy.ndimage
    import jax.scipy.signal
    S = jax.scipy
    T = "scipy."
    x = f(3, 7)
    for kw in ({}, {"axis": 0}, {"type": "constant"}):
        case(T + "signal.detrend", lambda v: S.signal.detrend(v, **kw), x, tol=3e-5, **kw)
    for mode in ("full", "same", "valid"):
        for name in ("convolve", "correlate"):
            case(T + "signal." + name, lambda v, w: getattr(S.signal, name)(v, w, mode=mode), f(8), f(3), mode=mode, tol=3e-5)
    t = array(0, 1, 1.5, 3, 4, 7)
    case(T + "integrate.trapezoid", lambda y: S.integrate.trapezoid(y, t), f(6), x=t, tol=3e-5)
    for kw in ({}, {"norm": "ortho"}, {"axis": 0, "norm": "ortho"}, {"axis": 0}):
        for name in ("dct", "idct"):
            case(T + "fft." + name, lambda v: getattr(S.fft, name)(v, **kw), x, tol=3e-5, **kw)
    for name in ("dctn", "idctn"):
        case(T + "fft." + name, lambda v: getattr(S.fft, name)(v, norm="ortho"), x, norm="ortho", tol=3e-5)
    case(T + "cluster.vq.vq", lambda a, c: S.cluster.vq.vq(a, c), f(5, 2), f(3, 2), tol=3e-5)
    at = array(-1.3, 0.0, 0.5, 1.5, 2.2, 4.7), array(0.2, 6.0, 2.5, 3.9, 7.6, -2.1)
    for mode in ("constant", "nearest", "wrap", "mirror", "reflect"):
        for order in (0, 1):
            case(T + "ndimage.mapCoordinates", lambda v, *_: S.ndimage.map_coordinates(v, at, order, mode, 0.5), x, [*at], order, mode=mode, cval=0.5, tol=3e-5, grad=[0])
    grid, table, where = [array(0.0, 1.0, 3.0), array(-1.0, 0.0, 2.0, 5.0)], f(3, 4, 2), jnp.array([[0.5, -0.5], [1.0, 2.0], [2.9, 4.0], [3.5, 0.0]])
    for kw, mine in (({}, {}), ({"method": "nearest"}, {"method": "nearest"}), ({"fill_value": None}, {"fillValue": None})):
        case("extra.onGrid", lambda g, v, p: S.interpolate.RegularGridInterpolator(g, v, **kw)(p), grid, table, where, tol=3e-5, grad=bool("fill_value" in kw) and [1, 2], **mine)
    case("extra.ravelled", lambda a, b: jax.flatten_util.ravel_pytree({"a": a, "b": [b]})[0], f(2, 3), f(4))


FAMILIES = {"samplers": [samplers], "functions": [functions], "stats": [stats], "signals": [signals]}


def main():
    for family in FAMILIES[sys.argv[1]]:
        try:
            family()
        except Exception:
            print(f"in {family.__name__} after {B.cases[-1]['fn'] if B.cases else 'nothing'}", file=sys.stderr)
            raise
    json.dump({"jax": jax.__version__, "cases": B.cases}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
