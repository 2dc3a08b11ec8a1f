"""Lists the public names of JAX's array API: `python make-names.py > jax-names.json`. Needs jax==0.10.2."""
import json
import sys

import jax
import jax.image
import jax.nn
import jax.numpy as jnp
import jax.scipy.linalg
import jax.scipy.special
import jax.scipy.stats

MODULES = {
    "jax.numpy": jnp,
    "jax.numpy.linalg": jnp.linalg,
    "jax.numpy.fft": jnp.fft,
    "jax.nn": jax.nn,
    "jax.random": jax.random,
    "jax.lax": jax.lax,
    "jax.image": jax.image,
    "jax.scipy.special": jax.scipy.special,
    "jax.scipy.stats": jax.scipy.stats,
    "jax.scipy.linalg": jax.scipy.linalg,
}
names = {m: [n for n in dir(o) if not n.startswith("_") and not (hasattr(getattr(o, n), "__path__"))] for m, o in MODULES.items()}
json.dump({"jax": jax.__version__, "names": names}, sys.stdout, indent=0)
sys.stdout.write("\n")
