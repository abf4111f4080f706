"""Makes tiny models of random weights with their logits, by the transformers library, and transcoders for them.

    python3 -m venv venv && venv/bin/pip install torch transformers==4.57.3 safetensors
    venv/bin/python Tests/Fixtures/Families/make.py

Each folder here gets config.json, model.safetensors, expected.safetensors (tokens, and the logits of all positions) and
transcoders/: cross-layer ones with JumpReLU, or per-layer ones with skip connections. The same versions give the same
files.
"""

import json
import pathlib

import torch
import transformers
from safetensors.torch import load_file, save_file

torch.set_num_threads(1)
here = pathlib.Path(__file__).parent
vocabulary, length, features = 48, 20, 12
common = dict(
    vocab_size=vocabulary, hidden_size=16, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4,
    max_position_embeddings=64, bos_token_id=0, eos_token_id=1, pad_token_id=None, attn_implementation="eager",
)
rope = dict(rope_theta=100.0)


def cases():
    t = transformers
    grouped = dict(common, num_key_value_heads=2)
    yield "mistral", t.MistralConfig(**grouped, **rope, sliding_window=6, head_dim=4), "clt"
    yield "qwen2", t.Qwen2Config(**grouped, **rope, tie_word_embeddings=True), "clt"
    yield "qwen2-window", t.Qwen2Config(
        **grouped, **rope, use_sliding_window=True, sliding_window=5, max_window_layers=1), "clt"
    yield "qwen3-bias", t.Qwen3Config(**grouped, **rope, head_dim=8, attention_bias=True), "clt"
    yield "llama-bias", t.LlamaConfig(**grouped, **rope, attention_bias=True, mlp_bias=True), "clt"
    yield "llama-linear", t.LlamaConfig(
        **grouped, **rope, rope_scaling={"rope_type": "linear", "factor": 4.0}), "clt"
    yield "llama-dynamic", t.LlamaConfig(
        **grouped, **rope, rope_scaling={"rope_type": "dynamic", "factor": 4.0}), "clt"
    yield "llama-yarn", t.LlamaConfig(
        **dict(grouped, hidden_size=64), **rope,
        rope_scaling={"rope_type": "yarn", "factor": 3.0, "original_max_position_embeddings": 16}), "clt"
    yield "gpt_oss", t.GptOssConfig(
        **grouped, head_dim=8, sliding_window=5, num_local_experts=5, num_experts_per_tok=2, rope_theta=100.0,
        rope_scaling={"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "truncate": False,
                      "beta_fast": 4.0, "beta_slow": 0.5}), "clt"
    yield "gpt_oss-mxfp4", t.GptOssConfig(
        **dict(grouped, hidden_size=32, intermediate_size=32), head_dim=8, sliding_window=5, num_local_experts=3,
        num_experts_per_tok=2, rope_theta=100.0, rope_scaling=None), "clt"
    yield "gemma2-window", t.Gemma2Config(
        **grouped, **rope, head_dim=8, sliding_window=5, query_pre_attn_scalar=12, attn_logit_softcapping=3.0,
        final_logit_softcapping=5.0), "clt"
    yield "gemma3-window", t.Gemma3TextConfig(
        **dict(grouped, num_hidden_layers=4), head_dim=8, sliding_window=5, query_pre_attn_scalar=12, rope_theta=1000.0,
        rope_local_base_freq=50.0, rope_scaling={"rope_type": "linear", "factor": 8.0},
        layer_types=["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]), "clt"
    yield "gpt2", t.GPT2Config(
        vocab_size=vocabulary, n_embd=16, n_inner=24, n_layer=3, n_head=4, n_positions=64, bos_token_id=0, eos_token_id=1,
        scale_attn_by_inverse_layer_idx=True), "clt"
    yield "gpt_neox", t.GPTNeoXConfig(**common, rotary_pct=0.5, rotary_emb_base=100), "skip"
    yield "gpt_neox-sequential", t.GPTNeoXConfig(
        **common, rotary_pct=1.0, rotary_emb_base=100, use_parallel_residual=False), "clt"


def randomize(model):
    generator = torch.Generator().manual_seed(0)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        is_gain = parameter.ndim == 1 and name.endswith("norm.weight") or "norm" in name and name.endswith("weight")
        with torch.no_grad():
            if is_gain:
                is_offset = "Gemma" in type(model).__name__
                parameter.copy_((0.0 if is_offset else 1.0) + 0.3 * noise)
            elif parameter.ndim == 1:
                parameter.copy_(0.3 * noise)
            else:
                parameter.copy_(noise * (1.2 / parameter.shape[-1] ** 0.5))


def pack(tensors, model):
    """Puts the experts' matrices on the grid of MXFP4, in the model too, and stores them in blocks."""
    generator = torch.Generator().manual_seed(2)
    grid = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])
    for name in [name for name in tensors if name.endswith(("gate_up_proj", "down_proj"))]:
        experts, inputs, outputs = tensors[name].shape
        codes = torch.randint(0, 16, (experts, outputs, inputs // 32, 32), generator=generator)
        scales = torch.randint(122, 127, (experts, outputs, inputs // 32), generator=generator)
        values = grid[codes] * torch.exp2(scales[..., None].float() - 127)
        with torch.no_grad():
            model.get_parameter(name).copy_(values.reshape(experts, outputs, inputs).transpose(1, 2))
        del tensors[name]
        tensors[name + "_blocks"] = (codes[..., 0::2] | codes[..., 1::2] << 4).to(torch.uint8)
        tensors[name + "_scales"] = scales.to(torch.uint8)


def transcoders(folder, layers, width, kind):
    generator = torch.Generator().manual_seed(1)
    folder.mkdir(exist_ok=True)
    numbers = lambda *shape: torch.randn(shape, generator=generator) * (1.5 / shape[-1] ** 0.5)
    for layer in range(layers):
        if kind == "skip":
            save_file({
                "W_enc": numbers(features, width), "b_enc": numbers(features) * 0.3, "b_dec": numbers(width) * 0.3,
                "W_dec": numbers(features, width), "W_skip": numbers(width, width) * 0.5,
                "activation_function.threshold": numbers(features).abs() * 0.5 + 0.4,
            }, folder / f"layer_{layer}.safetensors")
            continue
        save_file({
            f"W_enc_{layer}": numbers(features, width), f"b_enc_{layer}": numbers(features) * 0.3,
            f"b_dec_{layer}": numbers(width) * 0.3, f"threshold_{layer}": numbers(features).abs() * 0.5 + 0.4,
        }, folder / f"W_enc_{layer}.safetensors")
        save_file({f"W_dec_{layer}": numbers(features, layers - layer, width)}, folder / f"W_dec_{layer}.safetensors")
    (folder / "config.yaml").write_text(
        f"feature_input_hook: {'mlp.hook_in' if kind == 'skip' else 'hook_resid_mid'}\n"
        "feature_output_hook: hook_mlp_out\n"
        f"model_kind: {'transcoder_set' if kind == 'skip' else 'cross_layer_transcoder'}\nmodel_name: made-up\n")


for name, config, kind in cases():
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    randomize(model)
    folder = here / name
    folder.mkdir(exist_ok=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name.endswith("mxfp4"):
        tensors = load_file(folder / "model.safetensors")
        pack(tensors, model)
        save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "model.safetensors")
        stated = json.loads((folder / "config.json").read_text())
        stated["quantization_config"] = {"quant_method": "mxfp4"}
        (folder / "config.json").write_text(json.dumps(stated, indent=2) + "\n")
    tokens = torch.tensor([[0] + [(7 * i * i + 3 * i + 5) % vocabulary for i in range(1, length)]])
    with torch.no_grad():
        logits = model(tokens).logits[0]
    save_file({"tokens": tokens[0], "logits": logits.contiguous()}, folder / "expected.safetensors")
    transcoders(folder / "transcoders", config.num_hidden_layers, config.hidden_size, kind)
    print(name, f"{logits.abs().max():.2f}", sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()))
