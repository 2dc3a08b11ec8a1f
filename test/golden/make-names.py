"""Lists the public names of JAX's API: `python make-names.py > jax-names.json`. Needs jax==0.10.2.

Modules of functions inside `jax.scipy.stats` are listed as their functions: norm.pdf.
"""
import importlib
import json
import sys
import types

import jax
import jax.scipy.stats

MODULES = [
    "jax", "jax.numpy", "jax.numpy.linalg", "jax.numpy.fft", "jax.nn", "jax.nn.initializers", "jax.random", "jax.lax",
    "jax.image", "jax.tree", "jax.tree_util", "jax.flatten_util", "jax.debug", "jax.checkpoint_policies",
    "jax.custom_derivatives", "jax.custom_batching", "jax.scipy.special", "jax.scipy.stats", "jax.scipy.linalg",
    "jax.scipy.optimize", "jax.scipy.signal", "jax.scipy.ndimage", "jax.scipy.interpolate", "jax.scipy.integrate",
    "jax.scipy.fft", "jax.scipy.cluster.vq", "jax.scipy.spatial.transform",
]


def public(space):
    return [n for n in dir(space) if not n.startswith("_") and not hasattr(getattr(space, n), "__path__")]


def names_of(module):
    space = importlib.import_module(module) if module != "jax.checkpoint_policies" else jax.checkpoint_policies
    found = []
    for name in public(space):
        if module == "jax.scipy.stats" and isinstance(getattr(space, name), types.ModuleType):
            found += [f"{name}.{n}" for n in public(getattr(space, name))]
        # Modules inside others are listed on their own, and what a module imports is not its API.
        elif name not in ("annotations", "TYPE_CHECKING") and not isinstance(getattr(space, name), types.ModuleType):
            found.append(name)
    return found


json.dump({"jax": jax.__version__, "names": {m: names_of(m) for m in MODULES}}, sys.stdout, indent=0)
sys.stdout.write("\n")
