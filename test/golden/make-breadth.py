"""Records what JAX gives for the calls below: `python make-breadth.py breadth > breadth.json`; the
other recordings, breadth-special.json and so on, by `python make-breadth.py special > breadth-special.json`.

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


def numpy():
    x = f(4, 5)
    holes = x.at[1, 2].set(nan).at[3].set(nan)
    for fn, ts in ((jnp.nansum, "nansum"), (jnp.nanprod, "nanprod"), (jnp.nanmean, "nanmean"), (jnp.nanvar, "nanvar"), (jnp.nanstd, "nanstd"), (jnp.nanmax, "nanmax"), (jnp.nanmin, "nanmin"), (jnp.nanargmax, "nanargmax"), (jnp.nanargmin, "nanargmin"), (jnp.nanmedian, "nanmedian"), (jnp.median, "median")):
        case("np." + ts, fn, x)
        case("np." + ts, fn, holes, grad=False)
        for a in (0, 1):
            case("np." + ts, lambda v: fn(v, axis=a), x, axis=a)
            case("np." + ts, lambda v: fn(v, axis=a), holes, axis=a, grad=False)
        case("np." + ts, lambda v: fn(v, axis=1, keepdims=True), x, axis=1, keepdims=True)
    for fn, ts in ((jnp.nancumsum, "nancumsum"), (jnp.nancumprod, "nancumprod")):
        case("np." + ts, lambda v: fn(v, axis=1), holes, axis=1, grad=False)
    for fn, ts in ((jnp.cumprod, "cumprod"), (jnp.cumsum, "cumsum")):
        case("np." + ts, fn, x)
        case("np." + ts, lambda v: fn(v, axis=0), x.at[1, 1].set(0.0), axis=0)
        case("np." + ts, lambda v: fn(v, axis=1), i(2, 3), axis=1)
    for m in ("linear", "lower", "higher", "midpoint", "nearest"):
        for fn, ts, k in ((jnp.quantile, "quantile", 1), (jnp.percentile, "percentile", 100), (jnp.nanquantile, "nanquantile", 1), (jnp.nanpercentile, "nanpercentile", 100)):
            q = jnp.array([0.0, 0.22, 0.5, 0.9, 1.0], "float32") * k
            case("np." + ts, lambda v, w: fn(v, w, method=m, axis=1), x, q, method=m, axis=1, grad=[0])
            case("np." + ts, lambda v: fn(v, 0.3 * k, method=m), x, 0.3 * k, method=m)
            case("np." + ts, lambda v: fn(v, 0.3 * k, method=m, axis=0), holes, 0.3 * k, method=m, axis=0, grad=False)
    case("np.cov", jnp.cov, x)
    case("np.cov", lambda v: jnp.cov(v, rowvar=False), x, rowvar=False)
    case("np.cov", lambda v: jnp.cov(v, bias=True), f(6), bias=True)
    w, aw = i(5, lo=1, hi=4), f(5, lo=0.5, hi=2)
    case("np.cov", lambda v: jnp.cov(v, fweights=w, aweights=aw), x, fweights=w, aweights=aw)
    case("np.corrcoef", jnp.corrcoef, x, tol=1e-4)
    case("np.bincount", lambda v: jnp.bincount(v, length=5), i(20, lo=0, hi=7), length=5)
    v, w = i(20, lo=0, hi=5), f(20)
    case("np.bincount", lambda a: jnp.bincount(a, weights=w, length=6), v, length=6, weights=w)
    edges = jnp.array([-2.0, -1.0, 0.5, 2.0])
    case("np.digitize", jnp.digitize, x, edges, grad=False)
    case("np.digitize", lambda a, e: jnp.digitize(a, e, right=True), x, edges, right=True)
    case("np.digitize", jnp.digitize, x, edges[::-1])
    case("np.histogram", jnp.histogram, f(40), grad=False)
    case("np.histogram", lambda a: jnp.histogram(a, bins=5, range=(-2.0, 2.0), density=True), f(40), bins=5, range=[-2.0, 2.0], density=True, grad=False)
    w = f(40)
    case("np.histogram", lambda a: jnp.histogram(a, bins=edges, weights=w), f(40), bins=edges, weights=w, grad=False)
    case("np.histogramBinEdges", lambda a: jnp.histogram_bin_edges(a, bins=4), f(10), bins=4, grad=False)
    case("np.histogram2d", lambda a, c: jnp.histogram2d(a, c, bins=4), f(30), f(30), bins=4, grad=False)
    case("np.histogramdd", lambda a: jax.tree.leaves(jnp.histogramdd(a, bins=3, density=True)), f(30, 3), bins=3, density=True, grad=False)
    for fn, ts in ((jnp.fliplr, "fliplr"), (jnp.flipud, "flipud"), (jnp.atleast_1d, "atleast1d"), (jnp.atleast_2d, "atleast2d"), (jnp.atleast_3d, "atleast3d")):
        case("np." + ts, fn, x)
    for k in (0, 1, 2, 3, -1):
        case("np.rot90", lambda a: jnp.rot90(a, k), x, k=k)
    case("np.rot90", lambda a: jnp.rot90(a, 1, (1, 2)), f(2, 3, 4), k=1, axes=[1, 2])
    for fn, ts in ((jnp.column_stack, "columnStack"), (jnp.dstack, "dstack")):
        case("np." + ts, fn, [f(3), f(3)], grad=False)
    for fn, ts in ((jnp.vsplit, "vsplit"), (jnp.hsplit, "hsplit")):
        case("np." + ts, lambda a: fn(a, 2), f(4, 6), 2)
    case("np.dsplit", lambda a: jnp.dsplit(a, 2), f(2, 3, 4), 2)
    case("np.arraySplit", lambda a: jnp.array_split(a, 3), f(8), 3)
    case("np.append", jnp.append, f(3), f(2, 2))
    case("np.resize", lambda a: jnp.resize(a, (2, 4)), f(3), [2, 4])
    case("np.delete", lambda a: jnp.delete(a, 2, axis=0), x, 2, axis=0)
    case("np.delete", lambda a: jnp.delete(a, jnp.array([0, -1])), f(5), [0, -1])
    case("np.insert", lambda a: jnp.insert(a, 2, 9.0, axis=0), x, 2, 9.0, axis=0)
    case("np.fillDiagonal", lambda a: jnp.fill_diagonal(a, 7.0, inplace=False), x, 7.0)
    case("np.broadcastArrays", jnp.broadcast_arrays, f(3, 1), f(4))
    case("np.rollaxis", lambda a: jnp.rollaxis(a, 2), f(2, 3, 4), 2)
    case("np.inner", jnp.inner, f(2, 3), f(4, 3))
    case("np.matvec", jnp.matvec, f(2, 3, 4), f(4))
    case("np.vecmat", jnp.vecmat, f(3), f(2, 3, 4))
    case("np.nonzero", lambda a: jnp.nonzero(a, size=6, fill_value=-1), b(3, 4), size=6, fillValue=-1)
    case("np.nonzero", lambda a: jnp.nonzero(a, size=15), i(3, 4, lo=0, hi=2), size=15)
    case("np.flatnonzero", lambda a: jnp.flatnonzero(a, size=3), b(8), size=3)
    case("np.argwhere", lambda a: jnp.argwhere(a, size=5), b(3, 4), size=5)
    case("np.extract", lambda c, a: jnp.extract(c, a, size=6), b(8), f(8), size=6)
    case("np.compress", lambda c, a: jnp.compress(c, a, axis=1, size=3), b(5), x, size=3, axis=1)
    case("np.isin", jnp.isin, i(3, 4), i(5))
    case("np.isin", lambda a, c: jnp.isin(a, c, invert=True), i(3, 4), i(5), invert=True)
    c = [b(5), b(5)]
    case("np.select", lambda a, d: jnp.select(a, d, 0.5), c, [f(5), f(5)], 0.5, grad=False)
    case("np.choose", lambda a, d: jnp.choose(a, d, mode="clip"), i(5, lo=0, hi=3), [f(5), f(5), f(5)], mode="clip", grad=False)
    case("np.ravelMultiIndex", lambda a: jnp.ravel_multi_index(tuple(a), (3, 4), mode="clip"), [i(5, lo=0, hi=5), i(5, lo=0, hi=5)], [3, 4])
    case("np.unravelIndex", lambda a: jnp.unravel_index(a, (3, 4)), i(5, lo=0, hi=12), [3, 4])
    case("np.putAlongAxis", lambda a, k: jnp.put_along_axis(a, k, 9.0, 1, inplace=False), x, i(4, 2, lo=0, hi=5), 9.0, axis=1, grad=False)
    case("np.put", lambda a, k, v: jnp.put(a, k, v, inplace=False), x, jnp.array([1, 7, 9]), f(2), grad=False)
    case("np.place", lambda a, m, v: jnp.place(a, m, v, inplace=False), x, x > 0, f(3), grad=False)
    for v in (i(12, lo=0, hi=6), jnp.array([2.0, nan, 1.0, nan, 2.0])):
        case("np.unique", lambda a: jnp.unique(a, size=4), v, size=4, grad=False)
        case("np.unique", lambda a: jnp.unique(a, size=9, fill_value=-1), v, size=9, fillValue=-1, grad=False)
        case("np.uniqueCounts", lambda a: tuple(jnp.unique_counts(a, size=7)), v, size=7, grad=False)
        case("np.uniqueInverse", lambda a: tuple(jnp.unique_inverse(a, size=7)), v, size=7, grad=False)
    case("np.uniqueAll", lambda a: tuple(jnp.unique_all(a, size=6)), i(12, lo=0, hi=6), size=6)
    p, q = i(8, lo=0, hi=9), i(6, lo=0, hi=9)
    for fn, ts in ((jnp.union1d, "union1d"), (jnp.intersect1d, "intersect1d"), (jnp.setdiff1d, "setdiff1d"), (jnp.setxor1d, "setxor1d")):
        case("np." + ts, lambda a, c: fn(a, c, size=7, fill_value=-1), p, q, size=7, fillValue=-1)
    for m in ("full", "same", "valid"):
        for a, c in ((f(7), f(3)), (f(3), f(6)), (f(4), f(4)), (f(8), f(4)), (i(5), i(3))):
            case("np.convolve", lambda u, v: jnp.convolve(u, v, mode=m), a, c, mode=m)
            case("np.correlate", lambda u, v: jnp.correlate(u, v, mode=m), a, c, mode=m)
    xp, fp = jnp.sort(f(6)), f(6)
    for kw, ts in (({}, {}), ({"left": -9.0, "right": 9.0}, {"left": -9.0, "right": 9.0}), ({"period": 2.0}, {"period": 2.0}), ({"left": "extrapolate", "right": "extrapolate"},) * 2):
        case("np.interp", lambda a, u, v: jnp.interp(a, u, v, **kw), f(9, lo=-4, hi=4), xp, fp, grad=[0, 2], **ts)
    case("np.gradient", jnp.gradient, x)
    case("np.gradient", lambda a: jnp.gradient(a, 0.5, axis=1), x, spacing=0.5, axis=1)
    g = jnp.array([0.0, 0.5, 2.0, 3.0, 3.5])
    case("np.gradient", lambda a: jnp.gradient(a, g, axis=1), x, spacing=g, axis=1)
    case("np.trapezoid", jnp.trapezoid, x)
    case("np.trapezoid", lambda a: jnp.trapezoid(a, g), x, x=g)
    case("np.trapezoid", lambda a: jnp.trapezoid(a, dx=0.25, axis=0), x, dx=0.25, axis=0)
    case("np.unwrap", jnp.unwrap, f(8, lo=-9, hi=9))
    case("np.unwrap", lambda a: jnp.unwrap(a, period=4.0, axis=0), f(5, 2, lo=-9, hi=9), period=4.0, axis=0)
    case("np.ediff1d", lambda a: jnp.ediff1d(a, to_begin=jnp.array([1.0]), to_end=jnp.array([2.0, 3.0])), f(5), toBegin=jnp.array([1.0]), toEnd=jnp.array([2.0, 3.0]))
    case("np.cumulativeSum", lambda a: jnp.cumulative_sum(a, axis=1, include_initial=True), x, axis=1, includeInitial=True)
    case("np.cumulativeProd", lambda a: jnp.cumulative_prod(a, axis=0), x, axis=0)
    for fn, ts in ((jnp.bartlett, "bartlett"), (jnp.blackman, "blackman"), (jnp.hamming, "hamming"), (jnp.hanning, "hanning")):
        for k in (1, 6, 9):
            case("np." + ts, lambda: fn(k), k, tol=1e-6)
    case("np.kaiser", lambda: jnp.kaiser(9, 5.0), 9, 5.0)
    case("np.i0", jnp.i0, f(12, lo=-12, hi=12))
    for fn, ts in ((jnp.polyadd, "polyadd"), (jnp.polysub, "polysub"), (jnp.polymul, "polymul")):
        case("np." + ts, fn, f(3), f(5))
    case("np.polyval", jnp.polyval, f(4), x)
    case("np.polyder", lambda p: jnp.polyder(p, 2), f(5), 2)
    case("np.polyint", lambda p: jnp.polyint(p, 2), f(3), 2)
    case("np.polydiv", jnp.polydiv, f(6), f(3), tol=1e-4)
    case("np.polyfit", lambda a, c: jnp.polyfit(a, c, 2), f(9), f(9), 2, tol=1e-3, grad=False)
    case("np.poly", jnp.poly, f(4))
    case("np.vander", jnp.vander, f(4))
    case("np.vander", lambda a: jnp.vander(a, 3, increasing=True), f(4), n=3, increasing=True)
    case("np.logspace", lambda: jnp.logspace(0.0, 2.0, 5), 0.0, 2.0, 5)
    case("np.logspace", lambda: jnp.logspace(0.0, 2.0, 4, base=2.0, endpoint=False), 0.0, 2.0, 4, base=2.0, endpoint=False)
    case("np.geomspace", lambda: jnp.geomspace(1.0, 1000.0, 4), 1.0, 1000.0, 4)
    case("np.indices", lambda: jnp.indices((2, 3)), [2, 3])
    case("np.ix_", jnp.ix_, i(2), i(3))
    for k in (-1, 0, 2):
        case("np.trilIndices", lambda: jnp.tril_indices(3, k, 4), 3, k=k, m=4)
        case("np.triuIndices", lambda: jnp.triu_indices(3, k, 4), 3, k=k, m=4)
        case("np.diagflat", lambda a: jnp.diagflat(a, k), f(3), k=k)
    case("np.triuIndicesFrom", jnp.triu_indices_from, x)
    case("np.diagIndices", lambda: jnp.diag_indices(3), 3)
    for a, c in ((i(20, lo=-60, hi=60), i(20, lo=-60, hi=60)), (i(4), jnp.array([0, 0, 3, -3]))):
        case("np.gcd", jnp.gcd, a, c)
        case("np.lcm", jnp.lcm, a, c)
    e = jnp.array([0.0, 1.0, -1.5, 3.3, 1e-30, -1e30, inf, -inf, nan, 0.1], "float32")
    case("np.frexp", jnp.frexp, e, grad=False)
    case("np.modf", jnp.modf, e, grad=False)
    case("np.ldexp", jnp.ldexp, f(5), i(5), grad=False)
    case("np.nextafter", jnp.nextafter, e, jnp.zeros(10) + 2, grad=False, tol=2e-8)
    case("np.nextafter", jnp.nextafter, e, jnp.zeros(10) - 2, grad=False, tol=2e-8)
    case("np.spacing", jnp.spacing, jnp.array([1.0, -2.0, 100.0]), grad=False)
    case("np.logaddexp2", jnp.logaddexp2, f(6), f(6))
    case("np.sort", lambda a: jnp.sort(a, axis=0), x, axis=0)
    case("np.lexsort", lambda k: jnp.lexsort(k), [i(6, lo=0, hi=2), i(6, lo=0, hi=3)])
    case("np.arrayEquiv", jnp.array_equiv, jnp.ones((2, 3)), jnp.ones(3))


def fourier():
    def pair(fn):
        def go(re, im):
            y = fn(re + 1j * im)
            return jnp.real(y), jnp.imag(y)
        return go

    def real(fn):
        def go(x):
            y = fn(x)
            return jnp.real(y), jnp.imag(y)
        return go

    for n_ in (1, 5, 8, 40, 64, 36):
        re, im = f(2, n_), f(2, n_)
        for m in ("backward", "ortho", "forward"):
            for name in ("fft", "ifft"):
                fn = getattr(jnp.fft, name)
                case(f"extra.{name}", lambda a, c: pair(lambda z: fn(z, norm=m))(a, c), re, im, norm=m, tol=3e-5, grad=n_ in (5, 40))
        case("np.fft.rfft", real(jnp.fft.rfft), re, tol=3e-5)
        if n_ > 1:
            case("extra.irfft", lambda a, c: jnp.fft.irfft(a + 1j * c), re[:, : n_ // 2 + 1], im[:, : n_ // 2 + 1], tol=3e-5)
            case("extra.irfft", lambda a, c: jnp.fft.irfft(a + 1j * c, n=n_ + 1), re[:, : n_ // 2 + 1], im[:, : n_ // 2 + 1], n=n_ + 1, tol=3e-5)
    case("np.fft.fft", real(lambda x: jnp.fft.fft(x, n=7, axis=0)), f(5, 2), n=7, axis=0, tol=3e-5)
    case("np.fft.fft2", real(jnp.fft.fft2), f(4, 6), tol=3e-5)
    case("extra.ifft2", pair(jnp.fft.ifft2), f(4, 6), f(4, 6), tol=3e-5)
    for k in (5, 8):
        case("np.fft.fftfreq", lambda: jnp.fft.fftfreq(k, 0.5), k, 0.5)
        case("np.fft.rfftfreq", lambda: jnp.fft.rfftfreq(k), k)
        case("np.fft.fftshift", jnp.fft.fftshift, f(k))
        case("np.fft.ifftshift", jnp.fft.ifftshift, f(k, 3))


def special():
    S = jax.scipy.special
    wide, positive, unit = f(9, lo=-6, hi=6), f(9, lo=0.05, hi=9), f(7, lo=0.02, hi=0.98)
    for name in ("gammaln", "digamma"):
        case("scipy.special." + name, getattr(S, name), positive, tol=3e-5, grad=name == "gammaln")
        case("scipy.special." + name, getattr(S, name), wide, tol=1e-4, grad=False)
    case("scipy.special.gamma", S.gamma, f(6, lo=0.3, hi=6), tol=3e-5)
    for name, ts in (("i0", "i0"), ("i0e", "i0e"), ("i1", "i1"), ("i1e", "i1e"), ("erf", "erf"), ("erfc", "erfc"), ("expit", "expit"), ("ndtr", "ndtr"), ("log_ndtr", "logNdtr")):
        case("scipy.special." + ts, getattr(S, name), wide, tol=3e-5)
    for name in ("erfinv", "logit", "ndtri", "entr"):
        case("scipy.special." + name, getattr(S, name), unit, tol=3e-5)
    for name, ts in (("betaln", "betaln"), ("xlogy", "xlogy"), ("xlog1py", "xlog1py"), ("rel_entr", "relEntr"), ("kl_div", "klDiv")):
        case("scipy.special." + ts, getattr(S, name), f(5, lo=0.2, hi=4), f(5, lo=0.2, hi=4), tol=1e-4)
    z = jnp.array([0.0, 0.0, 1.0])
    case("scipy.special.xlogy", S.xlogy, z, jnp.array([0.0, 2.0, 3.0]), grad=False)
    case("scipy.special.multigammaln", lambda a: S.multigammaln(a, 3), f(4, lo=2, hi=5), 3, tol=3e-5)
    T = jax.scipy.stats
    for name in ("norm", "uniform", "laplace", "cauchy", "expon", "logistic"):
        case(f"scipy.stats.{name}.logpdf", getattr(T, name).logpdf, wide, f(9, lo=-1, hi=1), f(9, lo=0.5, hi=2), tol=3e-5)
        case(f"scipy.stats.{name}.pdf", getattr(T, name).pdf, wide, tol=3e-5)
    for name in ("norm",):
        case("scipy.stats.norm.cdf", T.norm.cdf, wide, tol=3e-5)
        case("scipy.stats.norm.logcdf", T.norm.logcdf, wide, tol=3e-5)
        case("scipy.stats.norm.ppf", T.norm.ppf, unit, tol=3e-5)
    for name in ("gamma", "t", "chi2", "pareto"):
        case(f"scipy.stats.{name}.logpdf", getattr(T, name).logpdf, f(6, lo=1.1, hi=5), f(6, lo=0.6, hi=4), tol=1e-4)
    case("scipy.stats.beta.logpdf", T.beta.logpdf, unit, f(7, lo=0.6, hi=4), f(7, lo=0.6, hi=4), tol=1e-4)
    for name, p in (("bernoulli", 0.3), ("poisson", 2.5), ("geom", 0.4)):
        case(f"scipy.stats.{name}.logpmf", lambda k: getattr(T, name).logpmf(k, p), i(6, lo=0, hi=2 if name == "bernoulli" else 7), p, tol=3e-5)
    x = jax.nn.softmax(f(4))
    case("scipy.stats.dirichlet.logpdf", T.dirichlet.logpdf, x, f(4, lo=0.5, hi=3), grad=False, tol=1e-4)
    c = f(3, 3)
    case("scipy.stats.multivariateNormal.logpdf", T.multivariate_normal.logpdf, f(5, 3), f(3), (c @ c.T + jnp.eye(3)).round(2), grad=[0, 1], tol=1e-4)


def networks():
    N = jax.nn
    x = f(12, lo=-5, hi=7)
    for name, ts in (("relu6", "relu6"), ("hard_sigmoid", "hardSigmoid"), ("hard_silu", "hardSilu"), ("hard_tanh", "hardTanh"), ("soft_sign", "softSign"), ("celu", "celu"), ("selu", "selu"), ("glu", "glu"), ("mish", "mish"), ("squareplus", "squareplus"), ("sparse_plus", "sparsePlus"), ("sparse_sigmoid", "sparseSigmoid"), ("silu", "silu"), ("relu", "relu"), ("elu", "elu"), ("leaky_relu", "leakyRelu"), ("gelu", "gelu"), ("softplus", "softplus"), ("log_sigmoid", "logSigmoid"), ("identity", "identity")):
        case("nn." + ts, getattr(N, name), x, tol=2e-5)
    case("nn.log1mexp", N.log1mexp, f(6, lo=0.05, hi=6), tol=2e-5)
    case("nn.oneHot", lambda a: N.one_hot(a, 4), i(2, 3, lo=-1, hi=5), 4)
    case("nn.oneHot", lambda a: N.one_hot(a, 4, axis=0), i(3, lo=0, hi=4), 4, axis=0)
    y = f(3, 5)
    case("nn.standardize", N.standardize, y, tol=1e-4)
    case("nn.standardize", lambda a: N.standardize(a, axis=0, epsilon=0.1), y, axis=0, epsilon=0.1, tol=1e-4)
    case("nn.logmeanexp", lambda a: N.logmeanexp(a, axis=-1), y, axis=-1)
    O = __import__("optax")
    p, t, q = f(4, 3), f(4, 3), f(4, 3)
    sign = jnp.sign(t)
    for name, ts, b_ in (("l2_loss", "l2Loss", t), ("log_cosh", "logCosh", t), ("hinge_loss", "hingeLoss", sign), ("perceptron_loss", "perceptronLoss", sign), ("cosine_similarity", "cosineSimilarity", t), ("cosine_distance", "cosineDistance", t), ("huber_loss", "huberLoss", t), ("squared_error", "squaredError", t)):
        case("nn." + ts, getattr(O.losses, name), p, b_, grad=[0], tol=3e-5)
    lp, tp = jax.nn.log_softmax(p), jax.nn.softmax(t)
    case("nn.klDivergence", O.losses.kl_divergence, lp, tp, tol=3e-5)
    case("nn.klDivergenceWithLogTargets", O.losses.kl_divergence_with_log_targets, lp, jnp.log(tp), tol=3e-5)
    labels = b(4, 3).astype("float32")
    case("nn.sigmoidFocalLoss", lambda a, c: O.losses.sigmoid_focal_loss(a, c, alpha=0.3), p, labels, grad=[0], alpha=0.3, tol=1e-4)
    case("nn.smoothLabels", lambda a: O.losses.smooth_labels(a, 0.1), labels, 0.1)
    case("nn.polyLossCrossEntropy", O.losses.poly_loss_cross_entropy, p, tp, tol=3e-5)
    case("nn.tripletMarginLoss", O.losses.triplet_margin_loss, p, t, q, tol=1e-4)


def draws():
    R = jax.random
    key = R.key_data(R.key(3))
    k = lambda a: R.wrap_key_data(a)
    s = (3, 4)
    for name in ("cauchy", "maxwell"):
        case("random." + name, lambda a: getattr(R, name)(k(a), s), key, list(s), tol=3e-5)
    case("random.rayleigh", lambda a: R.rayleigh(k(a), 2.0, s), key, 2.0, list(s), tol=3e-5)
    case("random.pareto", lambda a: R.pareto(k(a), 2.0, s), key, 2.0, list(s), tol=3e-5)
    case("random.weibullMin", lambda a: R.weibull_min(k(a), 2.0, 1.5, s), key, 2.0, 1.5, list(s), tol=3e-5)
    case("random.doubleSidedMaxwell", lambda a: R.double_sided_maxwell(k(a), 1.0, 2.0, s), key, 1.0, 2.0, list(s), tol=3e-5)
    case("random.triangular", lambda a: R.triangular(k(a), 0.0, 1.0, 3.0, s), key, 0.0, 1.0, 3.0, list(s), tol=3e-5)
    case("random.geometric", lambda a: R.geometric(k(a), 0.3, s), key, 0.3, list(s))
    case("random.wald", lambda a: R.wald(k(a), 2.0, s), key, 2.0, list(s), tol=1e-4)
    c = jnp.array([[2.0, 0.5], [0.5, 1.0]])
    m = f(2)
    case("random.multivariateNormal", lambda a, u, v: R.multivariate_normal(k(a), u, v, (4,)), key, m, c, [4], grad=False, tol=3e-5)
    case("random.orthogonal", lambda a: R.orthogonal(k(a), 3), key, 3, tol=1e-4)


def windows():
    x, w = f(2, 3, 7, 6), f(4, 3, 3, 2)
    for kw, ts in (({}, {}), ({"window_strides": (2, 1)}, {"windowStrides": [2, 1]}), ({"rhs_dilation": (2, 3)}, {"rhsDilation": [2, 3]}), ({"lhs_dilation": (2, 1)}, {"lhsDilation": [2, 1]})):
        for pad in ("SAME", "VALID", [(1, 2), (0, 1)]):
            kw2 = {"window_strides": (1, 1), **kw}
            if isinstance(pad, str) and "lhs_dilation" in kw:
                continue
            case("lax.convGeneralDilated", lambda a, c: jax.lax.conv_general_dilated(a, c, padding=pad, **kw2), x, w, padding=pad if isinstance(pad, str) else [list(p) for p in pad], tol=3e-5, **ts)
    case("lax.convGeneralDilated", lambda a, c: jax.lax.conv_general_dilated(a, c, (1,), "SAME", feature_group_count=2, dimension_numbers=("NWC", "WIO", "NWC")), f(2, 8, 4), f(3, 2, 6), padding="SAME", featureGroupCount=2, dimensionNumbers=["NWC", "WIO", "NWC"], tol=3e-5)
    y = f(2, 6, 5)
    for op, init, name in ((jax.lax.max, -inf, "max"), (jax.lax.add, 0.0, "add"), (jax.lax.min, inf, "min")):
        for pad in ("SAME", "VALID"):
            case("lax.reduceWindow", lambda a: jax.lax.reduce_window(a, init, op, (1, 3, 2), (1, 2, 1), pad), y, name, [1, 3, 2], windowStrides=[1, 2, 1], padding=pad)
    case("lax.topK", lambda a: jax.lax.top_k(a, 2), f(3, 5), 2)
    for name, ts in (("cumprod", "cumprod"), ("cummax", "cummax"), ("cummin", "cummin"), ("cumlogsumexp", "cumlogsumexp")):
        case("lax." + ts, lambda a: getattr(jax.lax, name)(a, axis=1), f(3, 6), 1, tol=3e-5)
    img = f(5, 6, 2)
    for m in ("nearest", "linear", "cubic", "lanczos3", "lanczos5"):
        for shape in ((8, 9, 2), (3, 4, 2), (5, 3, 2)):
            case("image.resize", lambda a: jax.image.resize(a, shape, m), img, list(shape), m, tol=3e-5)
    case("image.resize", lambda a: jax.image.resize(a, (3, 4, 2), "linear", antialias=False), img, [3, 4, 2], "linear", antialias=False, tol=3e-5)


FAMILIES = {"breadth": [linalg, numpy, fourier], "special": [special], "networks": [networks], "draws": [draws], "windows": [windows]}


def main():
    for family in FAMILIES[sys.argv[1]]:
        try:
            family()
        except Exception:
            print(f"in {family.__name__} after {cases[-1]['fn'] if cases else 'nothing'}", file=sys.stderr)
            raise
    json.dump({"jax": jax.__version__, "cases": cases}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
