"""Records what JAX computes for the primitives where arithmetic goes wrong: primitives.json.

    python3 -m venv env && env/bin/pip install jax==0.10.2 numpy
    JAX_PLATFORMS=cpu env/bin/python test/golden/make-primitives.py

An entry has the primitive's name, the parameters of its equation, its inputs and JAX's outputs. Arrays are
written as [dtype, shape, words]: every element as the unsigned number with its bits; booleans as 0 and 1.
"""

import itertools
import json
import os

import jax
import numpy as np
from jax import lax

import jax.numpy as jnp

inf, nan = np.inf, np.nan
max_float = np.finfo(np.float32).max
SPECIAL = {
    "float32": np.array(
        [0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3, 7, 0.1, -0.3, 1e-3, -1e-3, 20, -20,
         88, -88, 100, -100, 1e5, -1e5, 8388609, 1e10, -1e10, max_float, -max_float, inf, -inf, nan],
        np.float32,
    ),
    "int32": np.array(
        [0, 1, -1, 2, -2, 7, -7, 31, 32, 33, -32, 65536, 2**31 - 1, -(2**31), 1 - 2**31], np.int32
    ),
    "uint32": np.array(
        [0, 1, 2, 7, 31, 32, 33, 65535, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1], np.uint32
    ),
    "bool": np.array([False, True]),
}
NUMBERS = ["float32", "int32", "uint32"]
WHOLE = ["int32", "uint32"]
BITS = ["int32", "uint32", "bool"]
ALL = NUMBERS + ["bool"]

entries = []


def written(array):
    array = np.asarray(array)
    words = array.astype(np.uint32) if array.dtype == bool else array.view(np.uint32)
    return [str(array.dtype), list(array.shape), words.ravel().tolist()]


def record(name, f, *inputs, **params):
    outputs = f(*[jnp.asarray(x) for x in inputs])
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    entries.append(
        {
            "primitive": name,
            "params": params,
            "inputs": [written(x) for x in inputs],
            "outputs": [written(x) for x in outputs],
        }
    )


def one_by_one():
    floats = dict(
        floor=lax.floor, ceil=lax.ceil, round=lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
        exp=lax.exp, expm1=lax.expm1, log=lax.log, log1p=lax.log1p, sqrt=lax.sqrt, rsqrt=lax.rsqrt,
        sin=lax.sin, cos=lax.cos, tan=lax.tan, asin=lax.asin, acos=lax.acos, atan=lax.atan,
        sinh=lax.sinh, cosh=lax.cosh, tanh=lax.tanh, asinh=lax.asinh, acosh=lax.acosh, atanh=lax.atanh,
        erf=lax.erf, erfc=lax.erfc, erfInv=lax.erf_inv, logistic=lax.logistic, isFinite=lax.is_finite,
    )
    for name, f in floats.items():
        record(name, f, SPECIAL["float32"])
    for name, f, dtypes in [
        ("neg", lax.neg, NUMBERS), ("abs", lax.abs, ["float32", "int32"]), ("sign", lax.sign, NUMBERS),
        ("not", lax.bitwise_not, BITS), ("populationCount", lax.population_count, WHOLE),
        ("countLeadingZeros", lax.clz, WHOLE),
    ]:
        for dtype in dtypes:
            record(name, f, SPECIAL[dtype])


def in_pairs():
    for name, f, dtypes in [
        ("add", lax.add, NUMBERS), ("sub", lax.sub, NUMBERS), ("mul", lax.mul, NUMBERS),
        ("div", lax.div, NUMBERS), ("rem", lax.rem, NUMBERS), ("pow", lax.pow, ["float32"]),
        ("atan2", lax.atan2, ["float32"]), ("max", lax.max, ALL), ("min", lax.min, ALL),
        ("and", lax.bitwise_and, BITS), ("or", lax.bitwise_or, BITS), ("xor", lax.bitwise_xor, BITS),
        ("shiftLeft", lax.shift_left, WHOLE),
        ("shiftRightLogical", lax.shift_right_logical, WHOLE),
        ("shiftRightArithmetic", lax.shift_right_arithmetic, WHOLE),
        ("eq", lax.eq, ALL), ("ne", lax.ne, ALL), ("lt", lax.lt, ALL), ("le", lax.le, ALL),
        ("gt", lax.gt, ALL), ("ge", lax.ge, ALL),
    ]:
        for dtype in dtypes:
            pairs = list(itertools.product(SPECIAL[dtype], SPECIAL[dtype]))
            left = np.array([x for x, _ in pairs], dtype)
            right = np.array([y for _, y in pairs], dtype)
            record(name, f, left, right)


def types():
    for source in ALL:
        for target in ALL:
            if source != target:
                record(
                    "convert", lambda x: lax.convert_element_type(x, target), SPECIAL[source],
                    dtype=target, weak=False,
                )
    for source in NUMBERS:
        for target in NUMBERS:
            if source != target:
                record(
                    "bitcast", lambda x: lax.bitcast_convert_type(x, jnp.dtype(target)),
                    SPECIAL[source], dtype=target,
                )


def reductions():
    for name, f, dtypes in [
        ("reduceSum", lax.reduce_sum, WHOLE), ("reduceProd", lax.reduce_prod, WHOLE),
        ("reduceMax", lax.reduce_max, ALL), ("reduceMin", lax.reduce_min, ALL),
        ("reduceAnd", lax.reduce_and, BITS), ("reduceOr", lax.reduce_or, BITS),
    ]:
        for dtype in dtypes:
            record(name, lambda x: f(x, axes=(0,)), SPECIAL[dtype], axes=[0])
            record(name, lambda x: f(x, axes=(0,)), np.zeros([0, 2], dtype), axes=[0])
    for name, f in [("argmax", lax.argmax), ("argmin", lax.argmin)]:
        for dtype in ALL:
            record(name, lambda x: f(x, 0, np.int32), SPECIAL[dtype], axis=0)
            record(name, lambda x: f(x, 0, np.int32), SPECIAL[dtype][:-1][::-1].copy(), axis=0)
        record(name, lambda x: f(x, 0, np.int32), np.array([0.0, -0.0, 0.0], np.float32), axis=0)
    for dtype in WHOLE:
        for reverse in [False, True]:
            record(
                "cumsum", lambda x: lax.cumsum(x, 0, reverse=reverse), SPECIAL[dtype],
                axis=0, reverse=reverse,
            )


def orders():
    rng = np.random.default_rng(0)
    for dtype in ALL:
        keys = rng.permutation(np.concatenate([SPECIAL[dtype]] * 2))
        positions = np.arange(len(keys), dtype=np.int32)
        record(
            "sort", lambda x, y: lax.sort([x, y], dimension=0, num_keys=1), keys, positions,
            axis=0, numKeys=1,
        )
    first = rng.integers(0, 3, (40, 2)).astype(np.int32)
    second = rng.choice(np.array([0.0, -0.0, nan, 1, -inf], np.float32), (40, 2))
    third = np.arange(80, dtype=np.int32).reshape(40, 2)
    record(
        "sort", lambda x, y, z: lax.sort([x, y, z], dimension=0, num_keys=2), first, second, third,
        axis=0, numKeys=2,
    )


def windows():
    indices = np.array([[4], [0], [-1], [5], [2], [2], [-9], [9]], np.int32)
    rng = np.random.default_rng(1)
    for dtype in ALL:
        operand = rng.integers(0, 2 if dtype == "bool" else 9, (5, 3)).astype(dtype)
        numbers = lax.GatherDimensionNumbers(
            offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,)
        )
        for mode in ["clip", "fill"]:
            record(
                "gather",
                lambda x, i: lax.gather(x, i, numbers, slice_sizes=(1, 3), mode=mode), operand, indices,
                offsetDims=[1], collapsedSliceDims=[0], startIndexMap=[0], operandBatchingDims=[],
                indicesBatchingDims=[], sliceSizes=[1, 3], mode=mode,
            )
    operand = rng.uniform(size=(4, 5)).astype(np.float32)
    updates = rng.uniform(size=(2, 6, 2)).astype(np.float32)
    indices = rng.integers(-1, 5, (6, 2)).astype(np.int32)
    numbers = lax.ScatterDimensionNumbers(
        update_window_dims=(0, 2), inserted_window_dims=(), scatter_dims_to_operand_dims=(1, 0)
    )
    # Windows collide here: on a CPU, XLA lets the last one win.
    for combine, f in [
        ("set", lax.scatter), ("add", lax.scatter_add), ("mul", lax.scatter_mul),
        ("min", lax.scatter_min), ("max", lax.scatter_max),
    ]:
        for mode, theirs in [("clip", "clip"), ("drop", "fill")]:
            record(
                "scatter", lambda x, i, y: f(x, i, y, numbers, mode=theirs),
                operand, indices, updates,
                updateWindowDims=[0, 2], insertedWindowDims=[], scatterDimsToOperandDims=[1, 0],
                operandBatchingDims=[], indicesBatchingDims=[], combine=combine, mode=mode,
            )
    for start in [-3, 1, 9]:
        at = np.int32(start)
        record("dynamicSlice", lambda x, s: lax.dynamic_slice(x, (s,), (2,), allow_negative_indices=False), np.arange(5.0, dtype=np.float32), at, sizes=[2])
        record(
            "dynamicUpdateSlice", lambda x, y, s: lax.dynamic_update_slice(x, y, (s,), allow_negative_indices=False),
            np.arange(5.0, dtype=np.float32), np.array([7.0, 8.0], np.float32), at,
        )


def pads():
    for shape, low, high, interior in [
        ((2, 3), (1, 0), (2, 1), (0, 0)), ((4, 3), (-1, 2), (-2, -1), (0, 1)), ((7,), (-3,), (1,), (2,)),
        ((1, 2), (3, -2), (0, 4), (5, 3)), ((0, 2), (1, 0), (2, 0), (3, 0)), ((7,), (-4,), (-5,), (1,)),
    ]:
        x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
        record(
            "pad", lambda x, v: lax.pad(x, v, list(zip(low, high, interior))), x, np.int32(-1),
            low=list(low), high=list(high), interior=list(interior),
        )


def random_bits():
    words = np.random.default_rng(2).integers(0, 2**32, (4, 7), dtype=np.uint32)
    from jax._src.random.threefry2x32 import threefry2x32_p

    record("threefry2x32", lambda *xs: threefry2x32_p.bind(*xs), *words)


for part in [one_by_one, in_pairs, types, reductions, orders, windows, pads, random_bits]:
    part()

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "primitives.json")
with open(path, "w") as file:
    rows = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    file.write(f'{{"jax":"{jax.__version__}","entries":[\n{rows}\n]}}\n')
print(f"{len(entries)} entries, {os.path.getsize(path)} bytes")
