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
