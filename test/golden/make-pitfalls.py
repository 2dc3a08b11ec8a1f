"""Writes pitfalls.json: JAX's numbers for the cases of test/laws/pitfalls.test.ts, in which libraries go wrong.

Run by hand: pip install jax==0.10.2 && python test/golden/make-pitfalls.py
"""

import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
from jax import grad

special = jnp.array([jnp.nan, jnp.inf, -jnp.inf, 1.0])
m = jnp.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
b = jnp.array([1.0, -2.0, 0.5])
v = jnp.array([3.0, -1.0, 2.0, 7.0, 0.5])
back = jnp.array([-1, 0, -5, 2])
weights = jnp.array([1.0, 10.0, 100.0, 1000.0])


def gathered(x):
    return jnp.sum(x[back] * weights)


cases = {
    "times zero": special * 0 + 1,
    "relu at 0": grad(jax.nn.relu)(0.0),
    "maximum at 0": grad(lambda x: jnp.maximum(x, 0.0))(0.0),
    "prod with a zero": grad(jnp.prod)(jnp.array([2.0, 0.0, 5.0])),
    "prod with two zeros": grad(jnp.prod)(jnp.array([0.0, 0.0, 5.0])),
    "sigmoid far left": grad(jax.nn.sigmoid)(-200.0),
    "softplus far right": grad(jax.nn.softplus)(200.0),
    "argmax with NaN": jnp.argmax(jnp.array([1.0, jnp.nan, 3.0, jnp.nan])),
    "negative positions": v[back],
    "take": jnp.take(v, jnp.array([-1, 1])),
    "gather, gradient": grad(gathered)(v),
    "sin": jnp.sin(jnp.array([1e5, 1e7, -1e7])),
    "exp": jnp.exp(jnp.array([-80.0, 80.0])),
    "sort": jnp.sort(v),
    "sort, gradient": grad(lambda x: jnp.sum(jnp.sort(x) * jnp.arange(5.0)))(v),
    "solve": jnp.linalg.solve(m, b),
    "solve, gradients": grad(lambda a, c: jnp.sum(jnp.linalg.solve(a, c) ** 2), argnums=(0, 1))(m, b),
    "inv": jnp.linalg.inv(m),
    "inv, gradient": grad(lambda a: jnp.sum(jnp.linalg.inv(a) ** 2))(m),
    "cholesky": jnp.linalg.cholesky(m),
    "cholesky, gradient": grad(lambda a: jnp.sum(jnp.linalg.cholesky(a) ** 3))(m),
    "every second": v[::2],
    "backwards": v[::-1],
    "backwards by two": v[3:0:-2],
    "a mask of static size": v[jnp.nonzero(v > 1, size=3)[0]],
    "astype, gradient": grad(lambda x: jnp.sum(x.astype(jnp.bfloat16) * 3).astype(jnp.float32))(v),
    "mean of 16-bit numbers": jnp.mean(jnp.full(4096, 1.5, jnp.bfloat16)).astype(jnp.float32),
    "mean of 16-bit numbers, gradient": grad(
        lambda x: jnp.mean(x.astype(jnp.float16)).astype(jnp.float32)
    )(v),
}


def plain(x):
    return [str(float(e)) if not np.isfinite(e) else float(e) for e in np.asarray(x, "float64").ravel()]


here = pathlib.Path(__file__).parent
found = {name: [plain(leaf) for leaf in jax.tree.leaves(value)] for name, value in cases.items()}
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(leaves)}" for name, leaves in found.items())
(here / "pitfalls.json").write_text("{\n" + lines + "\n}\n")
