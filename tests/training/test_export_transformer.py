"""The exported graphs and the torch model say the same, also over a stream with a full window."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from scope.models.causal import CausalConfig, CausalTransformer
from scope.pipelines.vista.manifest import Manifest
from scope.pipelines.vista.pipeline import ASSETS
from scope.pipelines.vista.runtime import Runtime
from scope.pipelines.vista.self_test import Setup
from scope.pipelines.vista.text import ROWS, TEXT_TOKENS, TEXT_WIDTH
from training.export.graph import MOST, Graph
from training.export.package import Packing, write_package

CONFIG = CausalConfig(
    dim=32,
    heads=2,
    layers=2,
    ffn=64,
    text_dim=TEXT_WIDTH,
    freq_dim=32,
    in_channels=4,
    out_channels=4,
    pooled_dim=TEXT_WIDTH,
)


def tiny_model() -> CausalTransformer:
    torch.manual_seed(0)
    model = CausalTransformer(CONFIG).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.requires_grad_(False)


def tiny_codec():
    graph = Graph("decoder")
    graph.input("latent", [1, 4, 4, 6])
    graph.input("memory", [1, 4, 4, 6])
    size = graph.constant(np.array([2, 8, 12, 3], np.int64))
    flat = graph.op("Expand", graph.constant(np.array(9, np.uint8)), size)
    graph.output("pixels", flat, [2, 8, 12, 3], "uint8")
    graph.output("next_memory", "latent", [1, 4, 4, 6])
    return {"decoder.onnx": graph.model()}


@pytest.fixture(scope="module")
def model() -> CausalTransformer:
    return tiny_model()


@pytest.fixture(scope="module")
def package(tmp_path_factory, model) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("package")
    packing = Packing(version="test", grid=(2, 3), width=12, height=8, pictures=2, half=False)
    return folder, write_package(folder, model, tiny_codec(), packing)


@pytest.fixture(scope="module")
def runtime(package) -> Runtime:
    return Runtime(package[0], package[1], Setup(1, "f32"))


def embedding(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((ROWS, TEXT_WIDTH), np.float32)


def torch_inputs(model, text):
    states = torch.from_numpy(text)[None, None]
    return model.text_kv(states[:, :, :TEXT_TOKENS]), states[:, :, TEXT_TOKENS]


def test_a_stream_through_the_graphs_equals_the_torch_stream(model, runtime):
    manifest, text = runtime.manifest, embedding(0)
    kv, pooled = torch_inputs(model, text)
    cache = model.empty_cache((2, 3), frames=manifest.window)
    feed = runtime.text(text)
    window: list[tuple[np.ndarray, np.ndarray]] = []
    random = np.random.default_rng(1)
    for _ in range(7):
        x = random.standard_normal((4, 4, 6), np.float32)
        plan = cache.begin_block(1)
        keys = np.zeros((2, len(window), 6, 32), np.float32)
        values = keys.copy()
        for index, (key, value) in enumerate(window):
            keys[:, index], values[:, index] = key, value
        context = feed | runtime.context(keys, values, list(range(len(window) + 1)))
        for t in (700.0, 0.0):
            level = torch.full((1, 1), t)
            moved = torch.from_numpy(x)[None, :, None]
            expected = model.stream(moved, level, kv, cache=cache, plan=plan, pooled=pooled)
            table = runtime.modulation(t, text)
            flow = runtime.flow(x, table, context)
            np.testing.assert_allclose(flow, expected[0, :, 0].numpy(), atol=1e-3)
        window = [*window, runtime.remember(x, table, context)][-(manifest.window - 1) :]


def test_weights_are_stored_in_half_the_space(tmp_path, model, package):
    packing = Packing(version="half", grid=(2, 3), width=12, height=8, pictures=2)
    write_package(tmp_path, model, tiny_codec(), packing)
    small, large = (folder / "step.onnx" for folder in (tmp_path, package[0]))
    assert small.stat().st_size < 0.7 * large.stat().st_size


def test_eight_bit_products_are_close_to_the_exact_ones(package, runtime):
    folder, manifest = package
    coarse = Runtime(folder, manifest, Setup(1, "int8"))
    text, x = embedding(0), np.random.default_rng(1).standard_normal((4, 4, 6), np.float32)
    keys = np.random.default_rng(2).standard_normal((2, 3, 6, 32), np.float32)
    feed = runtime.text(text) | runtime.context(keys, keys, list(range(4)))
    table = runtime.modulation(500.0, text)
    exact, found = (each.flow(x, table, feed) for each in (runtime, coarse))
    error = np.sqrt(np.square(found - exact).mean() / np.square(exact).mean())
    assert 0 < error < 0.08


def test_no_pair_of_8_bit_products_leaves_16_bits():
    """Where a processor adds two of them in 16 bits, more would be cut off without a word."""
    shipped = onnx.load(str(ASSETS / "step.int8.onnx"))
    weights = [numpy_helper.to_array(each) for each in shipped.graph.initializer]
    largest = max(int(np.abs(each.astype(int)).max()) for each in weights if each.dtype == np.int8)
    assert largest == MOST
    assert 2 * 255 * largest <= np.iinfo(np.int16).max
