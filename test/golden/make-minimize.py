"""Records what JAX's BFGS finds: `python make-minimize.py > minimize.json`. Needs jax==0.10.2.

A case is {fn, x0, x, fun, success, status, nit, nfev}; the functions have the same names in test/scipy/minimize.test.ts.
On Rosenbrock's function JAX's line search gives up (status 3), at the far end of a bracket.
"""
import json
import sys

import jax
import jax.numpy as jnp
from jax.scipy.optimize import minimize


def rosenbrock(x):
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def valley(x):
    return jnp.sum(100.0 * jnp.diff(x) ** 2 + (1 - x[:-1]) ** 2)


def quadratic(x):
    return jnp.sum(jnp.arange(1.0, x.size + 1) * (x - 3) ** 2) / 2


def himmelblau(x):
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def matyas(x):
    return 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


STARTS = [
    (rosenbrock, [0.0, 0.0]), (rosenbrock, [-1.2, 1.0]), (valley, [0.0, 0.0]), (valley, [3.0, -1.0]),
    (quadratic, [1.0, 1.0]), (quadratic, [0.0, -2.0, 5.0, 9.0]),
    (himmelblau, [1.0, 1.0]), (himmelblau, [-3.0, 2.0]), (matyas, [1.0, 1.0]), (matyas, [4.0, -7.0]),
]


def record(fun, x0):
    r = minimize(fun, jnp.array(x0), method="BFGS")
    whole = {name: int(getattr(r, name)) for name in ("status", "nit", "nfev")}
    return {"fn": fun.__name__, "x0": x0, "x": [float(v) for v in r.x], "fun": float(r.fun), "success": bool(r.success), **whole}


json.dump({"jax": jax.__version__, "cases": [record(*start) for start in STARTS]}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")
