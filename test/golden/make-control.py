"""Writes control.json: what JAX computes for the programs of test/control/golden.test.ts.

Run by hand: pip install jax==0.10.2 && python test/golden/make-control.py
"""

import json
import pathlib

import jax
import jax.numpy as jnp
from jax import lax

W = jnp.array([[0.1, 0.2, 0.3], [0.3, -0.4, 0.1], [0.5, 0.1, -0.2]])
XS = jnp.array([[0.5, 0.1, -0.2], [-0.3, 0.2, 0.4], [0.7, 0.9, -1.1], [0.2, -0.6, 0.3], [1.2, 0.4, -0.5]])
H = jnp.array([0.1, -0.2, 0.3])


def rnn(w, h, xs, reverse=False):
    def turn(c, x):
        n = jnp.tanh(w @ c["h"] + x)
        return {"h": n, "count": c["count"] + 1}, {"y": n * x, "s": jnp.sum(n)}

    last, ys = lax.scan(turn, {"h": h, "count": 0}, xs, reverse=reverse)
    return jnp.sum(ys["y"] ** 2) + jnp.sum(last["h"]) * jnp.sum(ys["s"])


def nested(w, h, xs):
    def outer(c, x):
        inner, ys = lax.scan(lambda k, e: (jnp.sin(k * w[0]) + e, k * e), c, x)
        return inner * 0.5, ys

    last, ys = lax.scan(outer, h, xs)
    return jnp.sum(last) + jnp.sum(ys * ys)


def fori(w, h, xs):
    return jnp.sum(lax.fori_loop(1, 4, lambda i, c: jnp.tanh(w @ c) * i + xs[i], h))


def branches(w, h, xs):
    def one(i, x):
        return lax.switch(i, [lambda v: jnp.sin(v) * h, lambda v: w @ v, lambda v: jnp.exp(v) + w[1]], x)

    return sum(jnp.sum(one(i, xs[i]) ** 2) for i in range(4))


def scanned_cond(w, h, xs):
    def turn(c, x):
        c = lax.cond(jnp.sum(c) > 0.25, lambda v: jnp.cos(w @ v), lambda v: v * v + x, c)
        return c, c * x

    last, ys = lax.scan(turn, h, xs)
    return jnp.sum(last) + jnp.sum(ys)


def loops(w, h, xs):
    def one(x):
        return lax.while_loop(lambda c: jnp.sum(c**2) < 4.0, lambda c: c * 1.5 + jnp.tanh(w @ c), x)

    return jnp.sum(one(h) * one(xs[0]))


@jax.custom_jvp
def half_sine(x):
    return jnp.sin(x)


half_sine.defjvp(lambda p, t: (half_sine(p[0]), 0.5 * half_sine(p[0]) * t[0]))


@jax.custom_vjp
def clipped(x, y):
    return x * y


clipped.defvjp(lambda x, y: (x * y, (x, y)), lambda r, ct: (jnp.clip(ct * r[1], -0.3, 0.3), ct * r[0] * 2))


def custom(w, h, xs):
    return jnp.sum(half_sine(w @ h) * half_sine(xs[0])) + jnp.sum(half_sine(half_sine(h)))


def custom_reverse(w, h, xs):
    def turn(c, x):
        c = clipped(jnp.tanh(w @ c), x)
        return c, c

    last, ys = lax.scan(turn, h, xs)
    return jnp.sum(last) + jnp.sum(ys**2)


def remat(w, h, xs):
    @jax.checkpoint
    def layer(c, x):
        return jnp.tanh(w @ jnp.sin(w @ c) + x)

    last, ys = lax.scan(lambda c, x: (layer(c, x), jnp.sum(c)), h, xs)
    return jnp.sum(last * ys[0]) + jnp.sum(ys**2)


def associative(w, h, xs):
    def combine(a, b):
        return a[0] * b[0], b[0] * a[1] + b[1]

    gates, values = lax.associative_scan(combine, (jnp.cos(xs), xs * h))
    return jnp.sum(values**2) + jnp.sum(gates @ w)


def record(f, forward=True):
    out = {"value": f(W, H, XS)}
    if f is not loops:
        out["grad"] = jax.grad(f, argnums=(0, 1, 2))(W, H, XS)
        shifts = jnp.stack([H, H * 2, H - 0.4])
        out["batchedGrad"] = jax.vmap(jax.grad(f, argnums=(0, 1)), in_axes=(None, 0, None))(W, shifts, XS)
        out["second"] = jax.grad(lambda h: jnp.sum(jax.grad(f, argnums=1)(W, h, XS) ** 2))(H)
    if forward:
        out["jvp"] = jax.jvp(f, (W, H, XS), (W * 0.5, H + 1.0, jnp.cos(XS)))[1]
    many = jnp.stack([XS, XS * 0.5, XS + 0.3])
    out["batched"] = jax.vmap(f, in_axes=(None, None, 0))(W, H, many)
    flat = {}
    for name, value in out.items():
        flat[name] = [[float(v) for v in leaf.ravel()] for leaf in jax.tree.leaves(value)]
    return flat


programs = {
    "rnn": record(rnn),
    "rnnReversed": record(lambda w, h, xs: rnn(w, h, xs, reverse=True)),
    "nested": record(nested),
    "fori": record(fori),
    "branches": record(branches),
    "scannedCond": record(scanned_cond),
    "loops": record(loops),
    "custom": record(custom),
    "customReverse": record(custom_reverse, forward=False),
    "remat": record(remat),
    "associative": record(associative),
}
path = pathlib.Path(__file__).parent / "control.json"
path.write_text(json.dumps({"jax": jax.__version__, "programs": programs}) + "\n")
