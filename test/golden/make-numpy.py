"""Records what jax.numpy gives for the calls below: `python make-numpy.py > numpy.json`.

Needs jax==0.10.2 and numpy. A case is {fn, args, kwargs, result}; names and options are those of the
TypeScript API. Arrays are {dtype, shape, data}; floats that JSON cannot hold are strings; -0.0 is '-0'.
An expression is evaluated with jnp and n (numpy) in scope; its result is what the call must give.
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
    return int(value) if value == int(value) and abs(value) < 2**53 else float(f"{value:.9g}")


def encode(x):
    if isinstance(x, (list, tuple)) and any(isinstance(e, (jax.Array, n.ndarray)) for e in x):
        return [encode(e) for e in x]
    if isinstance(x, (jax.Array, n.ndarray, n.generic)):
        a = n.asarray(x)
        return {"dtype": str(a.dtype), "shape": list(a.shape), "data": [number(v) for v in a.ravel()]}
    if isinstance(x, float):
        return x if n.isfinite(x) else number(x)
    return x


def case(fn, result, *args, **kwargs):
    if isinstance(result, (list, tuple)):
        result = list(result)
    else:
        result = jnp.asarray(result)
    cases.append({"fn": fn, "args": [encode(a) for a in args], "kwargs": {k: encode(v) for k, v in kwargs.items()}, "result": encode(result)})


rng = n.random.RandomState(0)


def f(*shape):
    return jnp.asarray(rng.uniform(-3, 3, shape).round(3).astype("float32"))


def i(*shape, lo=-6, hi=7):
    return jnp.asarray(rng.randint(lo, hi, shape).astype("int32"))


def u(*shape):
    return jnp.asarray(rng.randint(0, 9, shape).astype("uint32"))


def b(*shape):
    return jnp.asarray(rng.randint(0, 2, shape).astype(bool))


inf, nan = float("inf"), float("nan")
edges = jnp.array([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e-20, 1e20, -1e20, inf, -inf, nan], "float32")
ints = jnp.array([0, 1, -1, 2, 7, -7, 2**31 - 1, -(2**31)], "int32")
positive = jnp.array([0.0, 1e-30, 0.001, 0.5, 1.0, 2.0, 3.0, 10.0, 1e30, inf, nan, -1.0], "float32")
unit = jnp.array([-1.0, -0.999, -0.5, -1e-4, 0.0, 1e-4, 0.5, 0.999, 1.0], "float32")

# Functions of one operand.
names = {
    "abs": jnp.abs, "absolute": jnp.absolute, "fabs": jnp.fabs, "negative": jnp.negative, "positive": jnp.positive, "sign": jnp.sign,
    "square": jnp.square, "reciprocal": jnp.reciprocal, "exp": jnp.exp, "expm1": jnp.expm1, "exp2": jnp.exp2,
    "tanh": jnp.tanh, "arctan": jnp.arctan, "arcsinh": jnp.arcsinh, "sinc": jnp.sinc,
    "deg2rad": jnp.deg2rad, "rad2deg": jnp.rad2deg, "radians": jnp.radians, "degrees": jnp.degrees,
    "floor": jnp.floor, "ceil": jnp.ceil, "trunc": jnp.trunc, "rint": jnp.rint, "signbit": jnp.signbit,
    "isnan": jnp.isnan, "isinf": jnp.isinf, "isfinite": jnp.isfinite, "isposinf": jnp.isposinf, "isneginf": jnp.isneginf,
    "nanToNum": jnp.nan_to_num, "logicalNot": jnp.logical_not, "cbrt": jnp.cbrt,
}
small = jnp.array([-80.0, -20.0, -3.0, -0.7, -1e-5, 0.0, 1e-5, 0.3, 1.0, 2.0, 5.5, 30.0, 80.0], "float32")
for name, fn in names.items():
    wide = edges if name not in ("sinc",) else jnp.array([-2.25, -1, 0, 0.3, 1, 2.5], "float32")
    case(name, fn(wide), wide)
    v = i(2, 3)
    case(name, fn(v), v)
    if name in ("exp", "expm1", "exp2", "tanh"):
        case(name, fn(small), small)
for name, fn in {"sin": jnp.sin, "cos": jnp.cos, "tan": jnp.tan, "sinh": jnp.sinh, "cosh": jnp.cosh}.items():
    v = jnp.array([-20.0, -3.0, -1.5, -0.2, 0.0, 1e-4, 0.7, 2.0, 6.5, 20.0, nan], "float32")
    case(name, fn(v), v)
    v = u(3)
    case(name, fn(v), v)
for name, fn in {"sqrt": jnp.sqrt, "log": jnp.log, "log2": jnp.log2, "log10": jnp.log10, "log1p": jnp.log1p}.items():
    case(name, fn(positive), positive)
    v = u(2, 2)
    case(name, fn(v), v)
case("arccosh", jnp.arccosh(positive), positive)
for name, fn in {"arcsin": jnp.arcsin, "arccos": jnp.arccos, "arctanh": jnp.arctanh}.items():
    case(name, fn(unit), unit)
for v in (edges, f(4), i(3)):
    case("round", jnp.round(v), v)
v = jnp.array([1.234, -5.678, 123.456, 0.05], "float32")
case("round", jnp.round(v, 2), v, decimals=2)
case("round", jnp.round(v, -1), v, decimals=-1)
case("bitwiseNot", ~ints, ints)
v = b(4)
case("bitwiseNot", ~v, v)
v = u(4)
case("invert", ~v, v)
case("bitwiseCount", jnp.bitwise_count(v).astype("uint32"), v)
case("nanToNum", jnp.nan_to_num(edges, nan=1.5, posinf=9.0, neginf=-9.0), edges, nan=1.5, posinf=9.0, neginf=-9.0)
case("abs", jnp.abs(b(3) & False), jnp.zeros(3, bool))
for d in ("float32", "int32", "uint32", "bool"):
    for v in (jnp.array([0.0, 1.9, -1.9, 3.5, 100.25], "float32"), i(4, lo=0), u(3), b(3)):
        w = v if not (d == "uint32" and v.dtype == "float32") else jnp.abs(v)
        case("astype", w.astype(d), w, d)

# Functions of two operands: shapes, types, plain numbers.
binary = {
    "add": jnp.add, "subtract": jnp.subtract, "multiply": jnp.multiply, "divide": jnp.divide, "trueDivide": jnp.true_divide,
    "floorDivide": jnp.floor_divide, "mod": jnp.mod, "remainder": jnp.remainder, "fmod": jnp.fmod,
    "maximum": jnp.maximum, "minimum": jnp.minimum, "fmax": jnp.fmax, "fmin": jnp.fmin, "arctan2": jnp.arctan2,
    "hypot": jnp.hypot, "heaviside": jnp.heaviside, "copysign": jnp.copysign, "logaddexp": jnp.logaddexp,
    "equal": jnp.equal, "notEqual": jnp.not_equal, "less": jnp.less, "lessEqual": jnp.less_equal, "greater": jnp.greater, "greaterEqual": jnp.greater_equal,
    "logicalAnd": jnp.logical_and, "logicalOr": jnp.logical_or, "logicalXor": jnp.logical_xor,
}
special = jnp.array([0.0, -0.0, 1.0, -2.5, 3.0, inf, -inf, nan], "float32")
for name, fn in binary.items():
    for x, y in ((f(2, 3), f(3)), (f(3, 1), f(1, 4)), (f(4), i(4)), (i(5), i(5)), (u(4), i(4)), (i(2), 2), (f(3), 2), (i(3), 2.5), (f(2), True), (1.5, f(2, 2)), (f(), f(2))):
        case(name, fn(x, y), x, y)
    # Infinities and NaN; JAX on CPU leaves mod and floorDivide of infinities to the C library.
    if name not in ("mod", "remainder", "floorDivide", "fmod", "hypot"):
        x, y = special[:, None], special[None, :]
        case(name, fn(x, y), x, y)
for name, fn in {"add": jnp.add, "multiply": jnp.multiply, "equal": jnp.equal, "maximum": jnp.maximum, "less": jnp.less, "bitwiseAnd": jnp.bitwise_and, "bitwiseOr": jnp.bitwise_or, "bitwiseXor": jnp.bitwise_xor}.items():
    x, y = b(6), b(6)
    case(name, fn(x, y), x, y)
    x, y = i(4), b(4)
    case(name, fn(x, y), x, y)
x, y = jnp.array([7, -7, 7, -7, 0, 5, -5], "int32"), jnp.array([2, 2, -2, -2, 3, 5, 5], "int32")
for name in ("floorDivide", "mod", "fmod"):
    case(name, binary[name](x, y), x, y)
x, y = jnp.array([7.5, -7.5, 7.5, -7.5, 0.0, 5.0, -0.0], "float32"), jnp.array([2, 2, -2, -2, 3, 5, 5], "float32")
for name in ("floorDivide", "mod", "fmod"):
    case(name, binary[name](x, y), x, y)
case("mod", jnp.mod(jnp.array([5, -3, 0]), 0), jnp.array([5, -3, 0]), 0)
for name, fn in {"bitwiseAnd": jnp.bitwise_and, "bitwiseOr": jnp.bitwise_or, "bitwiseXor": jnp.bitwise_xor}.items():
    x, y = i(5, lo=-99, hi=99), i(5, lo=-99, hi=99)
    case(name, fn(x, y), x, y)
    case(name, fn(x, 6), x, 6)
for x in (i(5, lo=-99, hi=99), u(4)):
    case("leftShift", jnp.left_shift(x, 3), x, 3)
    case("rightShift", jnp.right_shift(x, 2), x, 2)
for x, y in ((f(5), 2), (f(5), 3), (f(5), -2), (f(3), 0), (i(4), 3), (i(4), 0), (u(3), 2), (jnp.abs(f(4)), f(4)), (jnp.abs(f(4)), 0.5), (2.0, f(3)), (i(5), i(5, lo=0)), (jnp.abs(f(4)), i(4)), (jnp.array([0.0, 1.0, inf, -1.0, nan]), 2.0)):
    case("power", jnp.power(x, y), x, y)
v = u(3) + 1
case("floatPower", jnp.float_power(v, 2), v, 2)
x = f(6)
case("clip", jnp.clip(x, -1, 1), x, -1, 1)
case("clip", jnp.clip(x, None, 0.5), x, None, 0.5)
case("clip", jnp.clip(x, jnp.zeros(6)), x, jnp.zeros(6))
case("clip", jnp.clip(x, 1, -1), x, 1, -1)
c, x, y = b(2, 3), f(3), i(2, 1)
case("where", jnp.where(c, x, y), c, x, y)
case("where", jnp.where(x > 0, x, 0), x > 0, x, 0)
v = i(3, lo=0, hi=2)
case("where", jnp.where(v, 1, 2.5), v, 1, 2.5)
x = jnp.array([1.0, 1.00001, 1.1, inf, -inf, nan, 0.0])
y = jnp.array([1.0, 1.0, 1.0, inf, inf, nan, 1e-9])
case("isclose", jnp.isclose(x, y), x, y)
case("isclose", jnp.isclose(x, y, rtol=0.2, equal_nan=True), x, y, rtol=0.2, equalNan=True)
case("allclose", jnp.allclose(x, y), x, y)
case("allclose", jnp.allclose(x[:2], y[:2], atol=0.1), x[:2], y[:2], atol=0.1)
case("arrayEqual", jnp.array_equal(x, x), x, x)
case("arrayEqual", jnp.array_equal(y[:3], x[:3]), y[:3], x[:3])
case("arrayEqual", jnp.array_equal(y[:3], x), y[:3], x)
case("arrayEqual", jnp.array_equal(x[:3], x[:3]), x[:3], x[:3])

# Creation.
case("zeros", jnp.zeros((2, 3)), [2, 3])
case("zeros", jnp.zeros(3, "int32"), 3, dtype="int32")
case("ones", jnp.ones((2, 1, 2), bool), [2, 1, 2], dtype="bool")
case("full", jnp.full((2, 2), 1.5), [2, 2], 1.5)
v = i(3)
case("full", jnp.full((2, 3), v), [2, 3], v)
case("full", jnp.full((2,), 7, "uint32"), [2], 7, dtype="uint32")
for name, fn in {"zerosLike": jnp.zeros_like, "onesLike": jnp.ones_like}.items():
    for v in (f(2, 2), i(3), b(2)):
        case(name, fn(v), v)
    case(name, fn(v, dtype="float32"), v, dtype="float32")
v = i(3)
case("fullLike", jnp.full_like(v, 4), v, 4)
case("fullLike", jnp.full_like(v, 2.5, dtype="float32"), v, 2.5, dtype="float32")
for args in ((5,), (2, 7), (2, 11, 3), (7, 1, -2), (0,), (3, 3), (0.0, 1.0, 0.25), (2.5,), (1, 4, 0.5)):
    r = jnp.arange(*args)
    # Whole numbers are one type in JavaScript.
    case("arange", r.astype("int32") if all(float(a) == int(a) for a in args) else r, *args)
case("arange", jnp.arange(4, dtype="float32"), 4, dtype="float32")
case("arange", jnp.arange(1, 9, 3, dtype="uint32"), 1, 9, 3, dtype="uint32")
case("linspace", jnp.linspace(0, 1, 5), 0, 1, 5)
case("linspace", jnp.linspace(2.0, -3.0, 7), 2, -3, 7)
case("linspace", jnp.linspace(0, 1, 4, endpoint=False), 0, 1, 4, endpoint=False)
case("linspace", jnp.linspace(3, 9, 1), 3, 9, 1)
case("linspace", jnp.linspace(3, 9, 0), 3, 9, 0)
x, y = f(2, 3), f(3)
case("linspace", jnp.linspace(x, y, 4), x, y, 4)
case("linspace", jnp.linspace(x, y, 4, axis=-1), x, y, 4, axis=-1)
case("linspace", jnp.linspace(0, 10, 4, dtype="int32"), 0, 10, 4, dtype="int32")
case("eye", jnp.eye(3), 3)
case("eye", jnp.eye(2, 4, k=1, dtype="int32"), 2, columns=4, k=1, dtype="int32")
case("eye", jnp.eye(3, 2, k=-1), 3, columns=2, k=-1)
case("identity", jnp.identity(2), 2)
case("tri", jnp.tri(3), 3)
case("tri", jnp.tri(3, 4, 1), 3, columns=4, k=1)
for v in (f(3, 3), f(2, 3, 4), i(4, 2), b(3, 3)):
    for k in (0, 1, -1):
        case("tril", jnp.tril(v, k), v, k=k)
        case("triu", jnp.triu(v, k), v, k=k)
for k in (0, 1, -2):
    v = f(3)
    case("diag", jnp.diag(v, k), v, k=k)
    v = f(3, 4)
    case("diag", jnp.diag(v, k), v, k=k)
    case("trace", jnp.trace(v, k), v, offset=k)
    v = f(2, 3, 4)
    case("diagonal", jnp.diagonal(v, k), v, offset=k)
    case("diagonal", jnp.diagonal(v, k, 1, 2), v, offset=k, axis1=1, axis2=2)
    case("diagonal", jnp.diagonal(v, k, 2, 0), v, offset=k, axis1=2, axis2=0)
x, y, z = f(2), f(3), i(2)
case("meshgrid", jnp.meshgrid(x, y), [x, y])
case("meshgrid", jnp.meshgrid(x, y, z, indexing="ij"), [x, y, z], indexing="ij")
case("meshgrid", jnp.meshgrid(x, y, z), [x, y, z])

# Reductions.
for name, fn in {"sum": jnp.sum, "prod": jnp.prod, "max": jnp.max, "min": jnp.min, "mean": jnp.mean, "std": jnp.std, "var": jnp.var, "all": jnp.all, "any": jnp.any, "ptp": jnp.ptp, "countNonzero": jnp.count_nonzero}.items():
    for v in (f(2, 3, 4), i(2, 3, 2, lo=-2, hi=3), b(3, 2), u(5)):
        if name == "ptp" and v.dtype == bool:
            continue
        case(name, fn(v), v)
        case(name, fn(v, axis=0), v, axis=0)
        case(name, fn(v, axis=-1, keepdims=True), v, axis=-1, keepdims=True)
        if v.ndim == 3:
            case(name, fn(v, axis=(0, 2)), v, axis=[0, 2])
            case(name, fn(v, axis=(2, 1), keepdims=True), v, axis=[2, 1], keepdims=True)
            if name != "ptp":
                case(name, fn(v, axis=()), v, axis=[]) if name not in ("std", "var") else None
    case(name, fn(v[0]), v[0]) if name not in ("std", "var") else None
    if name in ("max", "min", "sum", "mean"):
        v = jnp.array([[1.0, nan, 2.0], [inf, -inf, 0.0]], "float32")
        case(name, fn(v, axis=1), v, axis=1)
x, m = f(2, 4), b(2, 4)
for name, fn in {"sum": jnp.sum, "prod": jnp.prod, "mean": jnp.mean}.items():
    case(name, fn(x, axis=0, where=m), x, axis=0, where=m)
case("max", jnp.max(x, axis=1, where=m, initial=-1.0), x, axis=1, where=m, initial=-1)
case("min", jnp.min(x, initial=-9.0), x, initial=-9)
case("max", jnp.max(jnp.zeros((0, 3)), axis=0, initial=2.0), jnp.zeros((0, 3)), axis=0, initial=2)
case("sum", jnp.sum(jnp.zeros((0, 3)), axis=0), jnp.zeros((0, 3)), axis=0)
case("prod", jnp.prod(jnp.zeros((2, 0))), jnp.zeros((2, 0)))
case("var", jnp.var(x, axis=1, ddof=1), x, axis=1, ddof=1)
case("std", jnp.std(x, ddof=1), x, ddof=1)
case("average", jnp.average(x, axis=0), x, axis=0)
case("average", jnp.average(x, axis=1, weights=jnp.abs(x)), x, axis=1, weights=jnp.abs(x))
for name, fn in {"argmax": jnp.argmax, "argmin": jnp.argmin}.items():
    for v in (f(3, 4), jnp.array([[1, 3, 3], [2, 2, 0]]), jnp.array([[1.0, nan, nan], [0.0, -inf, 5.0]]), b(2, 3)):
        case(name, fn(v), v)
        case(name, fn(v, axis=0), v, axis=0)
        case(name, fn(v, axis=1, keepdims=True), v, axis=1, keepdims=True)
        case(name, fn(v, keepdims=True), v, keepdims=True)
for v in (f(3, 4), i(5), b(2, 3)):
    case("cumsum", jnp.cumsum(v), v)
    case("cumsum", jnp.cumsum(v, axis=0), v, axis=0)
    case("cumsum", jnp.cumsum(v, axis=-1), v, axis=-1)
    case("diff", jnp.diff(v), v)
    case("diff", jnp.diff(v, n=2, axis=0), v, n=2, axis=0)

# Movement.
x = f(2, 3, 4)
for shape in ((4, 6), (-1,), (2, -1, 2), (1, 24, 1)):
    case("reshape", x.reshape(shape), x, list(shape))
case("ravel", x.ravel(), x)
case("flatten", x.ravel(), x)
case("transpose", x.T, x)
case("transpose", x.transpose(1, 2, 0), x, [1, 2, 0])
case("transpose", x.transpose(0, -1, 1), x, [0, -1, 1])
case("matrixTranspose", x.mT, x)
case("swapaxes", x.swapaxes(0, -1), x, 0, -1)
case("moveaxis", jnp.moveaxis(x, 0, -1), x, 0, -1)
case("moveaxis", jnp.moveaxis(x, [0, 1], [-1, 0]), x, [0, 1], [-1, 0])
case("expandDims", jnp.expand_dims(x, 1), x, 1)
case("expandDims", jnp.expand_dims(x, (0, -1)), x, [0, -1])
v = f(1, 3, 1)
case("squeeze", v.squeeze(), v)
case("squeeze", v.squeeze(-1), v, axis=-1)
case("squeeze", v.squeeze((0, 2)), v, axis=[0, 2])
case("broadcastTo", jnp.broadcast_to(v, (2, 3, 4)), v, [2, 3, 4])
v, w = f(2, 3), f(4, 3)
case("concatenate", jnp.concatenate([v, w]), [v, w])
case("concatenate", jnp.concatenate([v, v, v], axis=-1), [v, v, v], axis=-1)
case("concatenate", jnp.concatenate([v, w], axis=None), [v, w], axis=None)
q = i(2, 3)
case("concatenate", jnp.concatenate([v, q]), [v, q])
case("stack", jnp.stack([v, v]), [v, v])
case("stack", jnp.stack([v, q], axis=-1), [v, q], axis=-1)
case("vstack", jnp.vstack([v[0], w]), [v[0], w])
case("hstack", jnp.hstack([v, v]), [v, v])
case("hstack", jnp.hstack([v[0], v[1]]), [v[0], v[1]])
case("unstack", jnp.unstack(v), v)
case("unstack", jnp.unstack(v, axis=1), v, axis=1)
v = f(6, 4)
case("split", jnp.split(v, 3), v, 3)
case("split", jnp.split(v, 2, axis=1), v, 2, axis=1)
case("split", jnp.split(v, [1, 4]), v, [1, 4])
case("split", jnp.split(v, [2, 2, 6]), v, [2, 2, 6])
for kw in ({}, {"axis": 0}, {"axis": [0, -1]}):
    case("flip", jnp.flip(x, **{k: tuple(a) if isinstance(a, list) else a for k, a in kw.items()}), x, **kw)
case("roll", jnp.roll(x, 5), x, 5)
case("roll", jnp.roll(x, -1, axis=1), x, -1, axis=1)
case("roll", jnp.roll(x, (1, 2), axis=(0, 2)), x, [1, 2], axis=[0, 2])
v = i(2, 3)
case("tile", jnp.tile(v, 2), v, 2)
case("tile", jnp.tile(v, (2, 1)), v, [2, 1])
case("tile", jnp.tile(v, (2, 1, 2)), v, [2, 1, 2])
case("repeat", jnp.repeat(v, 2), v, 2)
case("repeat", jnp.repeat(v, 3, axis=0), v, 3, axis=0)
case("repeat", jnp.repeat(v, n.array([1, 0, 2]), axis=1), v, [1, 0, 2], axis=1)
case("pad", jnp.pad(v, 1), v, 1)
case("pad", jnp.pad(v, ((0, 2), (1, 0)), constant_values=7), v, [[0, 2], [1, 0]], value=7)
for mode in ("edge", "reflect", "symmetric", "wrap"):
    w = f(3, 4)
    case("pad", jnp.pad(w, ((1, 2), (2, 1)), mode=mode), w, [[1, 2], [2, 1]], mode=mode)
    case("pad", jnp.pad(w, (5, 7), mode=mode), w, [5, 7], mode=mode)

# Products.
for sx, sy in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((6, 1, 2, 3), (5, 3, 2)), ((6, 5, 2, 3), (1, 5, 3, 2)), ((6, 1, 2, 3), (1, 4, 3, 2)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2)), ((1, 2, 3), (1, 3, 2))):
    x, y = f(*sx), f(*sy)
    case("matmul", jnp.matmul(x, y), x, y)
x, y = i(2, 3), i(3, 2)
case("matmul", x @ y, x, y)
x, y = i(2, 3), f(3, 2)
case("matmul", x @ y, x, y)
for sx, sy in (((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((), (2, 3)), ((2, 4, 3), (5, 3, 2))):
    x, y = f(*sx), f(*sy)
    case("dot", jnp.dot(x, y), x, y)
x, y = f(2, 3), f(3, 2)
case("vdot", jnp.vdot(x, y), x, y)
case("outer", jnp.outer(x, y), x, y)
case("kron", jnp.kron(x, y), x, y)
case("kron", jnp.kron(x, y[0]), x, y[0])
x, y = f(2, 3, 4), f(3, 4)
case("vecdot", jnp.vecdot(x, y), x, y)
case("tensordot", jnp.tensordot(x, y), x, y)
case("tensordot", jnp.tensordot(x, y, axes=0), x, y, axes=0)
case("tensordot", jnp.tensordot(x, y, axes=[[1], [0]]), x, y, axes=[[1], [0]])
case("tensordot", jnp.tensordot(x, y, axes=[(2, 1), (1, 0)]), x, y, axes=[[2, 1], [1, 0]])
x, y = f(4, 3), f(3)
case("cross", jnp.cross(x, y), x, y)
for spec, shapes in (
    ("ij,jk->ik", ((2, 3), (3, 4))), ("ij,jk", ((2, 3), (3, 4))), ("ij,kj->ki", ((2, 3), (4, 3))), ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))),
    ("ii", ((3, 3),)), ("ii->i", ((3, 3),)), ("iij->ji", ((2, 2, 3),)), ("iii->i", ((2, 2, 2),)), ("ij->", ((2, 3),)), ("ij->ji", ((2, 3),)), ("ji", ((2, 3),)), ("i,i", ((3,), (3,))),
    ("i,j->ij", ((2,), (3,))), ("ij,j->ij", ((2, 3), (3,))), ("ij,ij->i", ((2, 3), (2, 3))), ("...ij,...jk->...ik", ((2, 3, 4), (4, 5))), ("...ij,...jk", ((1, 2, 3), (4, 3, 2))),
    ("...i->...", ((2, 3, 4),)), ("i...->...i", ((2, 3, 4),)), ("bqhd,bkhd->bhqk", ((2, 3, 2, 4), (2, 5, 2, 4))), ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 5))),
    ("ab,bc,cd,de,ea->", ((2, 3), (3, 4), (4, 2), (2, 3), (3, 2))), ("a,b,c,d,e,f->acf", ((2,), (3,), (2,), (3,), (2,), (2,))), ("ij,ik,il->jkl", ((3, 2), (3, 2), (3, 4))), ("i...,i...->...", ((3, 2), (3, 1))), ("iji,jk->k", ((2, 3, 2), (3, 4))),
    ("ab,c->a", ((2, 3), (4,))), ("BTNH,BSNH->BNTS", ((1, 2, 3, 4), (1, 5, 3, 4))), (" i j , j k -> i k ", ((2, 3), (3, 2))), (",ij->ij", ((), (2, 3))), ("ij,ij,ij->ij", ((2, 3), (2, 3), (2, 3))), ("...,...->...", ((2, 1), (3,)))):
    xs = [f(*s) for s in shapes]
    case("einsum", jnp.einsum(spec, *xs), spec, *xs)
x, y = i(2, 3), i(3, 2)
case("einsum", jnp.einsum("ij,jk->ik", x, y), "ij,jk->ik", x, y)

# Norms.
v = f(5)
for o in (None, 1, 2, inf, -inf, 0, 3):
    case("linalg.norm", jnp.linalg.norm(v, ord=o), v, **({} if o is None else {"ord": o}))
v = f(2, 3, 4)
case("linalg.norm", jnp.linalg.norm(v), v)
for o in (1, 2, inf):
    case("linalg.norm", jnp.linalg.norm(v, ord=o, axis=1), v, ord=o, axis=1)
    case("linalg.norm", jnp.linalg.norm(v, ord=o, axis=-1, keepdims=True), v, ord=o, axis=-1, keepdims=True)
for o in ("fro", 1, -1, inf, -inf):
    case("linalg.norm", jnp.linalg.norm(v, ord=o, axis=(0, 2)), v, ord=o, axis=[0, 2])
    case("linalg.norm", jnp.linalg.norm(v, ord=o, axis=(2, 1), keepdims=True), v, ord=o, axis=[2, 1], keepdims=True)

# Sorting and searching.
for v in (f(4, 5), i(3, 6), b(5), jnp.array([3.0, nan, -inf, inf, 0.0, -0.0, nan, -1.0])):
    for kw in ({}, {"axis": 0}, {"descending": True}):
        case("sort", jnp.sort(v, **kw), v, **kw)
        case("argsort", jnp.argsort(v, **kw), v, **kw)
    case("sort", jnp.sort(v, axis=None), v, axis=None)
x, y = jnp.array([-1.0, 0.0, 0.0, 2.0, 5.0]), jnp.array([[0.0, 3.0], [-2.0, 9.0]])
case("searchsorted", jnp.searchsorted(x, y), x, y)
case("searchsorted", jnp.searchsorted(x, y, side="right"), x, y, side="right")

# Selecting.
x = f(4, 5, 3)
idx = jnp.array([[0, -1], [2, 1]])
case("take", jnp.take(x, idx), x, idx)
for axis in (0, 1, -1):
    case("take", jnp.take(x, idx, axis=axis), x, idx, axis=axis)
out = jnp.array([0, 7, -9, 3])
case("take", jnp.take(x, out, axis=0), x, out, axis=0)
case("take", jnp.take(x, out, axis=0, mode="clip"), x, out, axis=0, mode="clip")
v = i(4)
case("take", jnp.take(v, out), v, out)
case("take", jnp.take(x, 1, axis=1), x, 1, axis=1)
x = f(3, 4)
idx = i(3, 2, lo=-4, hi=4)
case("takeAlongAxis", jnp.take_along_axis(x, idx, axis=1), x, idx, axis=1)
idx = i(2, 4, lo=0, hi=3)
case("takeAlongAxis", jnp.take_along_axis(x, idx, axis=0), x, idx, axis=0)
case("takeAlongAxis", jnp.take_along_axis(x, idx[:1], axis=0), x, idx[:1], axis=0)
case("takeAlongAxis", jnp.take_along_axis(x, jnp.array([[1], [9], [0]]), axis=1), x, jnp.array([[1], [9], [0]]), axis=1)

# Indexing: an index is a list of parts; a slice is {slice: [start, stop, step]}.
full = slice(None)


def part(p):
    if isinstance(p, slice):
        return {"slice": [p.start, p.stop, 1 if p.step is None else p.step]}
    return "..." if p is Ellipsis else encode(p)


x = jnp.arange(120, dtype="float32").reshape(4, 5, 6)
a1, a2, a3 = jnp.array([0, 3]), jnp.array([[1], [-1]]), jnp.array([2, 0])
indices = [
    (0,), (-1, 2), (1, 2, 3), (full,), (slice(1, 3),), (slice(None, None, -1),), (slice(None, None, 2), slice(3, 0, -2)), (full, slice(10, 2, -3)), (slice(-2, None), 0), (slice(3, 1),),
    (Ellipsis, 1), (0, Ellipsis, slice(1, 4)), (None,), (full, None, 1), (Ellipsis, None), (None, 0, None, slice(0, 2)), (Ellipsis,),
    (a1,), (full, a1), (full, full, a1), (a1, a3), (a1, full, a3), (full, a1, a3), (a2, a1), (full, a2, a1), (a2, full, a1), (0, full, a1), (0, a1), (full, 0, a1), (a1, 0), (a1, full, 0), (full, a1, 0), (1, full, a1),
    (a1, None, a3), (None, a1), (full, None, a1), (a1, None), (full, a1, None, a3), (a1, slice(1, 4), 2), (slice(1, 3), a1, slice(None, None, -2)), (slice(0, 4, 2), Ellipsis, a3), (a1, Ellipsis), (a2, a1, a3),
    (jnp.array(2),), (jnp.array(-1), full, jnp.array(1)), (full, jnp.array(2), slice(1, 3)), (jnp.array(1), a1), (full, jnp.array(3), None), (jnp.array([9, -9]),), (jnp.array(9),), (a1, jnp.array([7, 0])), (jnp.zeros((0,), "int32"),), (jnp.array([0, 0, 1]),), (jnp.array([1, 1]), slice(0, 2)), (u(2) % 4,),
]
for index in indices:
    parts = [part(p) for p in index]
    case("get", x[index], x, parts)
    value = f(*x[index].shape)
    case("at.set", x.at[index].set(value), x, parts, value)
    case("at.add", x.at[index].add(value), x, parts, value)
    case("at.mul", x.at[index].multiply(2.0), x, parts, 2)
    case("at.max", x.at[index].max(50.0), x, parts, 50)
    case("at.min", x.at[index].min(50.0), x, parts, 50)
case("at.get", x.at[jnp.array([9, 0])].get(mode="fill"), x, [part(jnp.array([9, 0]))], mode="fill")
case("at.get", x.at[jnp.array([9, 0])].get(), x, [part(jnp.array([9, 0]))])
v = i(6)
case("at.add", v.at[jnp.array([0, 0, 5])].add(jnp.array([1, 2, 3])), v, [part(jnp.array([0, 0, 5]))], jnp.array([1, 2, 3]))
case("at.set", v.at[slice(None, None, 2)].set(9), v, [part(slice(None, None, 2))], 9)
case("at.mul", v.at[slice(1, 4)].multiply(3), v, [part(slice(1, 4))], 3)
v = b(5)
case("at.set", v.at[1].set(True), v, [1], True)
case("at.set", v.at[jnp.array([0, 4])].set(False), v, [part(jnp.array([0, 4]))], False)

json.dump({"made_with": f"jax {jax.__version__}", "cases": cases}, sys.stdout, separators=(",", ":"))
