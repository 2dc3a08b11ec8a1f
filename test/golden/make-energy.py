"""Writes energy_other.safetensors: the energy model in Flax with other sizes than energy_small.

    pip install "jax==0.10.2" flax safetensors && python make-energy.py

The layout is that of energy_small.safetensors: params/<path>, in/<name>, out/<name>, grad/<path>.
"""

import json
import pathlib
import struct

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

HIDDEN, HEADS, CONTEXT, ACTIONS = 48, 6, 20, 5
BATCH, TOKENS, STEPS = 3, 7, 4


class Block(nn.Module):
    @nn.compact
    def __call__(self, x):
        return x + nn.silu(nn.Dense(HIDDEN, name="linear")(nn.LayerNorm(name="layer_norm")(x)))


class MlpResNet(nn.Module):
    outputs: int
    blocks: int

    @nn.compact
    def __call__(self, x):
        x = nn.silu(nn.Dense(HIDDEN, name="fc1")(nn.LayerNorm(name="layer_norm1")(x)))
        for i in range(self.blocks):
            x = Block(name=f"block_{i}")(x)
        return nn.Dense(self.outputs, name="fc2")(nn.LayerNorm(name="layer_norm2")(x))


def positions(length):
    p, i = np.arange(length)[:, None], np.arange(HIDDEN)[None]
    angle = p / 10000 ** (2 * (i // 2) / HIDDEN)
    return jnp.asarray(np.where(i % 2 == 0, np.sin(angle), np.cos(angle)), jnp.float32)


class Energy(nn.Module):
    @nn.compact
    def __call__(self, h, a, pad_mask=None):
        c = MlpResNet(HIDDEN, 1, name="state_linear")(h)
        q = MlpResNet(HIDDEN, 1, name="action_linear")(a) + positions(a.shape[1])
        mask = None if pad_mask is None else ~pad_mask[:, None, None, :]
        attention = nn.MultiHeadDotProductAttention(HEADS, name="cross_attention")
        z = attention(q, c, c, mask=mask)
        e = jax.nn.sigmoid(MlpResNet(1, 2, name="prediction_head")(z) * 0.5) * 2.0 + 0.1
        return e.mean(axis=1)


def perturbed(params, key):
    """Biases and scales away from 0 and 1, so that mixing them up shows."""
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(key, len(leaves))
    return tree.unflatten([x + 0.1 * jax.random.normal(k, x.shape) for x, k in zip(leaves, keys)])


model = Energy()
keys = jax.random.split(jax.random.key(7), 4)
h = 1.5 * jax.random.normal(keys[0], (BATCH, TOKENS, CONTEXT)) + 0.3
a = jax.random.normal(keys[1], (BATCH, STEPS, ACTIONS))
pad_mask = jnp.array([[False] * 7, [False] * 4 + [True] * 3, [True, False] * 3 + [True]])
params = perturbed(model.init(keys[2], h, a)["params"], keys[3])


def energy(params, h, a, mask):
    return model.apply({"params": params}, h, a, mask)


def infonce(params, tau=0.5):
    rows = [energy(params, jnp.repeat(h[i : i + 1], BATCH, 0), a, jnp.repeat(pad_mask[i : i + 1], BATCH, 0))[:, 0] for i in range(BATCH)]
    e = jnp.stack(rows)
    loss = -jnp.mean(jnp.diagonal(jax.nn.log_softmax(-e / tau, axis=-1)))
    off = ~jnp.eye(BATCH, dtype=bool)
    return loss, (jnp.mean(jnp.diagonal(e)), jnp.sum(jnp.where(off, e, 0)) / off.sum(), e)


def norm(x):
    return jnp.sqrt(jnp.sum(x**2, axis=(1, 2), keepdims=True))


def slope(a):
    return jax.grad(lambda a: energy(params, h, a, pad_mask).sum())(a)


def correct(a, steps, alpha, clip, first_only=False):
    for _ in range(steps):
        g = slope(a)
        if first_only:
            g = g.at[:, 1:].set(0)
        step = alpha * g
        coef = jnp.minimum(1.0, clip * (norm(a) + 1e-6) / (norm(step) + 1e-6))
        a = a - coef * step
    return a


(loss, (e_pos, e_neg, e_ij)), grads = jax.value_and_grad(infonce, has_aux=True)(params)


def flat(prefix, tree):
    paths = jax.tree_util.tree_flatten_with_path(tree)[0]
    return {"/".join([prefix, *(k.key for k in path)]): leaf for path, leaf in paths}


tensors = {
    **flat("params", params),
    "in/h": h,
    "in/a": a,
    "in/pad_mask": pad_mask.astype(jnp.uint8),
    "out/energy": energy(params, h, a, pad_mask),
    "out/energy_nomask": energy(params, h, a, None),
    "out/infonce_loss": loss[None],
    "out/e_pos": e_pos[None],
    "out/e_neg": e_neg[None],
    "out/e_ij": e_ij,
    "out/grad_a": slope(a),
    "out/correct_one": correct(a, 1, 0.1, 0.2),
    "out/correct_one_first": correct(a, 1, 0.1, 0.2, first_only=True),
    "out/correct_one_clipped": correct(a, 1, 50.0, 0.2),
    "out/correct_five": correct(a, 5, 0.1, 0.2),
    "out/correct_three_clipped": correct(a, 3, 20.0, 0.05),
    **flat("grad", grads),
}


def save(path, tensors):
    """The safetensors format: header length, JSON header, data."""
    header, chunks, offset = {}, [], 0
    for name in sorted(tensors):
        data = np.ascontiguousarray(tensors[name])
        kind = {"float32": "F32", "uint8": "U8"}[data.dtype.name]
        header[name] = {"dtype": kind, "shape": list(data.shape), "data_offsets": [offset, offset + data.nbytes]}
        chunks.append(data.tobytes())
        offset += data.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))


out = pathlib.Path(__file__).parent / "energy_other.safetensors"
save(out, tensors)
for name, steps, alpha, clip in [("one", 1, 0.1, 0.2), ("one_clipped", 1, 50.0, 0.2)]:
    print(name, float(loss), np.ravel(norm(alpha * slope(a)) / (clip * norm(a))))
print(out.stat().st_size, "bytes")
