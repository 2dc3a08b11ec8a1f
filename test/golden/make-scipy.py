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


FAMILIES = {"samplers": [samplers]}


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
