"""Records JAX's promotion, arithmetic and random numbers of narrow types. Run: python make-storage.py > storage.json"""

import json

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

DTYPES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "bfloat16", "float16", "float32"]
NARROW = ["uint8", "int8", "uint16", "int16", "bfloat16", "float16"]
HALVES = ["bfloat16", "float16"]


def numbers(x):
    values = np.asarray(jnp.asarray(x).astype("float32") if x.dtype in ("bfloat16", "float16") else x)
    out = []
    for v in values.ravel().tolist():
        if isinstance(v, bool):
            out.append(int(v))
        elif isinstance(v, float) and v != v:
            out.append("nan")
        elif v in (float("inf"), float("-inf")):
            out.append("inf" if v > 0 else "-inf")
        elif isinstance(v, float) and v == 0 and str(v) == "-0.0":
            out.append("-0")
        else:
            out.append(v)
    return out


def record(x):
    return {"dtype": str(x.dtype), "shape": list(x.shape), "values": numbers(x)}


def promotion():
    scalar = {"weak int": 1, "weak float": 1.5}
    kinds = {**{d: jnp.ones((), d) for d in DTYPES}, **scalar}
    return {f"{a} {b}": str(jnp.result_type(x, y)) for a, x in kinds.items() for b, y in kinds.items()}


SAMPLES = {
    "uint8": [0, 1, 2, 7, 9, 16, 127, 128, 200, 255],
    "int8": [0, 1, -1, 2, -7, 9, 16, 127, -128, -100],
    "uint16": [0, 1, 2, 7, 17, 300, 32767, 32768, 50000, 65535],
    "int16": [0, 1, -1, 2, -7, 17, 300, 32767, -32768, -20000],
    "bfloat16": [0.0, -0.0, 1.0, -1.5, 0.1, 3.14159, -7.3, 100.4, 1e-3, 3e38, float("inf"), float("-inf"), float("nan")],
    "float16": [0.0, -0.0, 1.0, -1.5, 0.1, 3.14159, -7.3, 100.4, 1e-3, 6e-6, 6e4, float("inf"), float("-inf"), float("nan")],
}
BINARY = ["add", "sub", "mul", "div", "rem", "max", "min", "eq", "lt"]
BITS = ["and", "or", "xor", "shiftLeft", "shiftRightLogical", "shiftRightArithmetic"]
FLOAT_UNARY = ["neg", "abs", "sign", "floor", "round", "sqrt", "rsqrt", "exp", "log", "tanh", "logistic", "sin", "erf"]
INT_UNARY = ["neg", "sign", "not", "populationCount", "countLeadingZeros"]
LAX = {
    "and": lax.bitwise_and, "or": lax.bitwise_or, "xor": lax.bitwise_xor, "not": lax.bitwise_not,
    "shiftLeft": lax.shift_left, "shiftRightLogical": lax.shift_right_logical,
    "shiftRightArithmetic": lax.shift_right_arithmetic, "populationCount": lax.population_count,
    "countLeadingZeros": lax.clz,
    "round": lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
}


def op(name):
    return LAX.get(name) or getattr(lax, name)


def elementwise():
    out = []
    for dtype in NARROW:
        x = jnp.array(SAMPLES[dtype], dtype)
        isf = dtype in HALVES
        for name in (FLOAT_UNARY if isf else INT_UNARY):
            out.append({"op": name, "dtype": dtype, "result": record(op(name)(x))})
        a, b = jnp.repeat(x, x.size), jnp.tile(x, x.size)
        for name in BINARY + ([] if isf else BITS):
            out.append({"op": name, "dtype": dtype, "result": record(op(name)(a, b))})
    return out


def conversions():
    values = [0.0, -0.0, 0.5, -0.5, 1.5, -3.7, 100.6, 127.5, 200.0, 255.9, 300.0, -300.0, 33000.0, 70000.0, -70000.0, 65519.0, 65520.0,
              1e-7, 6e-8, 3e-8, 1.00390625, 1.01171875, 3e9, -3e9, 1e38, float("inf"), float("-inf"), float("nan")]
    whole = [0, 1, -1, 127, 128, 255, 256, 257, 300, -129, 2049, 2051, 32768, 65535, 65536, 2**24 + 1, 2**31 - 1, -(2**31)]
    out = []
    for to in NARROW:
        out.append({"from": "float32", "to": to, "result": record(jnp.array(values, "float32").astype(to))})
        out.append({"from": "int32", "to": to, "result": record(jnp.array(whole, "int32").astype(to))})
        for source in NARROW:
            out.append({"from": source, "to": to, "result": record(jnp.array(SAMPLES[source], source).astype(to))})
    return {"float32": numbers(jnp.array(values, "float32")), "int32": whole, "records": out}


def reductions():
    out = []
    rng = np.random.default_rng(0)
    for dtype in NARROW:
        isf = dtype in HALVES
        host = rng.normal(size=(3, 100)) * 3 if isf else rng.integers(0, 100, (3, 100))
        x = jnp.array(host, "float32").astype(dtype)
        e = {"dtype": dtype, "x": numbers(x)}
        for name in ["sum", "mean", "max", "min", "var", "std", "cumsum", "sort", "argmax", "prod"]:
            arg = x[:, :4] if name in ("prod", "cumsum") else x
            y = getattr(jnp, name)(arg, axis=1)
            e[name] = record(y)
        out.append(e)
    return out


def products():
    out = []
    rng = np.random.default_rng(1)
    for dtype in ["bfloat16", "float16", "int8", "uint8"]:
        isf = dtype in HALVES
        make = lambda s: (rng.normal(size=s) if isf else rng.integers(0, 100, s))
        x, y = (jnp.array(make(s), "float32").astype(dtype) for s in ((6, 40), (40, 5)))
        wide = jnp.float32 if isf else jnp.int32 if dtype == "int8" else jnp.uint32
        out.append({
            "dtype": dtype, "x": numbers(x), "y": numbers(y), "product": record(jnp.matmul(x, y)),
            "wide": record(lax.dot_general(x, y, (((1,), (0,)), ((), ())), preferred_element_type=wide)),
        })
        if isf:
            f = lambda x, y: jnp.mean(jnp.square(jnp.tanh(jnp.matmul(x, y)) + 1))
            g = jax.grad(f, (0, 1))(x, y)
            out[-1]["loss"] = record(f(x, y))
            out[-1]["gradients"] = [record(v) for v in g]
    return out


def draws():
    key = jax.random.key(7)
    out = []
    for dtype in HALVES:
        for name in ["uniform", "normal", "gumbel", "exponential", "laplace", "logistic"]:
            out.append({"name": name, "dtype": dtype, "result": record(getattr(jax.random, name)(key, (33,), dtype))})
        out.append({"name": "uniform", "dtype": dtype, "bounds": [-3.0, 5.0],
                    "result": record(jax.random.uniform(key, (33,), dtype, -3.0, 5.0))})
    return out


def creation():
    out = []
    for dtype in NARROW:
        out.append({"code": "arange", "dtype": dtype, "result": record(jnp.arange(2, 40, 3, dtype=dtype))})
        out.append({"code": "linspace", "dtype": dtype, "result": record(jnp.linspace(0, 7, 12, dtype=dtype))})
    for dtype in HALVES:
        out.append({"code": "arangeFraction", "dtype": dtype, "result": record(jnp.arange(0.5, 9.0, 0.7, dtype=dtype))})
    return out


def facts():
    f = {d: {k: float(getattr(jnp.finfo(d), k)) for k in ["bits", "eps", "max", "min", "tiny", "smallest_subnormal", "resolution"]}
         for d in ["bfloat16", "float16", "float32"]}
    i = {d: {k: int(getattr(jnp.iinfo(d), k)) for k in ["bits", "max", "min"]} for d in ["int8", "uint8", "int16", "uint16", "int32", "uint32"]}
    return {"finfo": f, "iinfo": i}


print(json.dumps({
    "promotion": promotion(), "samples": {k: numbers(jnp.array(v, k)) for k, v in SAMPLES.items()},
    "elementwise": elementwise(), "conversions": conversions(), "reductions": reductions(),
    "products": products(), "draws": draws(), "creation": creation(), "facts": facts(),
}, separators=(",", ":")))
