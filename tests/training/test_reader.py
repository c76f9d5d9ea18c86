"""The reader of latent frames: it learns what frames show, and weighs ends by it."""

import pytest
import torch

from training.classifier.model import VALUES
from training.transformer.data import Batch
from training.transformer.endpoint import REUSE, Endpoint
from training.transformer.model import Sizes
from training.transformer.reader import LEAST, Reader, learn
from training.transformer.state import Run

SKY = list(VALUES).index("sky")


class Marked:
    """Frames of noise in whose channel k something stands where the sky has value k."""

    def draw(self, size: int, *, single: bool, random: torch.Generator) -> Batch:
        frames = 1 if single else 5
        latents = torch.randn(size, 32, frames, 12, 20, generator=random)
        shows = torch.zeros(size, frames, 5, dtype=torch.int64)
        shows[..., SKY] = torch.randint(8, (size, frames), generator=random)
        places = torch.nn.functional.one_hot(shows[..., SKY], 32).transpose(1, 2)
        latents[..., 2:6, 3:7] += 6.0 * places[..., None, None]
        text = torch.zeros(size, frames, 33, 384)
        return Batch(latents, text, torch.zeros(size, frames, 60, 10), shows)


@pytest.fixture(scope="module")
def reader() -> Reader:
    torch.manual_seed(0)
    reader = Reader(32, width=16)
    told = learn(reader, Marked(), torch.Generator().manual_seed(0), steps=160, size=32)
    assert sum(told[-5:]) < 0.3 * sum(told[:5])
    return reader


def test_frames_that_show_what_was_asked_count_more(reader):
    batch = Marked().draw(16, single=False, random=torch.Generator().manual_seed(1))
    wrong = batch.shows.clone()
    wrong[..., SKY] = (wrong[..., SKY] + 1) % 8
    right, other = (reader.worth(batch.latents, shows) for shows in (batch.shows, wrong))
    assert right.shape == (16, 5)
    assert float(right.mean()) > 0.8
    assert float(other.mean()) < 0.4
    assert float(other.min()) >= LEAST


@pytest.mark.parametrize("single", [True, False])
def test_an_end_that_misses_what_was_asked_weighs_less(single):
    run = Run.fresh(Sizes(dim=64, layers=1, semantic_layer=0))

    def first_only(ends: torch.Tensor, shows: torch.Tensor) -> torch.Tensor:
        assert ends.shape[2] == shows.shape[1]
        worth = torch.full(shows.shape[:2], LEAST)
        worth[0] = 1.0
        return worth

    still = torch.zeros_like
    endpoint = Endpoint(run, lambda seen: still(seen.target), torch.zeros(33, 384), 2.5, first_only)
    seen = set()
    for _ in range(REUSE):
        counts = endpoint.task(Marked(), 4, single=single)[0].weight.mean((1, 2, 3))
        seen |= {round(float(each), 1) for each in counts / counts.min()}
    assert seen == {1.0, 1 / LEAST}
