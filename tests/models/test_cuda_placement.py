"""On a GPU everything meets on the GPU: whole streams on tensors that have a place but no content.

No GPU is needed: shapes, types and devices are worked out as a GPU's kernels would have them, so a
tensor forgotten on the host, or a kernel that does not take a type, fails here.
"""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from scope.models.cache_policy import MemoryBank, Window
from scope.models.causal import CausalTransformer
from scope.models.generator import BlockGenerator, GeneratorSettings
from scope.models.stream_batch import StreamBatch
from tests.models.oracle import LATENT, TINY

pytestmark = pytest.mark.skipif(not torch.backends.cuda.is_built(), reason="torch without CUDA")

SETTINGS = {
    "window": GeneratorSettings(policy=Window(6, 3)),
    "fading sink": GeneratorSettings(policy=Window(9, 3, ema=0.9)),
    "static": GeneratorSettings(policy=Window(9, 3, static=True)),
    "bank": GeneratorSettings(policy=MemoryBank(6, 3, 2, 1, sparse=2)),
    "reencode": GeneratorSettings(policy=Window(6, kv_bias=0.3), reencode=3, clean_pass=False),
    "block by block": GeneratorSettings(policy=Window(9, 3), recache="block by block"),
}


class PlaceOnly:
    """Noise without numbers: a generator cannot be seeded for tensors without content."""

    def __init__(self, seed: int, frame: int) -> None: ...

    def draw(self, like: torch.Tensor) -> torch.Tensor:
        return torch.empty(like.shape).to(like.device)


@pytest.fixture
def model(monkeypatch):
    for module in ("generator", "stream_batch"):
        monkeypatch.setattr(f"scope.models.{module}.BlockNoise", PlaceOnly)
    # Where there is a GPU too, tensors without content can not be pinned.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with FakeTensorMode(allow_non_fake_inputs=False), torch.no_grad():
        torch.set_default_dtype(torch.bfloat16)
        try:
            with torch.device("cuda"):
                model = CausalTransformer(TINY).requires_grad_(False)
        finally:
            torch.set_default_dtype(torch.float32)
        model.fuse()
        yield model


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_stream_never_leaves_the_gpu(model, settings):
    generator = BlockGenerator(model, settings, latent=LATENT)
    state, text = generator.open(1), torch.empty(1, 7, 24)
    for number in range(6):
        generator.mark(state)
        step = generator.step(
            state,
            text=text if number < 4 else torch.empty(1, 7, 24),
            steps=(1000, 500),
            recache=number == 4,
            anchor=torch.empty(1, 16, 1, *LATENT),
            start=torch.empty(1, 16, 3, *LATENT) if number == 5 else None,
            noise_scale=0.7,
        )
        made = [piece for piece in step if piece is not None]
        assert [(x.device.type, x.dtype) for x in made] == [("cuda", torch.float32)]


def test_blocks_in_flight_never_leave_the_gpu(model):
    settings = GeneratorSettings(block=1, policy=Window(6, 3), shift=8.0, warp=False)
    generator = StreamBatch(model, settings, latent=LATENT)
    state, text = generator.open(1), torch.empty(1, 7, 24)
    for _ in range(9):
        start = torch.empty(1, 16, 1, *LATENT)
        made = generator.step(state, text=text, steps=(700, 500), start=start, noise_scale=0.8)
    assert made is not None
    assert made.device.type == "cuda"
