"""Records what JAX gives for the calls below: `python make-breadth.py > breadth.json`.

Needs jax==0.10.2, optax==0.2.8, numpy and scipy. A case is {fn, args, kwargs, results, grads, tolerance}: `fn` and
the options have the names of the TypeScript API, and `grads` are JAX's gradients of the sum of all float results,
each element weighted by cos(its position + 1). Arrays are {dtype, shape, data}; floats that JSON cannot hold are
strings.
"""
import json
import sys

import jax
import jax.numpy as jnp
import numpy as n

cases = []


def number(value):
    value = float(value)
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    if value == 0 and n.signbit(value):
        return "-0"
    return int(value) if value == int(value) and abs(value) < 2**53 else float(f"{value:.8g}")


def is_array(x):
    return isinstance(x, (jax.Array, n.ndarray, n.generic))


def encode(x):
    if is_array(x):
        a = n.asarray(x)
        if a.dtype == n.float64:
            a = a.astype("float32")
        if a.dtype == n.int64:
            a = a.astype("int32")
        if a.dtype == n.uint8:
            a = a.astype("uint32")
        return {"dtype": str(a.dtype), "shape": list(a.shape), "data": [number(v) for v in a.ravel()]}
    if isinstance(x, (list, tuple)):
        return [encode(e) for e in x]
    if isinstance(x, float):
        return x if n.isfinite(x) else number(x)
    return x


def flat(x):
    if isinstance(x, (list, tuple)):
        return [y for e in x for y in flat(e)]
    return [jnp.asarray(x)]


def weighted(outputs):
    total = 0.0
    for x in outputs:
        if x.dtype == jnp.float32:
            total = total + jnp.sum(x.ravel() * jnp.cos(jnp.arange(x.size, dtype="float32") + 1))
    return total


def case(fn, apply, *args, grad=True, tol=None, **kwargs):
    """`apply` is JAX's function of the arrays among `args`, in order (lists of arrays count as one)."""
    arrays = [a for a in args if is_array(a) or (isinstance(a, list) and a and is_array(a[0]))]
    results = flat(apply(*arrays))
    one = {"fn": fn, "args": [encode(a) for a in args], "results": encode(results)}
    if kwargs:
        one["kwargs"] = {k: encode(v) for k, v in kwargs.items()}
    if tol:
        one["tolerance"] = tol
    places = [i for i, a in enumerate(arrays) if is_array(a) and a.dtype == jnp.float32]
    if grad is not True and grad is not False:
        places = [p for p in places if p in grad]
    if grad is not False and places and any(r.dtype == jnp.float32 for r in results):
        grads = jax.grad(lambda *xs: weighted(flat(apply(*xs))), argnums=tuple(places))(*arrays)
        one["argnums"] = [next(j for j, b in enumerate(args) if b is arrays[p]) for p in places]
        one["grads"] = encode(list(grads))
    cases.append(one)


rng = n.random.RandomState(7)


def f(*shape, lo=-3.0, hi=3.0):
    return jnp.asarray(rng.uniform(lo, hi, shape).round(3).astype("float32"))


def i(*shape, lo=-6, hi=7):
    return jnp.asarray(rng.randint(lo, hi, shape).astype("int32"))


def b(*shape):
    return jnp.asarray(rng.randint(0, 2, shape).astype(bool))


inf, nan = float("inf"), float("nan")


def linalg():
    L = jnp.linalg

    def spd(*shape):
        x = f(*shape)
        return (x @ jnp.swapaxes(x, -1, -2) + 2 * jnp.eye(shape[-1])).round(2)

    def sym(*shape):
        x = f(*shape)
        return (x + jnp.swapaxes(x, -1, -2)).round(2)

    for x in (spd(3, 3), spd(2, 4, 4), spd(1, 1), spd(20, 20)):
        case("np.linalg.cholesky", L.cholesky, x)
        case("np.linalg.cholesky", lambda a: L.cholesky(a, upper=True), x, upper=True)
        case("np.linalg.slogdet", L.slogdet, x)
    x = jnp.array([[1.0, 2.0], [2.0, 1.0]])
    case("np.linalg.cholesky", L.cholesky, x, grad=False)
    for x in (f(1, 1), f(2, 2), f(3, 3), f(4, 4), f(2, 5, 5), f(9, 9)):
        case("np.linalg.inv", L.inv, x, tol=2e-4)
        case("np.linalg.det", L.det, x)
        case("np.linalg.slogdet", L.slogdet, x)
        case("np.linalg.matrixPower", lambda a: L.matrix_power(a, 3), x, 3)
        case("np.linalg.solve", L.solve, x, f(*x.shape[:-1], 2), tol=2e-4)
    case("np.linalg.matrixPower", lambda a: L.matrix_power(a, -2), spd(3, 3), -2)
    case("np.linalg.matrixPower", lambda a: L.matrix_power(a, 0), f(3, 3), 0)
    case("np.linalg.solve", L.solve, f(3, 3), f(3))
    case("np.linalg.solve", L.solve, f(2, 3, 3), f(3, 4))
    x = jnp.array([[0.0, 1.0, 2.0], [3.0, 0.0, 1.0], [6.0, 0.0, 2.0]])
    case("np.linalg.det", L.det, x)
    for x in (f(3, 3), f(5, 2), f(2, 4, 3), f(1, 1), f(12, 7)):
        case("np.linalg.qr", L.qr, x, tol=1e-4)
    case("np.linalg.qr", L.qr, f(2, 4), grad=False)
    case("np.linalg.qr", lambda a: L.qr(a, mode="complete"), f(4, 2), grad=False, mode="complete")
    case("np.linalg.qr", lambda a: L.qr(a, mode="complete"), f(2, 4), grad=False, mode="complete")
    for x in (sym(3, 3), sym(2, 4, 4), sym(1, 1), sym(10, 10)):
        case("np.linalg.eigvalsh", L.eigvalsh, x)

        def rebuilt(a):
            w, v = L.eigh(a)
            return w, (v * jnp.sin(w)[..., None, :]) @ jnp.swapaxes(v, -1, -2)

        case("extra.eighRebuilt", rebuilt, x, tol=1e-4)
    for x in (f(3, 3), f(5, 2), f(2, 5), f(2, 4, 3), f(1, 1), f(10, 8)):
        case("np.linalg.svdvals", L.svdvals, x)

        def again(a):
            u, s, vt = L.svd(a, full_matrices=False)
            return s, (u * jnp.sin(s)[..., None, :]) @ vt

        case("extra.svdRebuilt", again, x, tol=1e-4)
        case("extra.svdFull", lambda a: a, x, grad=False, tol=1e-4)
        case("np.linalg.pinv", L.pinv, x, tol=1e-4)
        case("np.linalg.matrixRank", L.matrix_rank, x)
        case("np.linalg.cond", L.cond, x, tol=1e-4, grad=x.size > 1)
        if x.ndim == 2:
            case("np.linalg.lstsq", L.lstsq, x, f(x.shape[0], 2), tol=1e-4, grad=False)
        for o in ("nuc", 2, -2, "fro", 1, -1, inf, -inf):
            case("np.linalg.matrixNorm", lambda a: L.matrix_norm(a, ord=o), x, ord=o, tol=1e-4)
        for o in (1, 2, 3, inf):
            case("np.linalg.vectorNorm", lambda a: L.vector_norm(a, ord=o, axis=-1), x, ord=o, axis=-1)
    low = f(6, 1) @ f(1, 4)
    case("np.linalg.matrixRank", L.matrix_rank, low.round(2))
    case("np.linalg.multiDot", lambda xs: L.multi_dot(xs), [f(2, 5), f(5, 3), f(3, 4), f(4, 2)], grad=False)
    case("np.linalg.multiDot", lambda xs: L.multi_dot(xs), [f(5), f(5, 3), f(3)], grad=False)
    x = spd(6, 6).reshape(2, 3, 6) + 0.0
    case("np.linalg.tensorsolve", L.tensorsolve, x, f(2, 3), tol=1e-4)
    x = spd(6, 6).reshape(2, 3, 3, 2) + 0.0
    case("np.linalg.tensorinv", L.tensorinv, x, ind=2, tol=1e-4)
    case("np.linalg.cond", lambda a: L.cond(a, 1), spd(3, 3), p=1, tol=1e-4)
    for lower in (False, True):
        for t in (0, 1):
            case("scipy.linalg.solveTriangular", lambda a, y: jax.scipy.linalg.solve_triangular(a, y, trans=t, lower=lower), f(3, 3, lo=1.0), f(3, 2), lower=lower, trans=bool(t))
    big = f(40, 40)
    case("np.linalg.slogdet", L.slogdet, big, tol=1e-3)
    case("np.linalg.inv", L.inv, big + 40 * jnp.eye(40), tol=1e-3)


FAMILIES = [linalg]


def main():
    for family in FAMILIES:
        try:
            family()
        except Exception:
            print(f"in {family.__name__} after {cases[-1]['fn'] if cases else 'nothing'}", file=sys.stderr)
            raise
    json.dump({"jax": jax.__version__, "cases": cases}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
