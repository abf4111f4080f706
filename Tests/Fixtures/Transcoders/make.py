"""Makes tiny transcoders in the layouts of other tools, with what they should activate and write.

    python3 -m venv venv && venv/bin/pip install numpy==1.26.4 torch==2.13.0 safetensors==0.4.5 pyarrow==21.0.0 \
        sae-lens==6.18.0 eai-sparsify==1.3.3
    venv/bin/python Tests/Fixtures/Transcoders/make.py

SAELens and sparsify write their own folders and compute what is expected of them; the other layouts are written here by
their published definitions, and computed in float64. Each folder gets expected.safetensors: inputs
[layer, position, dModel], activations [layer, position, feature], outputs [layer, position, dModel], where the output of a
cross-layer set sums what all layers up to it write. The same versions give the same files.
"""

import json
import pathlib
import shutil

import numpy as np
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent
layers, width, features, positions = 3, 6, 10, 5


def numbers(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def folder(name):
    path = here / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def expect(path, inputs, activations, outputs):
    save_file(
        {
            "inputs": np.ascontiguousarray(inputs, np.float32),
            "activations": np.ascontiguousarray(activations, np.float32),
            "outputs": np.ascontiguousarray(outputs, np.float32),
        },
        path / "expected.safetensors",
    )


def jump(z, threshold):
    return np.where(z > threshold, z, 0)


def top(z, k):
    kept = np.zeros_like(z)
    for row, values in zip(kept, z):
        places = np.argsort(-values)[:k]
        row[places] = values[places]
    return kept


class Layer:
    """One layer's weights, [feature, dModel] as they are used; kept in float32, computed in float64."""

    def __init__(self, seed, outputs=1, skip=False):
        self.encoder = numbers(seed, features, width)
        self.decoder = numbers(seed + 1, features, outputs, width)
        self.encoder_bias = 0.3 * numbers(seed + 2, features)
        self.decoder_bias = numbers(seed + 3, width)
        self.threshold = np.abs(numbers(seed + 4, features))
        self.skip = numbers(seed + 5, width, width) if skip else None  # applied as S h
        self.inputs = numbers(seed + 6, positions, width)

    def preactivations(self):
        return self.inputs.astype(np.float64) @ self.encoder.T.astype(np.float64) + self.encoder_bias


def write_expected(path, stack, activate, cross=False):
    activations = np.stack([activate(layer) for layer in stack])
    outputs = np.zeros((layers, positions, width))
    for source, layer in enumerate(stack):
        outputs[source] += layer.decoder_bias
        if layer.skip is not None:
            outputs[source] += layer.inputs @ layer.skip.T.astype(np.float64)
        for place in range(layer.decoder.shape[1]):
            outputs[source + place] += activations[source] @ layer.decoder[:, place].astype(np.float64)
    expect(path, np.stack([layer.inputs for layer in stack]), activations, outputs)


def gemma_scope():
    path = folder("gemma-scope")
    stack = [Layer(100 + 10 * index) for index in range(layers)]
    for index, layer in enumerate(stack):
        place = path / f"layer_{index}/width_16k/average_l0_{5 + index}"
        place.mkdir(parents=True)
        np.savez(
            place / "params.npz", W_enc=np.ascontiguousarray(layer.encoder.T), W_dec=layer.decoder[:, 0],
            b_enc=layer.encoder_bias, b_dec=layer.decoder_bias, threshold=layer.threshold)
    write_expected(path, stack, lambda layer: jump(layer.preactivations(), layer.threshold))


def gemma_scope_2():
    path = folder("gemma-scope-2")
    stack = [Layer(200 + 10 * index, skip=True) for index in range(layers)]
    for index, layer in enumerate(stack):
        place = path / f"layer_{index}_width_16k_l0_big_affine"
        place.mkdir()
        save_file(
            {
                "w_enc": np.ascontiguousarray(layer.encoder.T), "w_dec": np.ascontiguousarray(layer.decoder[:, 0]),
                "b_enc": layer.encoder_bias, "b_dec": layer.decoder_bias, "threshold": layer.threshold,
                "affine_skip_connection": np.ascontiguousarray(layer.skip.T),
            },
            place / "params.safetensors")
        (place / "config.json").write_text(json.dumps({
            "architecture": "jump_relu", "model_name": "gemma-v3-270m", "type": "transcoder",
            "hf_hook_point_in": f"model.layers.{index}.pre_feedforward_layernorm.output",
            "hf_hook_point_out": f"model.layers.{index}.post_feedforward_layernorm.output", "affine_connection": True,
        }))
    write_expected(path, stack, lambda layer: jump(layer.preactivations(), layer.threshold))


def gemma_scope_2_cross_layer():
    path = folder("gemma-scope-2-clt")
    stack = [Layer(300 + 10 * index, outputs=layers - index, skip=True) for index in range(layers)]
    for index, layer in enumerate(stack):
        # What would write to layers below is in the file, and must not be used.
        square = np.full((features, layers, width), 7, np.float32)
        square[:, index:] = layer.decoder
        save_file(
            {
                "w_enc": np.ascontiguousarray(layer.encoder.T), "w_dec": square, "b_enc": layer.encoder_bias,
                "b_dec": layer.decoder_bias, "threshold": layer.threshold,
                "affine_skip_connection": np.ascontiguousarray(layer.skip.T),
            },
            path / f"params_layer_{index}.safetensors")
    write_expected(path, stack, lambda layer: jump(layer.preactivations(), layer.threshold))


def circuit_tracer_topk():
    path = folder("circuit-tracer-topk")
    stack = [Layer(400 + 10 * index, skip=True) for index in range(layers)]
    for index, layer in enumerate(stack):
        # Apart from one another, and listed.
        place = path / f"part-{index % 2}"
        place.mkdir(exist_ok=True)
        save_file(
            {
                "W_enc": layer.encoder, "W_dec": np.ascontiguousarray(layer.decoder[:, 0]), "b_enc": layer.encoder_bias,
                "b_dec": layer.decoder_bias, "W_skip": layer.skip,
            },
            place / f"layer_{index}.safetensors")
    listed = "\n".join(f"  - part-{index % 2}/layer_{index}.safetensors" for index in range(layers))
    (path / "config.yaml").write_text(
        "model_name: tiny\nmodel_kind: transcoder_set\nfeature_input_hook: mlp.hook_in\n"
        "feature_output_hook: mlp.hook_out\nactivation: topk\nk: 7\n"
        f"scan: [a, b, c]\ntranscoders:\n{listed}\n")
    write_expected(path, stack, lambda layer: top(layer.preactivations(), 7))


def first_circuit_tracer():
    path = folder("circuit-tracer-first")
    stack = [Layer(500 + 10 * index) for index in range(layers)]
    for index, layer in enumerate(stack):
        save_file(
            {
                "W_enc": np.ascontiguousarray(layer.encoder.T), "W_dec": np.ascontiguousarray(layer.decoder[:, 0]),
                "b_enc": layer.encoder_bias, "b_dec": layer.decoder_bias,
            },
            path / f"layer_{index}.safetensors")
    (path / "config.yaml").write_text(
        "model_kind: transcoder_set\nfeature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n")
    write_expected(path, stack, lambda layer: jump(layer.preactivations(), 0))


def sae_lens():
    import torch
    from sae_lens.saes.transcoder import (
        JumpReLUTranscoder, JumpReLUTranscoderConfig, SkipTranscoder, SkipTranscoderConfig)

    for name, kind, settings in (
        ("saelens-jumprelu", JumpReLUTranscoder, JumpReLUTranscoderConfig),
        ("saelens-skip", SkipTranscoder, SkipTranscoderConfig),
    ):
        path = folder(name)
        results = [], [], []
        for index in range(layers):
            layer = Layer(600 + 10 * index, skip=True)
            coder = kind(settings(d_in=width, d_sae=features, d_out=width, dtype="float32", device="cpu", apply_b_dec_to_input=False))
            coder.cfg.metadata.model_name = "gpt2"
            coder.cfg.metadata.hook_name = f"blocks.{index}.ln2.hook_normalized"
            coder.cfg.metadata.hook_name_out = f"blocks.{index}.hook_mlp_out"
            with torch.no_grad():
                coder.W_enc.copy_(torch.from_numpy(np.ascontiguousarray(layer.encoder.T)))
                coder.W_dec.copy_(torch.from_numpy(np.ascontiguousarray(layer.decoder[:, 0])))
                coder.b_enc.copy_(torch.from_numpy(layer.encoder_bias))
                coder.b_dec.copy_(torch.from_numpy(layer.decoder_bias))
                if kind is JumpReLUTranscoder:
                    # One threshold below zero, which SAELens' ReLU makes nothing of.
                    layer.threshold[0] = -2
                    coder.threshold.copy_(torch.from_numpy(layer.threshold))
                else:
                    coder.W_skip.copy_(torch.from_numpy(layer.skip))
                outputs, activations = coder.forward_with_activations(torch.from_numpy(layer.inputs))
            coder.save_model(path / f"run-{chr(ord('c') - index)}")
            for result, value in zip(results, (layer.inputs, activations.numpy(), outputs.numpy())):
                result.append(value)
        expect(path, *map(np.stack, results))


def sparsify():
    import torch
    from sparsify import SparseCoder, SparseCoderConfig

    path = folder("sparsify")
    results = [], [], []
    for index in range(layers):
        layer = Layer(700 + 10 * index, skip=True)
        layer.encoder_bias -= 2.5  # so that some inputs have fewer than k above zero
        coder = SparseCoder(width, SparseCoderConfig(num_latents=features, k=4, skip_connection=True, transcode=True))
        with torch.no_grad():
            coder.encoder.weight.copy_(torch.from_numpy(layer.encoder))
            coder.encoder.bias.copy_(torch.from_numpy(layer.encoder_bias))
            coder.W_dec.copy_(torch.from_numpy(np.ascontiguousarray(layer.decoder[:, 0])))
            coder.b_dec.copy_(torch.from_numpy(layer.decoder_bias))
            coder.W_skip.copy_(torch.from_numpy(layer.skip))
            x = torch.from_numpy(layer.inputs)
            values, places, _ = coder.encode(x)
            activations = torch.zeros(positions, features).scatter(1, places, values)
            outputs = coder(x).sae_out
        coder.save_to_disk(path / f"h.{index}.mlp")
        for result, value in zip(results, (layer.inputs, activations.numpy(), outputs.numpy())):
            result.append(value)
    (path / "config.json").write_text(json.dumps({"model": "openai-community/gpt2", "ctx_len": 128}))
    expect(path, *map(np.stack, results))


if __name__ == "__main__":
    gemma_scope()
    gemma_scope_2()
    gemma_scope_2_cross_layer()
    circuit_tracer_topk()
    first_circuit_tracer()
    sae_lens()
    sparsify()
