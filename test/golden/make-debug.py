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


X = jnp.sin(jnp.arange(4 * 3 * 4.0)).reshape(4, 3, 4)
RING = [(0, 1), (1, 2), (2, 3), (3, 0)]


def scanned(x):
    def body(c, row):
        total = lax.psum(row * c, 'i')
        return c + total, total * row
    return lax.scan(body, x[0], x)[1]


def in_branch(x):
    return lax.cond(lax.axis_index('i') > 1, lambda y: lax.pmean(y * y, 'i'), lambda y: y * 2, x)


COLLECTIVES = {
    'psum': lambda x: lax.psum(x * x, 'i'),
    'psumTree': lambda x: (lambda t: t['a'] * t['b'])(lax.psum({'a': x, 'b': jnp.sin(x)}, 'i')),
    'psumOfShared': lambda x: x * lax.psum(2.5, 'i') + lax.psum(1, 'i'),
    'pmean': lambda x: x * lax.pmean(jnp.sin(x), 'i'),
    'axisIndex': lambda x: x * x * lax.axis_index('i'),
    'axisSize': lambda x: x * lax.axis_size('i'),
    'allGather': lambda x: jnp.sum(lax.all_gather(x * x, 'i') * X, axis=0),
    'allGatherInside': lambda x: jnp.sum(lax.all_gather(x * x, 'i', axis=1), axis=2) * jnp.sum(x),
    'allGatherLast': lambda x: jnp.sin(lax.all_gather(x, 'i', axis=-1)),
    'allGatherTiled': lambda x: jnp.sin(lax.all_gather(x, 'i', axis=1, tiled=True)) * x[0, 0],
    'ppermute': lambda x: lax.ppermute(x * x, 'i', RING) * x,
    'pshuffle': lambda x: lax.pshuffle(x * x, 'i', [2, 0, 3, 1]) * x,
    'allToAll': lambda x: jnp.sin(lax.all_to_all(x, 'i', 1, 0)) * x[0, 0],
    'allToAllTiled': lambda x: jnp.sin(lax.all_to_all(x, 'i', 1, 0, tiled=True)),
    'pswapaxes': lambda x: jnp.sin(lax.pswapaxes(x, 'i', 1)),
    'psumScatter': lambda x: lax.psum_scatter(x * x, 'i', scatter_dimension=1),
    'psumScatterTiled': lambda x: lax.psum_scatter(x * x, 'i', scatter_dimension=1, tiled=True),
    'scanned': scanned,
    'inBranch': in_branch,
    'jitted': lambda x: jax.jit(lambda y: lax.psum(y * y, 'i') * y)(x),
    'innerVmap': lambda x: jax.vmap(lambda row: lax.psum(row * row, 'i') * row)(x),
    'twoNames': lambda x: jax.vmap(lambda row: lax.psum(row * row, ('i', 'j')) * row, axis_name='j')(x),
    'twoNamesMean': lambda x: jax.vmap(lambda row: lax.pmean(row, ('j', 'i')) * row, axis_name='j')(x),
    'twoNamesIndex': lambda x: jax.vmap(lambda row: lax.axis_index(('i', 'j')) * row, axis_name='j')(x),
    'innerShadows': lambda x: jax.vmap(lambda row: lax.psum(row * row, 'i'), axis_name='i')(x),
    'gradInside': lambda x: jax.grad(lambda y: jnp.sum(jnp.sin(lax.psum(y * y, 'i'))))(x),
    'gradOfScan': lambda x: jax.grad(lambda y: jnp.sum(scanned(y)))(x),
    'checkpointed': lambda x: jax.grad(lambda y: jnp.sum(jax.checkpoint(lambda z: jnp.sin(lax.psum(z * z, 'i')))(y)))(x),
}
NOT_DIFFERENTIATED = {
    'pmax': lambda x: lax.pmax(x, 'i') - x,
    'pmin': lambda x: lax.pmin(x, 'i') - x,
}


def numbers(x):
    return [float(f'{v:.7g}') for v in jnp.ravel(jnp.asarray(x, jnp.float32))]


def record(f, differentiated=True):
    over = jax.vmap(f, axis_name='i')
    result = {'value': numbers(over(X))}
    if differentiated:
        weighted = lambda y: jnp.sum(y * jnp.cos(jnp.arange(y.size)).reshape(y.shape))
        result['gradOfVmap'] = numbers(jax.grad(lambda x: weighted(over(x)))(X))
        try:
            inside = jax.vmap(jax.grad(lambda x: weighted(f(x))), axis_name='i')
            result['vmapOfGrad'] = numbers(inside(X))
        except ValueError as error:
            print('JAX cannot differentiate', error)  # all_to_all between different axes
    return result


def main():
    data = {
        'jax': jax.__version__,
        'printed': {name: printed(run) for name, run in PRINTING.items()},
        'collectives': {
            **{name: record(f) for name, f in COLLECTIVES.items()},
            **{name: record(f, False) for name, f in NOT_DIFFERENTIATED.items()},
        },
    }
    pathlib.Path(__file__).with_name('debug.json').write_text(json.dumps(data, indent=None, separators=(',', ':')) + '\n')


main()
