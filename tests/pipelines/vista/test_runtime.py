"""The graphs behind functions: shapes, and independence of calls."""

import time

import numpy as np
import pytest

from scope.pipelines.vista.probe import Probe
from scope.pipelines.vista.runtime import Runtime
from scope.pipelines.vista.self_test import Setup
from training.export.tiny import write_tiny_package


@pytest.fixture(scope="module")
def runtime(tmp_path_factory) -> Runtime:
    folder = tmp_path_factory.mktemp("package")
    return Runtime(folder, write_tiny_package(folder), Setup(1, "f32"))


def past(frames: int) -> np.ndarray:
    return np.random.default_rng(frames).standard_normal((2, frames, 2, 32), np.float32)


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_a_pass_takes_any_length_of_past(runtime, frames):
    text = np.random.default_rng(0).standard_normal((33, 384), np.float32)
    keys = past(frames)
    feed = runtime.text(text) | runtime.context(keys, -keys, list(range(frames + 1)))
    x = np.ones(runtime.manifest.latent_shape, np.float32)
    table = runtime.modulation(500.0, text)
    assert runtime.flow(x, table, feed).shape == x.shape
    keys, values = runtime.remember(x, table, feed)
    assert keys.shape == values.shape == (2, 2, 32)


def test_the_order_of_the_slots_does_not_matter_but_positions_do(runtime):
    text = np.random.default_rng(0).standard_normal((33, 384), np.float32)
    x = np.ones(runtime.manifest.latent_shape, np.float32)
    table, keys = runtime.modulation(500.0, text), past(2)

    def flow(chosen: np.ndarray, positions: list[int]) -> np.ndarray:
        feed = runtime.text(text) | runtime.context(chosen, -chosen, [*positions, 2])
        return runtime.flow(x, table, feed)

    plain = flow(keys, [0, 1])
    np.testing.assert_allclose(flow(keys[:, ::-1].copy(), [1, 0]), plain, atol=1e-5)
    assert np.abs(flow(keys, [1, 0]) - plain).max() > 1e-4


def test_decoding_needs_the_memory_of_the_frame_before(runtime):
    latent = np.random.default_rng(1).standard_normal(runtime.manifest.latent_shape, np.float32)
    first, memory = runtime.decode(latent, runtime.empty_memory())
    second, _ = runtime.decode(latent, memory)
    assert first.shape == (4, 32, 64, 3)
    assert first.dtype == np.uint8
    assert not np.array_equal(first, second)


def test_threads_sleep_between_passes(tmp_path):
    """Time on a processor, so that a busy machine changes nothing."""
    probe = Probe(Runtime(tmp_path, write_tiny_package(tmp_path), Setup(4, "f32")))
    used = []
    for _ in range(5):
        probe.flow()
        probe.decode()
        before = time.process_time()
        time.sleep(0.1)
        used.append(time.process_time() - before)
    assert min(used) < 0.01
