"""Records what JAX gives for more of the array API: `python make-more.py numpy > breadth-numpy.json`, and likewise for
lax, nn, matrices and plain. Cases are those of make-breadth.py. Names after `extra.` are those of compositions in
test/breadth/namespaces.ts; a `$` and what follows tells several of one function apart. A case of `plain` has a
`value` that is no array.
"""
import importlib.util
import itertools
import json
import os
import sys

import jax
import jax.numpy as jnp
import numpy as n

spec = importlib.util.spec_from_file_location("breadth", os.path.join(os.path.dirname(os.path.abspath(__file__)), "make-breadth.py"))
base = importlib.util.module_from_spec(spec)
spec.loader.exec_module(base)
case, f, i, b, cases, inf, nan = base.case, base.f, base.i, base.b, base.cases, base.inf, base.nan
base.rng.seed(11)
u = lambda *shape, lo=0, hi=9: jnp.asarray(base.rng.randint(lo, hi, shape).astype("uint32"))


def numpy():
    e = jnp.array([0.0, 1.0, -1.5, inf, -inf, nan, -0.0], "float32")
    for ts, fn in (("angle", jnp.angle), ("conj", jnp.conj), ("real", jnp.real), ("imag", jnp.imag), ("isreal", jnp.isreal), ("iscomplex", jnp.iscomplex), ("array", jnp.array)):
        case("np." + ts, fn, e, grad=False)
        case("np." + ts, fn, f(2, 3), grad=ts not in ("angle", "imag"))
        if ts not in ("angle",):
            case("np." + ts, fn, i(4))
    case("np.angle", lambda x: jnp.angle(x, deg=True), e, deg=True, grad=False)
    for x, axis in ((f(3, 4), 0), (f(3, 4), 1), (f(2, 3, 4), 1), (f(2, 3, 4), -1)):
        case("extra.np.applyAlongAxis", lambda a: jnp.apply_along_axis(lambda r: jnp.sum(r * r), axis, a), x, axis)
        case("extra.np.applyAlongAxis$2", lambda a: jnp.apply_along_axis(lambda r: jnp.stack([r[:2], r[-2:]]), axis, a), x, axis)
    for axes in ([0], [0, 2], [-1, 1]):
        case("extra.np.applyOverAxes", lambda a: jnp.apply_over_axes(jnp.sum, a, axes), f(2, 3, 4), axes)
    for x, kth, axis in ((f(7), 2, -1), (f(7), 0, -1), (f(3, 6), -2, 0), (i(2, 8), 4, 1), (jnp.array([3.0, 1, 3, 1, 2, 2]), 3, -1)):
        case("np.partition", lambda a: jnp.partition(a, kth, axis), x, kth, axis=axis)
        case("np.argpartition", lambda a: jnp.argpartition(a, kth, axis), x, kth, axis=axis)
    p, q, r, s = f(2, 2), f(2, 3), f(1, 2), f(1, 3)
    case("extra.np.block", lambda *a: jnp.block([[a[0], a[1]], [a[2], a[3]]]), p, q, r, s)
    case("extra.np.block$2", lambda a, c: jnp.block([a, c, 1.0]), f(2), f(3))
    case("extra.np.block$3", lambda a: jnp.block([[[a], [a]]]), f(2, 2))
    case("np.divmod", jnp.divmod, f(9, lo=-7, hi=7), f(9, lo=1, hi=3), grad=False)
    case("np.divmod", jnp.divmod, i(9), jnp.array([1, -2, 3, 4, -5, 6, 7, 2, -3]))
    case("np.diagIndicesFrom", jnp.diag_indices_from, f(3, 3))
    case("np.trilIndicesFrom", lambda a: jnp.tril_indices_from(a, 1), f(3, 4), k=1)
    case("extra.np.maskIndices", lambda: jnp.mask_indices(4, jnp.triu, 1), 4, 1)
    case("extra.np.fromfunction", lambda: jnp.fromfunction(lambda a, c: a * 3 + c, (3, 4), dtype="float32"), [3, 4])
    for x in (i(8, lo=0, hi=4), f(3, 3)):
        k = int(jnp.unique_values(x).size)
        case("np.uniqueValues", lambda a: jnp.unique_values(a, size=k + 2, fill_value=7), x, size=k + 2, fillValue=7)
    for x, trim in (([0, 0, 1, 2, 0, 3, 0, 0], "fb"), ([0, 5, 0], "f"), ([0, 5, 0], "b"), ([1, 2], "fb"), ([0, 0], "fb")):
        a = jnp.array(x, "float32")
        k = jnp.trim_zeros(a, trim).size
        if k:
            case("np.trimZeros", lambda v: jnp.trim_zeros(a, trim), a, size=int(k), trim=trim, grad=False)
    case("extra.np.mgrid", lambda: jnp.mgrid[0:5, 1:3])
    case("extra.np.mgrid$2", lambda: jnp.mgrid[0:6:2, 0:1:4j, 2:3])
    case("extra.np.mgrid$3", lambda: jnp.mgrid[4:1:-1])
    case("extra.np.ogrid", lambda: jnp.ogrid[0:5, 1:3])
    case("extra.np.ogrid$2", lambda: jnp.ogrid[0:6:2, 0:1:4j])
    case("extra.np.r_", lambda a: jnp.r_[0:3, a, 5.0, -1:1:5j], f(3))
    case("extra.np.r_$2", lambda a, c: jnp.r_[a, c], f(2, 3), f(1, 3))
    case("extra.np.c_", lambda a, c: jnp.c_[a, c], f(3), f(3))
    case("extra.np.c_$2", lambda a, c: jnp.c_[a, c, a], f(3, 2), f(3, 1))
    x = f(7)
    # Elements where two conditions hold take the first.
    case("extra.np.piecewise", lambda a: jnp.piecewise(a, [a < -1, a > 1], [lambda v: v * v, 5.0, lambda v: v + 1]), x)
    case("extra.np.piecewise$2", lambda a: jnp.piecewise(a, [a < 0, a < 1], [-1.0, lambda v: jnp.exp(v)]), x)
    case("extra.np.vectorize", lambda a, c: jnp.vectorize(lambda s, t: jnp.sin(s) * t)(a, c), f(2, 1, 3), f(4, 1))
    case("extra.np.vectorize$2", lambda a, c: jnp.vectorize(jnp.dot, signature="(k),(k)->()")(a, c), f(4, 1, 3), f(5, 3))
    case("extra.np.vectorize$3", lambda a, c: jnp.vectorize(jnp.matmul, signature="(n,m),(m)->(n)")(a, c), f(2, 1, 2, 3), f(1, 3, 3))
    case("extra.np.vectorize$4", lambda a: jnp.vectorize(lambda v: (v.sum(), v * 2), signature="(k)->(),(k)")(a), f(2, 3))
    x, y = f(4, 3, lo=0.5, hi=2), f(3, 2)
    for name, fn in (("add", jnp.add), ("subtract", jnp.subtract), ("multiply", jnp.multiply), ("maximum", jnp.maximum), ("minimum", jnp.minimum), ("logaddexp", jnp.logaddexp), ("logaddexp2", jnp.logaddexp2)):
        exact = name not in ("subtract",)
        for axis in (0, 1):
            case(f"np.{name}.reduce", lambda a: fn.reduce(a, axis=axis), x, axis=axis, tol=3e-5)
            case(f"np.{name}.accumulate", lambda a: fn.accumulate(a, axis=axis), x, axis=axis, tol=3e-5)
        case(f"np.{name}.reduce", lambda a: fn.reduce(a, axis=None), x, axis=None, tol=3e-5)
        case(f"np.{name}.reduce", lambda a: fn.reduce(a, keepdims=True), x, keepdims=True, tol=3e-5)
        case(f"np.{name}.outer", fn.outer, f(3), f(2, 2), tol=3e-5)
        k, v = jnp.array([0, 2, 0, 3]), f(4, 3)
        case(f"np.{name}.at", lambda a, _, c: fn.at(a, k, c, inplace=False), x, k, v, tol=3e-5, grad=False)
        case(f"np.{name}.reduceat", lambda a: fn.reduceat(a, jnp.array([0, 2, 1])), x, [0, 2, 1], tol=3e-5, grad=False)
    for name, fn in (("bitwiseAnd", jnp.bitwise_and), ("bitwiseOr", jnp.bitwise_or), ("bitwiseXor", jnp.bitwise_xor)):
        z = i(4, 3)
        case(f"np.{name}.reduce", fn.reduce, z)
        case(f"np.{name}.accumulate", fn.accumulate, z)
        case(f"np.{name}.outer", fn.outer, z[0], z[1])
    for name, fn in (("logicalAnd", jnp.logical_and), ("logicalOr", jnp.logical_or), ("logicalXor", jnp.logical_xor)):
        z = b(4, 3)
        case(f"np.{name}.reduce", fn.reduce, z)
        case(f"np.{name}.accumulate", fn.accumulate, z)
    hyp = jnp.frompyfunc(lambda a, c: jnp.sqrt(a * a + c * c), 2, 1, identity=0)
    case("extra.np.frompyfunc", hyp, f(2, 3), f(3))
    case("extra.np.frompyfunc$2", hyp.reduce, f(4, 3))
    case("extra.np.frompyfunc$3", hyp.accumulate, f(4, 3))
    w = f(6)
    case("np.delete", lambda a, _: jnp.delete(a, jnp.array([1, -2]), assume_unique_indices=True), w, jnp.array([1, -2]))
    case("np.delete", lambda a, _: jnp.delete(a, jnp.array([2, 0]), axis=1, assume_unique_indices=True), f(2, 4), jnp.array([2, 0]), axis=1)
    case("np.insert", lambda a, k, v: jnp.insert(a, k, v), w, jnp.array([3, 0, 3]), f(3))
    case("np.insert", lambda a, k, v: jnp.insert(a, k, v, axis=1), f(2, 3), jnp.array([1, 3]), f(2, 2), axis=1)
    # Fourier transforms of real numbers and their halves.
    parts = lambda z: (jnp.real(z), jnp.imag(z))
    for m in ("backward", "ortho", "forward"):
        for shape in ((4, 6), (3, 5), (2, 4, 3)):
            case("np.fft.rfftn", lambda a: parts(jnp.fft.rfftn(a, norm=m)), f(*shape), norm=m, tol=3e-5)
            case("np.fft.fftn", lambda a: parts(jnp.fft.fftn(a, norm=m)), f(*shape), norm=m, tol=3e-5)
            case("extra.np.fft.ifftn", lambda a, c: parts(jnp.fft.ifftn(a + 1j * c, norm=m)), f(*shape), f(*shape), norm=m, tol=3e-5)
            case("extra.np.fft.irfftn", lambda a, c: jnp.fft.irfftn(a + 1j * c, norm=m), f(*shape), f(*shape), norm=m, tol=3e-5)
        case("np.fft.rfft2", lambda a: parts(jnp.fft.rfft2(a, norm=m)), f(2, 4, 5), norm=m, tol=3e-5)
        case("extra.np.fft.irfft2", lambda a, c: jnp.fft.irfft2(a + 1j * c, norm=m), f(2, 4, 5), f(2, 4, 5), norm=m, tol=3e-5)
        for k in (5, 6):
            case("extra.np.fft.hfft", lambda a, c: jnp.fft.hfft(a + 1j * c, norm=m), f(2, k), f(2, k), norm=m, tol=3e-5)
            case("np.fft.ihfft", lambda a: parts(jnp.fft.ihfft(a, norm=m)), f(2, k), norm=m, tol=3e-5)
    case("extra.np.fft.hfft", lambda a, c: jnp.fft.hfft(a + 1j * c, n=7), f(5), f(5), n=7, tol=3e-5)
    case("np.fft.rfftn", lambda a: parts(jnp.fft.rfftn(a, s=(3, 6), axes=(0, 1))), f(4, 5), s=[3, 6], axes=[0, 1], tol=3e-5)
    case("extra.np.fft.irfftn", lambda a, c: jnp.fft.irfftn(a + 1j * c, s=(3, 5)), f(2, 4, 4), f(2, 4, 4), s=[3, 5], tol=3e-5)
    case("np.fromiter", lambda: jnp.array([1, 2, 3], "int32"), [1, 2, 3], "int32")
    case("np.fromstring", lambda: jnp.fromstring("1 2  3.5", sep=" "), "1 2  3.5")
    case("np.fromstring", lambda: jnp.fromstring("1,2,3", dtype="int32", sep=","), "1,2,3", dtype="int32", sep=",")
    case("extra.np.frombuffer", lambda: jnp.frombuffer(n.array([1.5, 2, 3], "float32").tobytes(), "float32", 2, 4))
    bits = i(3, 11, lo=0, hi=2)
    for axis in (None, 0, 1):
        for order in ("big", "little"):
            case("extra.np.packbits", lambda a: jnp.packbits(a, axis, order), bits, axis=axis, bitorder=order)
            byte = jnp.packbits(bits, axis, order)
            for count in (None, 5, -3, 30):
                case("extra.np.unpackbits", lambda a: jnp.unpackbits(a.astype("uint8"), axis=axis, count=count, bitorder=order).astype("int32"), byte.astype("int32"), axis=axis, count=count, bitorder=order)


def lax():
    L = jax.lax
    for k in (3, 6):
        for fn, ts in ((L.approx_max_k, "approxMaxK"), (L.approx_min_k, "approxMinK")):
            case("lax." + ts, lambda a: fn(a, k), f(3, 6), k)
        case("lax.topK", lambda a: L.top_k(a, k), i(3, 6), k)
    case("lax.topK", lambda a: L.top_k(a, 2, axis=0), f(4, 3), 2, axis=0)
    case("lax.batchMatmul", L.batch_matmul, f(2, 3, 4), f(2, 4, 5))
    for x, y in ((f(4), f(4)), (f(3, 4), f(4)), (f(4), f(4, 2)), (f(3, 4), f(4, 2)), (i(3, 4), i(4, 2))):
        case("lax.dot", L.dot, x, y)
    for sizes in ([2, 3], []):
        case("lax.broadcast", lambda a: L.broadcast(a, sizes), f(4), sizes)
    case("lax.broadcastLike", L.broadcast_like, f(1, 3), f(2, 3))
    case("lax.broadcastToRank", lambda a: L.broadcast_to_rank(a, 4), f(2, 3), 4)
    for axis in (0, 1):
        case("lax.broadcastedIota", lambda: L.broadcasted_iota("int32", (2, 3), axis), "int32", [2, 3], axis)
    case("lax.iota", lambda: L.iota("float32", 5), "float32", [5], 0)
    case("lax.broadcastInDim", lambda a: L.broadcast_in_dim(a, (2, 3, 4), (1,)), f(3), [2, 3, 4], [1])
    case("lax.broadcastInDim", lambda a: L.broadcast_in_dim(a, (2, 3, 4), (0, 2)), f(2, 1), [2, 3, 4], [0, 2])
    x = jnp.array([8.0, -27.0, 0.5, 2.0])
    for ts, fn in (("cbrt", L.cbrt), ("exp2", L.exp2), ("square", L.square), ("reciprocal", L.reciprocal)):
        case("lax." + ts, fn, x, tol=2e-5)
    case("lax.square", L.square, i(4))
    for k in (-3, 0, 1, 2, 5):
        case("lax.integerPow", lambda a: L.integer_pow(a, k), x, k)
    case("lax.clamp", L.clamp, jnp.float32(-1), f(6), jnp.float32(1.5), grad=[1])
    case("lax.clamp", L.clamp, f(6, lo=-2, hi=0), f(6), f(6, lo=0, hi=2))
    case("lax.clamp", L.clamp, jnp.int32(-2), i(6), jnp.int32(3))
    for a, o in (((2, 3, 4), (0, 2)), ((2, 3, 4), (1,)), ((2, 3, 4), (-2,))):
        case("lax.collapse", lambda v: L.collapse(v, *o), f(*a), *o)
    cv = ((2, 3, 7, 6), (4, 3, 3, 2))
    for pad in ("SAME", "VALID"):
        case("lax.conv", lambda a, c: L.conv(a, c, (2, 1), pad), f(*cv[0]), f(*cv[1]), [2, 1], pad, tol=3e-5)
    case("lax.convWithGeneralPadding", lambda a, c: L.conv_with_general_padding(a, c, (2, 1), [(1, 0), (0, 2)], (1, 2), (2, 1)), f(*cv[0]), f(*cv[1]), [2, 1], [[1, 0], [0, 2]], lhsDilation=[1, 2], rhsDilation=[2, 1], tol=3e-5)
    for pad in ("SAME", "VALID", [(1, 2), (0, 1)]):
        for s_, k_ in (((2, 2), (3, 3)), ((1, 3), (2, 3))):
            ts = pad if isinstance(pad, str) else [list(p) for p in pad]
            case("lax.convTranspose", lambda a, c: L.conv_transpose(a, c, s_, pad), f(2, 4, 3, 2), f(*k_, 2, 3), list(s_), ts, tol=3e-5)
    case("lax.convTranspose", lambda a, c: L.conv_transpose(a, c, (2, 2), "SAME", transpose_kernel=True), f(2, 4, 3, 3), f(3, 2, 2, 3), [2, 2], "SAME", transposeKernel=True, tol=3e-5)
    case("lax.convTranspose", lambda a, c: L.conv_transpose(a, c, (2, 1), [(1, 1), (0, 1)], use_consistent_padding=True), f(2, 4, 3, 2), f(3, 2, 2, 3), [2, 1], [[1, 1], [0, 1]], useConsistentPadding=True, tol=3e-5)
    case("lax.convTranspose", lambda a, c: L.conv_transpose(a, c, (2,), "SAME", rhs_dilation=(2,), dimension_numbers=("NCH", "OIH", "NCH")), f(2, 2, 4), f(3, 2, 3), [2], "SAME", rhsDilation=[2], dimensionNumbers=["NCH", "OIH", "NCH"], tol=3e-5)
    case("lax.convGeneralDilatedPatches", lambda a: L.conv_general_dilated_patches(a, (2, 3), (1, 2), "VALID"), f(2, 3, 4, 5), [2, 3], windowStrides=[1, 2], tol=3e-5)
    case("lax.convGeneralDilatedPatches", lambda a: L.conv_general_dilated_patches(a, (2,), (1,), [(1, 0)], rhs_dilation=(2,), dimension_numbers=("NHC", "HIO", "NHC")), f(2, 5, 3), [2], windowStrides=[1], padding=[[1, 0]], rhsDilation=[2], dimensionNumbers=["NHC", "HIO", "NHC"], tol=3e-5)
    case("lax.convGeneralDilatedLocal", lambda a, c: L.conv_general_dilated_local(a, c, (1, 2), "VALID", (2, 2)), f(2, 3, 3, 5), f(4, 12, 2, 2), [2, 2], windowStrides=[1, 2], tol=3e-5)
    for k in (1, -1, -3, 4, -9, 9):
        case("extra.lax.dynamicSlice", lambda a, s: L.dynamic_slice(a, (s, 1), (2, 2)), f(5, 3), jnp.int32(k))
        case("extra.lax.dynamicUpdateSlice", lambda a, v, s: L.dynamic_update_slice(a, v, (s, 1)), f(5, 3), f(2, 2), jnp.int32(k))
        case("lax.dynamicSliceInDim", lambda a, s: L.dynamic_slice_in_dim(a, s, 2, axis=1), f(2, 5), jnp.int32(k), 2, 1)
        case("lax.dynamicIndexInDim", lambda a, s: L.dynamic_index_in_dim(a, s, 1), f(2, 5), jnp.int32(k), 1)
        case("lax.dynamicIndexInDim", lambda a, s: L.dynamic_index_in_dim(a, s, 0, keepdims=False), f(5, 2), jnp.int32(k), 0, keepdims=False)
        case("lax.dynamicUpdateSliceInDim", lambda a, v, s: L.dynamic_update_slice_in_dim(a, v, s, 0), f(5, 2), f(2, 2), jnp.int32(k), 0)
        case("lax.dynamicUpdateIndexInDim", lambda a, v, s: L.dynamic_update_index_in_dim(a, v, s, 1), f(2, 5), f(2), jnp.int32(k), 1)
    case("lax.dynamicSliceInDim", lambda a, s: L.dynamic_slice_in_dim(a, s, 2, axis=1, allow_negative_indices=False), f(2, 5), jnp.int32(-1), 2, 1, allowNegativeIndices=False)
    for st, li, sr, ax in ((1, 4, 2, 0), (None, -1, 1, 0), (-3, None, 1, 1), (0, 3, 3, 1)):
        case("lax.sliceInDim", lambda a: L.slice_in_dim(a, st, li, sr, ax), f(5, 4), st, li, sr, ax)
    for k in (0, -1):
        case("lax.indexInDim", lambda a: L.index_in_dim(a, k, 1), f(3, 4), k, 1)
    case("lax.indexInDim", lambda a: L.index_in_dim(a, 1, 0, keepdims=False), f(3, 4), 1, 0, keepdims=False)
    case("extra.lax.indexTake", lambda a, p, q: L.index_take(a, [p, q], (0, 1)), f(3, 4, 2), jnp.array([0, 2, -1]), jnp.array([3, -2, 5]))
    case("lax.expandDims", lambda a: L.expand_dims(a, (0, -1)), f(2, 3), [0, -1])
    case("lax.squeeze", lambda a: L.squeeze(a, (0, 2)), f(1, 3, 1), [0, 2])
    case("lax.split", lambda a: L.split(a, (1, 3, 0, 1), 1), f(2, 5), [1, 3, 0, 1], 1)
    case("extra.lax.stack", lambda a, c: L.stack([a, c], 1), f(2, 3), f(2, 3))
    case("lax.unstack", lambda a: L.unstack(a, 1), f(2, 3), 1)
    case("lax.tile", lambda a: L.tile(a, (2, 1, 2)), f(2, 3, 1), [2, 1, 2])
    case("lax.fullLike", lambda a: L.full_like(a, 2.5), f(2, 3), 2.5, grad=False)
    case("lax.fullLike", lambda a: L.full_like(a, 2, "int32", (4,)), f(2, 3), 2, dtype="int32", shape=[4], grad=False)
    case("lax.shapeAsValue", lambda: L.shape_as_value((2, 3, 0)), [2, 3, 0])
    case("lax.mulhi", L.mulhi, jnp.array([2**31 - 1, -5, 123456789, -(2**31)]), jnp.array([2**31 - 1, 7, -987654321, -(2**31)]))
    case("lax.mulhi", L.mulhi, jnp.array([2**32 - 1, 3, 123456789], "uint32"), jnp.array([2**32 - 1, 2**31, 987654321], "uint32"))
    case("lax.nextafter", L.nextafter, jnp.array([1.0, 0.0, -2.0, inf]), jnp.array([2.0, -1.0, -3.0, 0.0]), grad=False, tol=5e-7)
    for ebits, mbits in ((5, 10), (8, 7), (8, 23), (4, 3), (5, 2), (2, 1)):
        e = jnp.array([1.2345678, -3e38, 1e-40, 0.0, -0.0, 65519.0, 65520.0, 6.1e-5, 5e-8, 1.00390625, 448.0, 465.0, nan, inf, -inf], "float32")
        case("lax.reducePrecision", lambda a: L.reduce_precision(a, ebits, mbits), e, ebits, mbits, grad=False)
        case("lax.reducePrecision", lambda a: L.reduce_precision(a, ebits, mbits), f(6), ebits, mbits)
    case("lax.selectN", L.select_n, b(5), f(5), f(5))
    case("lax.selectN", L.select_n, i(5, lo=0, hi=3), f(5), f(5), f(5))
    case("lax.selectN", L.select_n, jnp.int32(1), f(5), f(5), f(5))
    case("lax.select", L.select, b(2, 3), f(2, 3), f(2, 3))
    case("lax.sortKeyVal", lambda k, v: L.sort_key_val(k, v), jnp.array([3, 1, 2, 1, 3]), f(5))
    case("lax.sortKeyVal", lambda k, v: L.sort_key_val(k, v, 0), f(4, 2), f(4, 2), 0)
    for axes in ([0], [0, 2], [1]):
        case("lax.reduceXor", lambda a: L.reduce_xor(a, axes), i(2, 3, 5), axes)
        case("extra.lax.reduce", lambda a: L.reduce(a, jnp.float32(0), L.add, axes), f(2, 3, 5), axes)
        case("extra.lax.reduce$2", lambda a: L.reduce(a, jnp.float32(-inf), L.max, axes), f(2, 3, 5), axes)
        case("extra.lax.reduce$3", lambda a: L.reduce(a, jnp.float32(1), lambda x, y: x * y + 0 * x, axes), f(2, 3, 5), axes, grad=False)
    case("lax.raggedDot", L.ragged_dot, f(6, 3), f(3, 3, 2), jnp.array([2, 3, 1]))
    case("lax.raggedDot", L.ragged_dot, f(6, 3), f(3, 3, 2), jnp.array([0, 4, 1]))
    # Scatters of single elements, columns and windows.
    dn = L.ScatterDimensionNumbers(update_window_dims=(1,), inserted_window_dims=(0,), scatter_dims_to_operand_dims=(0,))
    ts = {"updateWindowDims": [1], "insertedWindowDims": [0], "scatterDimsToOperandDims": [0], "operandBatchingDims": [], "indicesBatchingDims": []}
    k = jnp.array([[0], [3], [1], [7]])
    for mode in ("drop", "clip"):
        for name, fn in (("scatterAdd", L.scatter_add), ("scatterMul", L.scatter_mul), ("scatterMin", L.scatter_min), ("scatterMax", L.scatter_max), ("scatterSub", L.scatter_sub)):
            unique = name in ("scatterMul",)
            if unique and mode == "clip":
                continue
            scatter_case(name, fn, k, dn, ts, mode, unique)
    case("extra.lax.scatterApply", lambda a: L.scatter_apply(a, jnp.array([[0], [3], [9]]), lambda v: v * 3 + 1, dn, update_shape=(3, 2), mode="drop"), f(5, 2), grad=False)
    case("extra.lax.gather", lambda a: L.gather(a, jnp.array([[0], [4], [9]]), L.GatherDimensionNumbers((1,), (0,), (0,)), (1, 2), mode="clip"), f(5, 2))
    case("extra.lax.concatenate", lambda a, c: L.concatenate([a, c], 1), f(2, 3), f(2, 1))
    case("lax.dotGeneral", lambda a, c: L.dot_general(a, c, (((2,), (1,)), ((0,), (0,)))), f(2, 3, 4), f(2, 4, 5), {"lhsContract": [2], "rhsContract": [1], "lhsBatch": [0], "rhsBatch": [0]})
    case("lax.reshape", lambda a: L.reshape(a, (3, 2)), f(2, 3), [3, 2])
    case("lax.rev", lambda a: L.rev(a, (0, 1)), f(2, 3), [0, 1])
    case("lax.slice", lambda a: L.slice(a, (1, 0), (4, 3), (2, 1)), f(5, 4), [1, 0], [4, 3], [2, 1])
    case("lax.transpose", lambda a: L.transpose(a, (2, 0, 1)), f(2, 3, 4), [2, 0, 1])
    case("lax.full", lambda: L.full((2, 3), 1.5, "float32"), 1.5, {"shape": [2, 3], "dtype": "float32"})
    parts = lambda z: (jnp.real(z), jnp.imag(z))
    case("extra.lax.fft", lambda a, c: parts(L.fft(a + 1j * c, "FFT", (4, 6))), f(2, 4, 6), f(2, 4, 6), "fft", [4, 6], tol=3e-5)
    case("extra.lax.fft", lambda a, c: parts(L.fft(a + 1j * c, "IFFT", (6,))), f(2, 6), f(2, 6), "ifft", [6], tol=3e-5)
    case("lax.fft", lambda a: parts(L.fft(a, "RFFT", (4, 6))), f(2, 4, 6), "rfft", [4, 6], tol=3e-5)
    case("extra.lax.fft", lambda a, c: L.fft(a + 1j * c, "IRFFT", (6,)), f(2, 4), f(2, 4), "irfft", [6], tol=3e-5)
    y = jnp.array([[1.0, 3, 3, 2, 5, 5], [2, 2, 2, 2, 1, 0], [4, 1, 4, 4, 4, 4]])
    for w, s_, pad in (((2, 2), (1, 1), "VALID"), ((2, 3), (2, 2), "SAME"), ((3, 2), (1, 2), [(1, 0), (0, 1)])):
        ts = pad if isinstance(pad, str) else [list(p) for p in pad]
        for op, init, name in ((L.max, -inf, "max"), (L.min, inf, "min"), (L.add, 0.0, "add")):
            case("lax.reduceWindow", lambda a: L.reduce_window(a, init, op, w, s_, pad), y, name, list(w), windowStrides=list(s_), padding=ts)
    # Equations.
    sq = lambda a: L.custom_root(lambda v: v * v - a, jnp.float32(1.5), lambda g, x0: L.fori_loop(0, 12, lambda _, v: v - g(v) / (2 * v), x0), lambda g, w: w / g(1.0))
    case("extra.lax.customRoot", lambda a: jnp.stack([sq(a[0]), sq(a[1])]), jnp.array([2.0, 5.0]), tol=3e-5)
    case("extra.lax.customLinearSolve", lambda m, v: L.custom_linear_solve(lambda x: m @ x, v, lambda _, c: jnp.linalg.solve(m, c), lambda _, c: jnp.linalg.solve(m.T, c)), f(3, 3) + 4 * jnp.eye(3), f(3), tol=1e-4)
    case("extra.lax.optimizationBarrier", lambda a: L.optimization_barrier(jnp.sin(a)), f(4), grad=False)
    case("extra.lax.platformDependent", lambda a: L.platform_dependent(a, default=jnp.sin), f(4))
    case("lax.stopGradient", L.stop_gradient, f(4), grad=False)
    case("extra.lax.map", lambda a: L.map(lambda r: jnp.sum(r * r), a), f(4, 3))
    # Linear algebra.
    A = jax.lax.linalg
    c3 = f(3, 3)
    spd = c3 @ c3.T + 2 * jnp.eye(3)
    case("lax.linalg.symmetricProduct", lambda a, c: A.symmetric_product(a, c, alpha=2.0, beta=0.5), f(3, 4), f(3, 3) * 0 + spd, alpha=2.0, beta=0.5, tol=3e-5, grad=False)
    r_ = jnp.linalg.cholesky(spd).T
    case("lax.linalg.choleskyUpdate", lambda a, w: A.cholesky_update(a, w), r_, f(3), tol=1e-4, grad=False)
    case("lax.linalg.luPivotsToPermutation", lambda p: A.lu_pivots_to_permutation(p, 5), jnp.array([[2, 3, 2], [0, 1, 4]]), 5)
    h, taus = n.linalg.qr(n.asarray(f(4, 3)), mode="raw")
    case("lax.linalg.householderProduct", A.householder_product, jnp.array(h.T), jnp.array(taus), tol=1e-4, grad=False)
    dl, d, du, bb = f(4).at[0].set(0.0), f(4, lo=4, hi=6), f(4).at[3].set(0.0), f(4, 2)
    case("lax.linalg.tridiagonalSolve", A.tridiagonal_solve, dl, d, du, bb, tol=1e-4, grad=False)
    case("extra.lax.linalg.triangularSolve", lambda a, c: A.triangular_solve(a, c, left_side=True, lower=True), jnp.tril(f(3, 3)) + 3 * jnp.eye(3), f(3, 2), tol=1e-4)


def scatter_case(name, fn, k, dn, ts, mode, unique):
    x, v = f(5, 2), f(4, 2)
    spec = {**ts, "mode": mode}
    case("lax." + name, lambda a, _, w: fn(a, k, w, dn, mode=mode, unique_indices=unique), x, k, v, spec, grad=[0, 2] if name in ("scatterAdd", "scatterSub", "scatterMul") else False)


def nn():
    N = jax.nn
    shapes = [(dict(B=2, T=3, S=5, N=4, K=4, H=3)), (dict(B=2, T=4, S=4, N=4, K=2, H=3)), (dict(B=1, T=4, S=6, N=3, K=1, H=2))]
    for d in shapes:
        q, k, v = f(d["B"], d["T"], d["N"], d["H"]), f(d["B"], d["S"], d["K"], d["H"]), f(d["B"], d["S"], d["K"], d["H"])
        bias = f(1, d["N"], d["T"], d["S"])
        mask = jnp.asarray(base.rng.randint(0, 4, (d["B"], 1, d["T"], d["S"])) > 0)
        full = jnp.asarray(base.rng.randint(0, 4, (1, d["N"], d["T"], d["S"])) > 0)
        ql = jnp.asarray(base.rng.randint(1, d["T"] + 1, (d["B"],)).astype("int32"))
        kl = jnp.asarray(base.rng.randint(1, d["S"] + 1, (d["B"],)).astype("int32"))
        for with_bias, which in itertools.product((False, True), (None, "one", "heads")):
            for o in ({}, {"is_causal": True}, {"scale": 0.7, "local_window_size": 1}, {"local_window_size": (2, 0), "query_seq_lengths": ql}, {"key_value_seq_lengths": kl, "is_causal": True}, {"query_seq_lengths": ql, "key_value_seq_lengths": kl}):
                m = {"one": mask, "heads": full}.get(which)
                attention_case(q, k, v, bias if with_bias else None, m, o)
    attention_case(f(3, 4, 2), f(5, 4, 2), f(5, 4, 2), f(4, 3, 5), None, {"is_causal": True})
    attention_case(f(3, 4, 2), f(5, 2, 2), f(5, 2, 2), None, b(3, 5), {})
    q, k = f(2, 3, 2, 3), f(2, 5, 2, 3)
    case("nn.dotProductAttentionWithResidual", lambda a, c, e: N.dot_product_attention(a, c, e, is_causal=True, return_residual=True), q, k, f(2, 5, 2, 3), None, None, {"isCausal": True}, grad=False, tol=3e-5)
    x = f(3, 4)
    bb = f(3, 4)
    w = jnp.array([[True, False, True, True], [False] * 4, [True] * 4])
    for axis in (None, 0, -1, (0, 1)):
        ax = list(axis) if isinstance(axis, tuple) else axis
        case("nn.logsumexp", lambda a: N.logsumexp(a, axis=axis), x, axis=ax)
        case("nn.logsumexp", lambda a: N.logsumexp(a, axis=axis, b=bb), x, axis=ax, b=bb, grad=False)
        case("nn.logsumexp", lambda a: N.logsumexp(a, axis=axis, b=bb, return_sign=True, keepdims=True), x, axis=ax, b=bb, returnSign=True, keepdims=True, tol=3e-5)
        case("nn.logsumexp", lambda a: N.logsumexp(a, axis=axis, where=w), x, axis=ax, where=w, grad=False)
        case("nn.logmeanexp", lambda a: N.logmeanexp(a, axis=axis), x, axis=ax)
    case("nn.logsumexp", lambda a: N.logsumexp(a), jnp.array([-inf, -inf]), grad=False)
    case("nn.logsumexp", lambda a: N.logsumexp(a), jnp.array([inf, 1.0]), grad=False)
    case("nn.logmeanexp", lambda a: N.logmeanexp(a, axis=0, where=w), x, axis=0, where=w)
    for axis in (0, (0, 1)):
        ax = list(axis) if isinstance(axis, tuple) else axis
        case("nn.softmax", lambda a: N.softmax(a, axis=axis), x, axis=ax)
        case("nn.logSoftmax", lambda a: N.log_softmax(a, axis=axis), x, axis=ax)
    case("nn.standardize", lambda a: N.standardize(a, algorithm="stable"), x, algorithm="stable", tol=1e-4)
    case("nn.standardize", lambda a: N.standardize(a, where=w.at[1, 0].set(True).at[1, 2].set(True)), x, where=w.at[1, 0].set(True).at[1, 2].set(True), tol=1e-4)
    case("nn.tanh", N.tanh, x)
    I = N.initializers
    key = jax.random.key_data(jax.random.key(5))
    wrap = jax.random.wrap_key_data
    for shape in ((4, 3), (3, 3, 2, 5)):
        for name, ts in (("lecun_normal", "lecunNormal"), ("lecun_uniform", "lecunUniform"), ("glorot_normal", "glorotNormal"), ("glorot_uniform", "glorotUniform"), ("he_normal", "heNormal"), ("he_uniform", "heUniform")):
            case("extra.nn." + ts, lambda a: getattr(I, name)()(wrap(a), shape, jnp.float32), key, list(shape), tol=5e-7)
        case("extra.nn.glorotNormal$2", lambda a: I.glorot_normal(in_axis=0, out_axis=1)(wrap(a), shape, jnp.float32), key, list(shape), tol=5e-7)
        for name in ("normal", "uniform"):
            case("extra.nn." + name, lambda a: getattr(I, name)(0.3)(wrap(a), shape, jnp.float32), key, list(shape), tol=5e-7)
        case("extra.nn.truncatedNormal", lambda a: I.truncated_normal(0.3, lower=-1.0, upper=3.0)(wrap(a), shape, jnp.float32), key, list(shape), tol=1e-6)
        case("extra.nn.zeros", lambda a: I.zeros(wrap(a), shape, jnp.float32), key, list(shape))
        case("extra.nn.ones", lambda a: I.ones(wrap(a), shape, jnp.float32), key, list(shape))
        case("extra.nn.constant", lambda a: I.constant(0.3)(wrap(a), shape, jnp.float32), key, list(shape))
        for mode, tm in (("fan_in", "fanIn"), ("fan_out", "fanOut"), ("fan_avg", "fanAvg")):
            for dist, td in (("truncated_normal", "truncatedNormal"), ("normal", "normal"), ("uniform", "uniform")):
                case("extra.nn.varianceScaling", lambda a: I.variance_scaling(2.5, mode, dist)(wrap(a), shape, jnp.float32), key, list(shape), tm, td, tol=5e-7)
    for shape, axis in (((4, 4), -1), ((5, 3), -1), ((3, 5), -1), ((2, 3, 4), -1), ((4, 6), 0)):
        case("extra.nn.orthogonal", lambda a: I.orthogonal(1.5, column_axis=axis)(wrap(a), shape, jnp.float32), key, list(shape), axis, tol=1e-4)
    for shape in ((3, 2, 4), (3, 3, 3, 3), (2, 3, 1, 2, 3)):
        case("extra.nn.deltaOrthogonal", lambda a: I.delta_orthogonal()(wrap(a), shape, jnp.float32), key, list(shape), tol=1e-4)
    # Pictures.
    img = f(5, 6, 2)
    for m in ("linear", "cubic", "lanczos3", "lanczos5"):
        for anti in (True, False):
            for sc, tr in (((1.7, 0.6), (0.3, -0.8)), ((0.5, 2.0), (1.0, 0.5))):
                ts = [{"axis": 0, "scale": sc[0], "translation": tr[0]}, {"axis": 1, "scale": sc[1], "translation": tr[1]}]
                case("image.scaleAndTranslate", lambda a: jax.image.scale_and_translate(a, (6, 4, 2), (0, 1), jnp.array(sc), jnp.array(tr), m, antialias=anti), img, [6, 4, 2], ts, m, antialias=anti, tol=1e-4)
            for shape in ((7, 3, 2), (3, 9, 2)):
                case("image.resize", lambda a: jax.image.resize(a, shape, m, antialias=anti), img, list(shape), m, antialias=anti, tol=1e-4)
    case("image.resize", lambda a: jax.image.resize(a, (3, 9, 2), "nearest"), img, [3, 9, 2], "nearest")
    case("image.resize", lambda a: jax.image.resize(a, (3, 4), "linear"), i(5, 6), [3, 4], "linear", tol=3e-5)
    T = jax.scipy.stats
    for name in ("gamma", "t", "chi2", "pareto"):
        case(f"scipy.stats.{name}.pdf", getattr(T, name).pdf, f(6, lo=1.1, hi=5), f(6, lo=0.6, hi=4), tol=1e-4)
    unit = f(5, lo=0.05, hi=0.95)
    case("scipy.stats.beta.pdf", T.beta.pdf, unit, f(5, lo=0.6, hi=4), f(5, lo=0.6, hi=4), tol=1e-4)
    for name, p in (("bernoulli", 0.3), ("poisson", 2.5), ("geom", 0.4)):
        case(f"scipy.stats.{name}.pmf", lambda k: getattr(T, name).pmf(k, p), i(6, lo=0, hi=2 if name == "bernoulli" else 7), p, tol=3e-5)
    p = jax.nn.softmax(f(4))
    case("scipy.stats.dirichlet.pdf", T.dirichlet.pdf, p, f(4, lo=0.5, hi=3), grad=False, tol=1e-4)
    c = f(3, 3)
    case("scipy.stats.multivariateNormal.pdf", T.multivariate_normal.pdf, f(5, 3), f(3), (c @ c.T + jnp.eye(3)).round(2), grad=[0, 1], tol=1e-4)
    S = jax.scipy.special
    case("scipy.special.beta", S.beta, f(5, lo=0.5, hi=4), f(5, lo=0.5, hi=4), tol=1e-4)
    case("scipy.special.factorial", S.factorial, i(6, lo=0, hi=9), tol=1e-4)
    case("scipy.linalg.luFactor", jax.scipy.linalg.lu_factor, f(4, 4), tol=1e-4)
    O = __import__("optax").losses
    a, t = f(4, 3), f(4, 3)
    case("nn.poissonNllLoss", O.poisson_nll_loss, a, jnp.abs(t), grad=[0], tol=3e-5) if hasattr(O, "poisson_nll_loss") else None


def attention_case(q, k, v, bias, mask, options):
    N = jax.nn
    names = {"scale": "scale", "is_causal": "isCausal", "local_window_size": "localWindowSize", "query_seq_lengths": "querySeqLengths", "key_value_seq_lengths": "keyValueSeqLengths"}
    ts = {names[o]: (list(x) if isinstance(x, tuple) else x) for o, x in options.items()}

    def apply(*given):
        given = list(given)
        a = [given.pop(0) for _ in range(3)]
        bi = given.pop(0) if bias is not None else None
        ma = given.pop(0) if mask is not None else None
        return N.dot_product_attention(*a, bias=bi, mask=ma, **options)

    case("nn.dotProductAttention", apply, q, k, v, bias, mask, {o: base.encode(x) for o, x in ts.items()}, tol=3e-5)


def matrices():
    """Matrices of size 64, of which sums are recorded, with the derivatives of all elements."""
    A = jnp.linalg
    size = 64
    x = f(size, size).round(2)
    well = (x * 0.1 + 8 * jnp.eye(size)).round(3)
    spd = (x @ x.T * 0.02 + 3 * jnp.eye(size)).round(2)
    spd = (spd + spd.T) / 2
    y = f(size, 2)
    total = lambda v: jnp.sum(jnp.cos(v))
    case("extra.big.solve", lambda a, c: total(A.solve(a, c)), well, y, tol=1e-3)
    case("extra.big.inv", lambda a: total(A.inv(a)), well, tol=1e-3)
    case("extra.big.slogdet", lambda a: A.slogdet(a)[1], well, tol=1e-3)
    case("extra.big.cholesky", lambda a: total(A.cholesky(a)), spd, tol=1e-3)
    case("extra.big.qr", lambda a: total(jnp.abs(A.qr(a)[1])), well, tol=1e-3)
    case("extra.big.eigh", lambda a: total(A.eigh(a)[0]), spd, tol=1e-3)
    case("extra.big.svd", lambda a: total(A.svd(a, compute_uv=False)), well, tol=1e-3)
    # Determinants where there is no inverse.
    for m in (jnp.array([[1.0, 2, 3, 4], [2, 4, 6, 8], [0, 1, 0, 1], [1, 0, 0, 2]]), jnp.ones((5, 5)), jnp.zeros((4, 4)), f(5, 5), f(2, 4, 4), jnp.eye(4).at[3, 3].set(0)):
        case("np.linalg.det", A.det, m, tol=1e-4)


def plain(fn, value, *args, **kwargs):
    cases.append({"fn": fn, "args": [base.encode(a) for a in args], "value": value, **({"kwargs": kwargs} if kwargs else {})})


def values():
    types = ("float32", "int32", "uint32", "bool")
    x = f(2, 3)
    for name, v in (("shape", [2, 3]), ("ndim", 2), ("size", 6), ("iterable", True), ("isscalar", False), ("isrealobj", True), ("iscomplexobj", False)):
        got = getattr(jnp, name)(x)
        assert got == (tuple(v) if isinstance(v, list) else v), (name, got)
        plain("np." + name, v, x)
    plain("np.iterable", bool(jnp.iterable(jnp.float32(1))), jnp.float32(1))
    for a, c in itertools.product(types, types):
        plain("np.promoteTypes", str(jnp.promote_types(a, c)), a, c)
        plain("np.canCast", bool(jnp.can_cast(a, c)), a, c)
        plain("np.resultType", str(jnp.result_type(jnp.zeros(2, a), jnp.zeros(3, c))), jnp.zeros(2, a), jnp.zeros(3, c))
        plain("np.issubdtype", bool(jnp.issubdtype(jnp.dtype(a), jnp.dtype(c))), a, c)
    for a in types:
        for kind in ("generic", "number", "inexact", "floating", "integer", "signedinteger", "unsignedinteger"):
            plain("np.issubdtype", bool(jnp.issubdtype(jnp.dtype(a), getattr(jnp, kind))), a, kind)
        plain("np.resultType", str(jnp.result_type(jnp.zeros(2, a), 1.5)), jnp.zeros(2, a), 1.5)
        plain("np.resultType", str(jnp.result_type(jnp.zeros(2, a), 3)), jnp.zeros(2, a), 3)
        plain("np.resultType", str(jnp.result_type(jnp.zeros(2, a), True)), jnp.zeros(2, a), True)
        for kind in ("bool", "signed integer", "unsigned integer", "integral", "real floating", "numeric"):
            plain("np.isdtype", bool(jnp.isdtype(jnp.dtype(a), kind)), a, kind)
        plain("np.dtype", a, a)
    for a in ("int32", "uint32"):
        t = jnp.iinfo(a)
        plain("np.iinfo", {"bits": t.bits, "min": int(t.min), "max": int(t.max)}, a)
    t = jnp.finfo("float32")
    plain("extra.np.finfo", [t.bits, float(t.eps), float(t.max), float(t.min), float(t.tiny), float(t.smallest_normal), float(t.smallest_subnormal)])
    plain("np.broadcastShapes", list(jnp.broadcast_shapes((2, 1, 3), (4, 1))), [2, 1, 3], [4, 1])
    L = jax.lax
    plain("lax.broadcastShapes", list(L.broadcast_shapes((2, 1, 3), (1, 4, 1))), [2, 1, 3], [1, 4, 1])
    dn = L.conv_dimension_numbers((2, 5, 6, 3), (3, 3, 3, 4), ("NHWC", "HWIO", "NCHW"))
    plain("lax.convDimensionNumbers", {"lhsSpec": list(dn.lhs_spec), "rhsSpec": list(dn.rhs_spec), "outSpec": list(dn.out_spec)}, [2, 5, 6, 3], [3, 3, 3, 4], ["NHWC", "HWIO", "NCHW"])
    plain("lax.convGeneralPermutations", [list(p) for p in L.conv_general_permutations(("NHWC", "HWIO", "NCHW"))], ["NHWC", "HWIO", "NCHW"])
    for pad in ("SAME", "VALID", "SAME_LOWER"):
        plain("lax.padtypeToPads", [list(map(int, p)) for p in L.padtype_to_pads((7, 6), (3, 2), (2, 1), pad)], [7, 6], [3, 2], [2, 1], pad)
    for pad in ("SAME", "VALID", [(1, 2), (0, 1)]):
        ts = pad if isinstance(pad, str) else [list(p) for p in pad]
        plain("lax.convShapeTuple", [int(v) for v in L.conv_shape_tuple((2, 3, 7, 6), (4, 3, 3, 2), (2, 1), pad)], [2, 3, 7, 6], [4, 3, 3, 2], [2, 1], ts)
        plain("lax.convGeneralShapeTuple", [int(v) for v in L.conv_general_shape_tuple((2, 7, 6, 3), (3, 2, 3, 4), (2, 1), pad, ("NHWC", "HWIO", "NHWC"))], [2, 7, 6, 3], [3, 2, 3, 4], [2, 1], ts, ["NHWC", "HWIO", "NHWC"])
        plain("lax.convTransposeShapeTuple", [int(v) for v in L.conv_transpose_shape_tuple((2, 7, 6, 3), (3, 2, 4, 3), (2, 1), pad, ("NHWC", "HWOI", "NHWC"))], [2, 7, 6, 3], [3, 2, 4, 3], [2, 1], ts, ["NHWC", "HWOI", "NHWC"])
        plain("lax.reduceWindowShapeTuple", [int(v) for v in L.reduce_window_shape_tuple((7, 6), (3, 2), (2, 1), L.padtype_to_pads((7, 6), (3, 2), (2, 1), pad) if isinstance(pad, str) else pad)], [7, 6], [3, 2], [2, 1], ts)


FAMILIES = {"numpy": numpy, "lax": lax, "nn": nn, "matrices": matrices, "plain": values}

if __name__ == "__main__":
    FAMILIES[sys.argv[1]]()
    json.dump({"jax": jax.__version__, "cases": cases}, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")
