"""JAX on XLA's CPU backend: the same protocol as worker.ts, in Python.

Requests are lines of JSON on standard input, replies lines of JSON on file descriptor 3. A program is a
Python expression for a function of arrays, or for a pair of a setup, which makes the operands, and a function.
"""
import json
import os
import resource
import sys
import time

import jax
import jax.numpy as jnp
import numpy as onp
from jax import lax, nn, random

import xla_programs


def mix(x):
    h = x ^ (x >> onp.uint32(16))
    h = h * onp.uint32(0x85EBCA6B)
    h = h ^ (h >> onp.uint32(13))
    h = h * onp.uint32(0xC2B2AE35)
    return h ^ (h >> onp.uint32(16))


def elements(spec, seed):
    """The elements of operand number `seed`, as inputs.ts makes them."""
    shape, kind = spec['shape'], spec['kind']
    size = int(onp.prod(shape, dtype=onp.int64))
    with onp.errstate(over='ignore'):
        start = mix(onp.array([seed + 1], onp.uint32))
        bits = mix(start + onp.arange(size, dtype=onp.uint32))
    part = (bits >> onp.uint32(8)) / 2.0**24
    if kind == 'normal':
        data = ((part - 0.5) * (2 * onp.sqrt(3) * spec.get('scale', 1))).astype(onp.float32)
    elif kind == 'index':
        data = onp.floor(part * spec['limit']).astype(onp.int32)
    else:
        data = ((part >= 0.25) if kind == 'mask' else part).astype(onp.float32)
    return data.reshape(shape)


def digest(result):
    data = onp.asarray(result).astype(onp.float64).ravel()
    count = min(data.size, 1024)
    picked = [data[i * data.size // count] for i in range(count)]
    finite = [float(x) if onp.isfinite(x) else None for x in picked]
    rms = float(onp.sqrt(onp.mean(onp.square(data)))) if data.size else 0
    return {'size': data.size, 'rms': rms, 'samples': finite}


def max_rss():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Prepared:
    def __init__(self, request):
        names = {'jax': jax, 'jnp': jnp, 'lax': lax, 'nn': nn, 'random': random, **vars(xla_programs)}
        program = eval(request['program'], names)
        self.operands = [jnp.asarray(elements(x, i)) for i, x in enumerate(request['inputs'])]
        if isinstance(program, tuple):
            setup, program = program
            self.operands = list(setup(*self.operands))
        jax.block_until_ready(self.operands)
        self.f = jax.jit(program)
        self.calls = request.get('calls')
        self.reads = request.get('reads', False)

    def run(self):
        if self.calls is None:
            results = self.f(*self.operands)
            if self.reads:
                jax.tree.map(onp.asarray, results)
        elif self.calls['kind'] == 'queued':
            results = [self.f(*self.operands) for _ in range(self.calls['count'])]
        else:
            results = self.f(*self.operands)
            for _ in range(self.calls['count'] - 1):
                last = list(results) if isinstance(results, (list, tuple)) else [results]
                results = self.f(*last, *self.operands[len(last):])
        jax.block_until_ready(results)
        return results

    def digests(self, results):
        if self.calls is not None and self.calls['kind'] == 'queued':
            results = results[0]
        return [digest(x) for x in jax.tree.leaves(results)]


prepared = None


def answer(request):
    global prepared
    if request['do'] == 'open':
        return {'version': f'jax {jax.__version__}', 'device': f'XLA CPU, {os.cpu_count()} threads'}
    if request['do'] == 'prepare':
        prepared = None
        prepared = Prepared(request)
        before, cpu, started = max_rss(), time.process_time(), time.perf_counter()
        results = prepared.run()
        first = (time.perf_counter() - started) * 1000
        cpu = (time.process_time() - cpu) * 1000
        return {'first': first, 'firstCpu': cpu, 'grown': max_rss() - before, 'digests': prepared.digests(results)}
    times, cpu = [], time.process_time()
    until = time.perf_counter() + request['milliseconds'] / 1000
    while not times or time.perf_counter() < until:
        started = time.perf_counter()
        prepared.run()
        times.append((time.perf_counter() - started) * 1000)
    cpu = (time.process_time() - cpu) * 1000 / len(times)
    return {'median': float(onp.median(times)), 'cpu': cpu, 'count': len(times)}


replies = os.fdopen(3, 'w')
for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # Whatever a library throws is an answer.
        reply = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(reply), file=replies, flush=True)
