"""Writes debug.json: what JAX prints from inside programs, and the results of collective operations.

Run with the versions named in the file that it writes: python make-debug.py
"""
import contextlib
import io
import json
import pathlib

import jax
import jax.numpy as jnp
from jax import lax


def two(x):
    jax.debug.print('a {}', x)
    jax.debug.print('b {y}', y=x * 2)
    return x


def over_rows(x):
    def body(c, row):
        jax.debug.print('turn c={c} x={row}', c=c, row=row, ordered=True)
        return c + row, None
    return lax.scan(body, 0.0, x)[0]


def doubled(x):
    def body(c):
        jax.debug.print('w {}', c)
        return c * 2
    return lax.while_loop(lambda c: c < 10, body, x)


def nested(x):
    def body(i, c):
        jax.debug.print('inner {}', c)
        return c + 1
    return lax.fori_loop(0, 2, body, x)


def branches(x):
    def big(y):
        jax.debug.print('big {}', y)
        return nested(y)

    def small(y):
        jax.debug.print('small {}', y)
        return y
    return lax.cond(x > 2, big, small, x)


@jax.checkpoint
def kept(x):
    jax.debug.print('ck {}', x)
    return jnp.sin(jnp.sin(x))


VECTOR = jnp.array([1.0, 6.0])
MATRIX = jnp.array([[1.0, 2.0], [3.0, 4.0]])
PRINTING = {
    'jit': lambda: jax.jit(two)(3.0),
    'vmap': lambda: jax.jit(jax.vmap(two))(VECTOR),
    # JAX unrolls the inner batch first; what comes first is not promised.
    'vmapOfVmap': lambda: jax.vmap(jax.vmap(lambda x: jax.debug.print('{}', x)))(jnp.array([[1.0], [2.0]])),
    'gradOfScan': lambda: jax.grad(over_rows)(jnp.array([1.0, 2.0, 3.0])),
    'vmapOfScan': lambda: jax.vmap(over_rows)(MATRIX),
    'vmapOfGradOfScan': lambda: jax.vmap(jax.grad(over_rows))(MATRIX),
    'while': lambda: jax.jit(doubled)(3.0),
    'vmapOfWhile': lambda: jax.vmap(doubled)(VECTOR),
    'jvpOfWhile': lambda: jax.jvp(doubled, (3.0,), (1.0,)),
    'linearizeOfWhile': lambda: jax.linearize(doubled, 3.0),
    'condFalse': lambda: jax.jit(branches)(1.0),
    'condTrue': lambda: jax.jit(branches)(5.0),
    'gradOfCond': lambda: jax.grad(branches)(5.0),
    'vmapOfCond': lambda: jax.vmap(branches)(VECTOR),
    'gradOfCheckpoint': lambda: jax.jit(jax.grad(kept))(1.0),
    'scanOfCond': lambda: lax.map(branches, jnp.array([1.0, 5.0])),
}


def printed(run):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        run()
        jax.effects_barrier()
    return text.getvalue().splitlines()


def main():
    data = {'jax': jax.__version__, 'printed': {name: printed(run) for name, run in PRINTING.items()}}
    pathlib.Path(__file__).with_name('debug.json').write_text(json.dumps(data, indent=1) + '\n')


main()
