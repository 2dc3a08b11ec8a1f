"""What several cases use, in JAX."""
import jax
import jax.numpy as jnp
from jax import nn


def layer_norm(x, scale, bias):
    centred = x - x.mean(-1, keepdims=True)
    variance = jnp.square(centred).mean(-1, keepdims=True)
    return centred / jnp.sqrt(variance + 1e-6) * scale + bias


def rms_norm(x, scale):
    return x / jnp.sqrt(jnp.square(x).mean(-1, keepdims=True) + 1e-6) * scale


def attention(q, k, v, mask=None):
    scores = jnp.einsum('bhqd,bhkd->bhqk', q, k) * (q.shape[-1] ** -0.5)
    if mask is not None:
        scores = jnp.where(mask > 0, scores, -1e30)
    return jnp.einsum('bhqk,bhkd->bhqd', nn.softmax(scores, -1), v)


def weighted(f, count):
    """The gradient of Σ f(x…)·w in the first `count` operands; w is the last one."""

    def total(*operands):
        return jnp.sum(f(*operands[:-1]) * operands[-1])

    return jax.grad(total, argnums=tuple(range(count)))


def mlp_loss(w1, b1, w2, b2, x, y):
    hidden = jnp.maximum(x @ w1 + b1, 0)
    return jnp.mean(jnp.square(hidden @ w2 + b2 - y))


def mlp_step(*operands):
    loss, gradients = jax.value_and_grad(mlp_loss, argnums=(0, 1, 2, 3))(*operands)
    return [loss, *gradients]


def adam_step(p, g, m, v):
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    return [p - 1e-3 * m / (jnp.sqrt(v) + 1e-8), m, v]


# The energy model. Parameters come as a flat list in the order of their paths.
HEADS = 8


def norm_tree():
    return {'scale': 0, 'bias': 0}


def affine_tree():
    return {'kernel': 0, 'bias': 0}


def network_tree(blocks):
    block = {'layer_norm': norm_tree(), 'linear': affine_tree()}
    residual = {f'block_{i}': block for i in range(blocks)}
    ends = {'layer_norm1': norm_tree(), 'fc1': affine_tree(), 'layer_norm2': norm_tree(), 'fc2': affine_tree()}
    return {**residual, **ends}


STRUCTURE = jax.tree.structure({
    'state_linear': network_tree(1),
    'action_linear': network_tree(1),
    'cross_attention': {name: affine_tree() for name in ('query', 'key', 'value', 'out')},
    'prediction_head': network_tree(2),
})


def take(operands):
    count = STRUCTURE.num_leaves
    return jax.tree.unflatten(STRUCTURE, operands[:count]), operands[count:]


def normed(p, x):
    return layer_norm(x, p['scale'], p['bias'])


def linear(p, x):
    return x @ p['kernel'] + p['bias']


def network(p, x):
    hidden = nn.silu(linear(p['fc1'], normed(p['layer_norm1'], x)))
    for i in range(len(p) - 4):
        block = p[f'block_{i}']
        hidden = hidden + nn.silu(linear(block['linear'], normed(block['layer_norm'], hidden)))
    return linear(p['fc2'], normed(p['layer_norm2'], hidden))


def to_heads(p, x):
    return jnp.tensordot(x, p['kernel'], 1) + p['bias']


def positions(length, width):
    column = jnp.arange(width)
    angle = jnp.arange(length)[:, None] * jnp.exp((column - column % 2) * (-jnp.log(10000.0) / width))
    return jnp.where(column % 2 == 1, jnp.cos(angle), jnp.sin(angle))


def encode(p, context):
    features = network(p['state_linear'], context)
    attention_params = p['cross_attention']
    return to_heads(attention_params['key'], features), to_heads(attention_params['value'], features)


def queries(p, actions):
    features = network(p['action_linear'], actions)
    features = features + positions(*features.shape[-2:])
    query = to_heads(p['cross_attention']['query'], features)
    return query * query.shape[-1] ** -0.5


def step_energies(p, attended):
    out = p['cross_attention']['out']
    raw = network(p['prediction_head'], jnp.tensordot(attended, out['kernel'], 2) + out['bias'])
    return 2 * nn.sigmoid(raw[..., 0] * 0.5) + 0.1


def info_nce(p, context, actions):
    keys, values = encode(p, context)
    batch, steps = actions.shape[:2]
    asked = queries(p, actions).reshape(batch * steps, HEADS, -1)
    weights = nn.softmax(jnp.einsum('pnd,isnd->npis', asked, keys), -1)
    attended = jnp.einsum('npis,isnd->ipnd', weights, values)
    energies = step_energies(p, attended).reshape(batch, batch, steps).mean(-1)
    return -jnp.mean(jnp.diagonal(nn.log_softmax(-energies / 0.5, -1)))


def info_nce_step(*operands):
    params, rest = take(operands)
    value, gradients = jax.value_and_grad(info_nce)(params, *rest)
    return [value, *jax.tree.leaves(gradients)]


def energy_of_encoded(p, keys, values, actions):
    weights = nn.softmax(jnp.einsum('bqhd,bkhd->bhqk', queries(p, actions), keys), -1)
    return step_energies(p, jnp.einsum('bhqk,bkhd->bqhd', weights, values)).mean(-1)


def correct_once(p, keys, values, actions):
    slope = jax.grad(lambda a: jnp.sum(energy_of_encoded(p, keys, values, a)))(actions)
    step = slope * 0.1
    norms = [jnp.sqrt(jnp.sum(jnp.square(x), (1, 2), keepdims=True)) + 1e-6 for x in (actions, step)]
    return actions - jnp.minimum(0.2 * norms[0] / norms[1], 1) * step


def correct(steps, *operands):
    p, (context, actions) = take(operands)
    keys, values = encode(p, context)
    for _ in range(steps):
        actions = correct_once(p, keys, values, actions)
    return actions


@jax.jit
def encoded_operands(*operands):
    p, (context, actions) = take(operands)
    return [*operands[:-2], *encode(p, context), actions]


def correct_encoded(*operands):
    p, (keys, values, actions) = take(operands)
    return correct_once(p, keys, values, actions)
