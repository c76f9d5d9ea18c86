"""The state of batched blocks refuses what does not fit."""

import numpy as np
import pytest

from scope.models.cache_policy import Window
from scope.models.generator import GeneratorSettings
from scope.models.stream_batch import StreamBatch
from tests.models.oracle import LATENT, latents, tiny_model, words


@pytest.fixture(scope="module")
def generator() -> StreamBatch:
    settings = GeneratorSettings(block=1, policy=Window(4, 1))
    return StreamBatch(tiny_model(), settings, latent=LATENT)


@pytest.fixture(scope="module")
def arrays(generator) -> dict:
    state = generator.open(1)
    for _ in range(3):
        generator.step(state, text=words(), steps=(700, 500), start=latents(1))
    return generator.dump(state)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("batch.seed", np.array(1.5)),
        ("batch.counts", np.array([3, 99, 1], np.int64)),
        ("batch.counts", np.array([3, 1, 1], np.int64)),
        ("batch.frames", np.array([1, 2], np.int64)),
        ("batch.flight.0", np.zeros((1, 16, 1, 4, 5), np.float32)),
        ("row.0.cache.keys", np.zeros((2, 1), np.float32)),
    ],
)
def test_a_dump_that_does_not_fit_is_refused(generator, arrays, name, array):
    with pytest.raises(ValueError, match=r"dumped|cache"):
        generator.load(arrays | {name: array})


def test_a_mark_is_too_old_after_two_later_ones(generator):
    state = generator.open(1)
    first = generator.mark(state)
    generator.mark(state)
    generator.mark(state)
    with pytest.raises(ValueError, match="too old"):
        generator.rollback(state, first)


def test_a_stream_before_its_first_block_can_be_parked(generator):
    assert generator.load(generator.dump(generator.open(5))).seed == 5
