"""Writes idioms.json: what JAX computes for the JAX column of docs/for-jax-users.md.

Run by hand: pip install jax==0.10.2 && python test/golden/make-idioms.py
"""

import json
import pathlib
import re

import numpy

here = pathlib.Path(__file__).parent
page = (here / "../../docs/for-jax-users.md").read_text()
scope = {}
exec(re.search(r"```python\n(.*?)```", page, re.S)[1], scope)  # The page is ours.
import jax  # After the page: it says what it needs.


def leaf(value):
    array = numpy.asarray(value)
    values = [float(v) if numpy.isfinite(v) else str(float(v)) for v in array.astype("float64").ravel()]
    return {"shape": list(array.shape), "values": values}


def is_number(value):
    return isinstance(value, (int, float, jax.Array))


rows = re.findall(r"^\| `(.+)` \| `.+` \|$", page, re.M)
outputs = {}
for row in rows:
    found = jax.tree.leaves(eval(row, scope))
    outputs[row] = [leaf(value) for value in found if is_number(value)]
text = ",\n".join(f"{json.dumps(row)}: {json.dumps(leaves)}" for row, leaves in outputs.items())
(here / "idioms.json").write_text("{\n" + text + "\n}\n")
