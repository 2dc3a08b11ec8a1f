"""Writes the parameters of a recorded policy in the public PyTorch layout: `make-public-weights.py in.safetensors out.safetensors`.

Written from the layout's description alone, with NumPy, so that it shares nothing with the library's table. Needs numpy
and safetensors. Prints nothing; pi0_public.json beside it says what the file must be, by digest per tensor.
"""

import hashlib
import json
import sys

import numpy as np
from safetensors.numpy import load_file


def convert(params):
    """The state dict of the port, from parameters by path."""
    out = {}
    img = "PaliGemma/img/"
    block = img + "Transformer/encoderblock/"
    vision = "paligemma_with_expert.paligemma.model.vision_tower.vision_model."
    out[vision + "embeddings.patch_embedding.weight"] = params[img + "embedding/kernel"].transpose(3, 2, 0, 1)
    out[vision + "embeddings.patch_embedding.bias"] = params[img + "embedding/bias"]
    out[vision + "embeddings.position_embedding.weight"] = params[img + "pos_embedding"][0]
    for i in range(params[block + "LayerNorm_0/scale"].shape[0]):
        layer = f"{vision}encoder.layers.{i}."
        for ours, theirs in (("LayerNorm_0", "layer_norm1"), ("LayerNorm_1", "layer_norm2")):
            out[f"{layer}{theirs}.weight"] = params[f"{block}{ours}/scale"][i]
            out[f"{layer}{theirs}.bias"] = params[f"{block}{ours}/bias"][i]
        for ours, theirs in (("Dense_0", "fc1"), ("Dense_1", "fc2")):
            out[f"{layer}mlp.{theirs}.weight"] = params[f"{block}MlpBlock_0/{ours}/kernel"][i].T
            out[f"{layer}mlp.{theirs}.bias"] = params[f"{block}MlpBlock_0/{ours}/bias"][i]
        for ours, theirs in (("query", "q_proj"), ("key", "k_proj"), ("value", "v_proj")):
            kernel = params[f"{block}MultiHeadDotProductAttention_0/{ours}/kernel"][i]
            bias = params[f"{block}MultiHeadDotProductAttention_0/{ours}/bias"][i]
            out[f"{layer}self_attn.{theirs}.weight"] = kernel.reshape(kernel.shape[0], -1).T
            out[f"{layer}self_attn.{theirs}.bias"] = bias.reshape(-1)
        kernel = params[f"{block}MultiHeadDotProductAttention_0/out/kernel"][i]
        out[f"{layer}self_attn.out_proj.weight"] = kernel.reshape(-1, kernel.shape[-1]).T
        out[f"{layer}self_attn.out_proj.bias"] = params[f"{block}MultiHeadDotProductAttention_0/out/bias"][i]
    out[vision + "post_layernorm.weight"] = params[img + "Transformer/encoder_norm/scale"]
    out[vision + "post_layernorm.bias"] = params[img + "Transformer/encoder_norm/bias"]
    projector = "paligemma_with_expert.paligemma.model.multi_modal_projector.linear."
    out[projector + "weight"] = params[img + "head/kernel"].T
    out[projector + "bias"] = params[img + "head/bias"]

    embedding = params["PaliGemma/llm/embedder/input_embedding"]
    out["paligemma_with_expert.paligemma.lm_head.weight"] = embedding
    experts = (("paligemma_with_expert.paligemma.model.language_model.", ""), ("paligemma_with_expert.gemma_expert.model.", "_1"))
    for prefix, suffix in experts:
        stack = "PaliGemma/llm/layers/"
        norms = [(f"{stack}pre_attention_norm{suffix}", "input_layernorm"), (f"{stack}pre_ffw_norm{suffix}", "post_attention_layernorm")]
        for i in range(params[f"{stack}attn/q_einsum{suffix}/w"].shape[0]):
            layer = f"{prefix}layers.{i}."
            q = params[f"{stack}attn/q_einsum{suffix}/w"][i]
            heads, width, dim = q.shape
            out[layer + "self_attn.q_proj.weight"] = q.transpose(0, 2, 1).reshape(heads * dim, width)
            kv = params[f"{stack}attn/kv_einsum{suffix}/w"][i]
            out[layer + "self_attn.k_proj.weight"] = kv[0, 0].T
            out[layer + "self_attn.v_proj.weight"] = kv[1, 0].T
            o = params[f"{stack}attn/attn_vec_einsum{suffix}/w"][i]
            out[layer + "self_attn.o_proj.weight"] = o.transpose(2, 0, 1).reshape(width, heads * dim)
            gating = params[f"{stack}mlp{suffix}/gating_einsum"][i]
            out[layer + "mlp.gate_proj.weight"] = gating[0].T
            out[layer + "mlp.up_proj.weight"] = gating[1].T
            out[layer + "mlp.down_proj.weight"] = params[f"{stack}mlp{suffix}/linear"][i].T
            for ours, theirs in norms:
                if f"{ours}/scale" in params:
                    out[f"{layer}{theirs}.weight"] = params[f"{ours}/scale"][i]
                else:
                    out[f"{layer}{theirs}.dense.weight"] = params[f"{ours}/Dense_0/kernel"][i].T
                    out[f"{layer}{theirs}.dense.bias"] = params[f"{ours}/Dense_0/bias"][i]
        final = f"PaliGemma/llm/final_norm{suffix}"
        if f"{final}/scale" in params:
            out[f"{prefix}norm.weight"] = params[f"{final}/scale"]
        else:
            out[f"{prefix}norm.dense.weight"] = params[f"{final}/Dense_0/kernel"].T
            out[f"{prefix}norm.dense.bias"] = params[f"{final}/Dense_0/bias"]
    for name in ("action_in_proj", "action_out_proj", "state_proj", "action_time_mlp_in", "action_time_mlp_out", "time_mlp_in", "time_mlp_out"):
        if f"{name}/kernel" in params:
            out[f"{name}.weight"] = params[f"{name}/kernel"].T
            out[f"{name}.bias"] = params[f"{name}/bias"]
    width = params["action_in_proj/kernel"].shape[1]
    out["paligemma_with_expert.gemma_expert.lm_head.weight"] = np.zeros([embedding.shape[0], width], np.float32)
    return {name: np.ascontiguousarray(value) for name, value in out.items()}


def describe(tensors):
    """Shape and digest of every tensor."""
    digest = lambda value: hashlib.sha256(value.tobytes()).hexdigest()[:16]
    return {name: [list(value.shape), digest(value)] for name, value in sorted(tensors.items())}


if __name__ == "__main__":
    import pathlib

    here = pathlib.Path(__file__).parent
    record = {}
    for policy in ("pi0_tiny", "pi05_tiny"):
        recorded = load_file(here / f"{policy}_f32.safetensors")
        mine = {k[len("params/"):]: v for k, v in recorded.items() if k.startswith("params/")}
        tensors = convert(mine)
        record[policy] = describe(tensors)
        if len(sys.argv) > 1:
            from safetensors.numpy import save_file

            save_file(tensors, pathlib.Path(sys.argv[1]) / f"{policy}_public.safetensors")
    (here / "pi0_public.json").write_text(json.dumps(record, indent=0) + "\n")
