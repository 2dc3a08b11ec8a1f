"""Writes optax.json: optimizers, schedules and losses of Optax, layers and initializers of Flax.

    pip install "jax==0.10.2" flax optax && python make-optax.py
"""

import json
import pathlib

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

STEPS = 6


def rounded(tree):
    return jax.tree.map(lambda x: np.asarray(x, np.float32).astype(float).tolist(), tree)


def array(seed, *shape, scale=1.0):
    return scale * jax.random.normal(jax.random.key(seed), shape)


params = {"kernel": array(0, 3, 4), "nested": {"bias": array(1, 4), "gain": array(2)}}
gradients = [
    jax.tree.map(lambda p, s=s: array(10 + s + p.size, *p.shape, scale=3.0 if s == 2 else 0.3), params)
    for s in range(STEPS)
]

is_kernel = {"kernel": True, "nested": {"bias": False, "gain": False}}
labels = {"kernel": "a", "nested": {"bias": "b", "gain": "a"}}
warmup = optax.warmup_cosine_decay_schedule(0.0, 0.1, 2, 5, 0.01)

optimizers = {
    "sgd": optax.sgd(0.1),
    "momentum": optax.sgd(0.1, momentum=0.9),
    "nesterov": optax.sgd(0.1, momentum=0.9, nesterov=True),
    "adam": optax.adam(0.05),
    "adamOptions": optax.adam(0.05, b1=0.8, b2=0.95, eps=1e-3, eps_root=1e-4),
    "adamw": optax.adamw(0.05, weight_decay=0.1),
    "adamwMasked": optax.adamw(0.05, weight_decay=0.1, mask=is_kernel),
    "adamSchedule": optax.adam(warmup),
    "clipped": optax.chain(optax.clip_by_global_norm(1.0), optax.clip(0.2), optax.sgd(1.0)),
    "ema": optax.chain(optax.ema(0.9), optax.scale(-1.0)),
    "emaBiased": optax.chain(optax.ema(0.9, debias=False), optax.scale(-1.0)),
    "masked": optax.chain(optax.masked(optax.scale_by_adam(), is_kernel), optax.scale(-0.1)),
    "multi": optax.multi_transform({"a": optax.adam(0.1), "b": optax.set_to_zero()}, labels),
}


def run(optimizer):
    state, p = optimizer.init(params), params
    for g in gradients:
        updates, state = optimizer.update(g, state, p)
        p = optax.apply_updates(p, updates)
    return rounded(p)


counts = [0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 25]
schedules = {
    "constant": optax.constant_schedule(0.3),
    "linear": optax.linear_schedule(1.0, 0.2, 8),
    "linearLate": optax.linear_schedule(1.0, 0.2, 8, transition_begin=2),
    "polynomial": optax.polynomial_schedule(1.0, 0.1, 2.0, 8),
    "cosine": optax.cosine_decay_schedule(0.5, 10, alpha=0.1),
    "cosinePower": optax.cosine_decay_schedule(0.5, 10, alpha=0.1, exponent=2.0),
    "warmupCosine": optax.warmup_cosine_decay_schedule(0.01, 0.5, 3, 10, 0.05),
    "exponential": optax.exponential_decay(1.0, 4, 0.5),
    "exponentialStairs": optax.exponential_decay(1.0, 4, 0.5, transition_begin=1, staircase=True, end_value=0.2),
    "piecewise": optax.piecewise_constant_schedule(1.0, {3: 0.5, 9: 0.1}),
    "joined": optax.join_schedules([optax.linear_schedule(0.0, 1.0, 4), optax.cosine_decay_schedule(1.0, 6)], [4]),
}

logits, labels_, target = array(30, 5, 4, scale=3.0), jnp.array([0, 3, 1, 2, 2]), array(31, 5, 4)
soft = jax.nn.softmax(array(32, 5, 4))
losses = {
    "softmaxCrossEntropy": optax.softmax_cross_entropy(logits, soft),
    "integerLabels": optax.softmax_cross_entropy_with_integer_labels(logits, labels_),
    "sigmoidBinaryCrossEntropy": optax.sigmoid_binary_cross_entropy(logits, soft),
    "huber": optax.huber_loss(logits, target, delta=0.7),
}

x = array(40, 2, 3, 8, scale=2.0)
keys = array(41, 2, 5, 8)
mask = jnp.array([[1, 1, 0, 1, 0], [0, 1, 1, 0, 0]], bool)[:, None, None, :]
edge = jnp.concatenate([jnp.linspace(-4, 4, 17), jnp.array([-90.0, 0.0, 90.0])])


def layer(module, *args, **kwargs):
    p = module.init(jax.random.key(50), *args)["params"]
    leaves, tree = jax.tree.flatten(p)
    noise = jax.random.split(jax.random.key(51), len(leaves))
    p = tree.unflatten([leaf + 0.1 * jax.random.normal(k, leaf.shape) for k, leaf in zip(noise, leaves)])
    return {"params": rounded(p), "output": rounded(module.apply({"params": p}, *args, **kwargs))}


ids = jnp.array([[0, 2], [4, 1]])
layers = {
    "linear": layer(nn.Dense(3), x),
    "layerNorm": layer(nn.LayerNorm(), x),
    "embedding": layer(nn.Embed(5, 3), ids),
    "attention": layer(nn.MultiHeadDotProductAttention(4), x, keys, mask=mask),
}
activations = {
    "relu": nn.relu(edge),
    "leakyRelu": nn.leaky_relu(edge),
    "elu": nn.elu(edge),
    "sigmoid": nn.sigmoid(edge),
    "silu": nn.silu(edge),
    "softplus": nn.softplus(edge),
    "logSigmoid": nn.log_sigmoid(edge),
    "geluTanh": nn.gelu(edge, approximate=True),
    "geluExact": nn.gelu(edge, approximate=False),
}
masked_logits = jnp.array([[1.0, 2.0, 3.0], [40.0, -50.0, 90.0], [0.0, 0.0, 0.0]])
where = jnp.array([[True, True, False], [True, True, True], [False, True, True]])
normalised = {
    "softmax": jax.nn.softmax(masked_logits, where=where),
    "logSoftmax": jax.nn.log_softmax(masked_logits),
    "logsumexp": jax.nn.logsumexp(masked_logits, axis=0),
}

golden = {
    "made with": {"jax": jax.__version__, "optax": optax.__version__},
    "params": rounded(params),
    "gradients": rounded(gradients),
    "optimizers": {name: run(o) for name, o in optimizers.items()},
    "counts": counts,
    "schedules": {name: [float(jnp.float32(s(jnp.int32(c)))) for c in counts] for name, s in schedules.items()},
    "lossInputs": rounded({"logits": logits, "labels": labels_, "target": target, "soft": soft}),
    "losses": rounded(losses),
    "layerInputs": rounded({"x": x, "keys": keys, "mask": mask, "ids": ids, "edge": edge, "logits": masked_logits, "where": where}),
    "layers": layers,
    "activations": rounded(activations),
    "normalised": rounded(normalised),
}

out = pathlib.Path(__file__).parent / "optax.json"
out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(out.stat().st_size, "bytes")
