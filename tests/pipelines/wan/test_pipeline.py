"""Every published model keeps the promises of a pipeline, from files in its published layout."""

from typing import ClassVar

import numpy as np
import pytest

from scope.pipelines.testing import PipelineContract
from scope.pipelines.trial import AnyPipeline
from scope.pipelines.wan.models import (
    CausalForcing,
    KreaRealtime,
    LongLive,
    MemFlow,
    RewardForcing,
    SelfForcing,
    StreamDiffusionV2,
)
from scope.pipelines.wan.params import WanLoad, WanParams
from scope.pipelines.wan.pipeline import WanPipeline


class WanContract(PipelineContract):
    prompts: ClassVar[tuple[str, str]] = ("a calm sea", "neon rain")
    flat_steps: ClassVar[int] = 20
    pipeline: ClassVar[type[WanPipeline]]
    vae_type: ClassVar[str] = "tae"

    def load_params(self) -> WanLoad:
        return self.pipeline.LoadParams(height=32, width=32, vae_type=self.vae_type)

    def params(self) -> WanParams:
        """Two passes instead of four, as none of the promises is about their number."""
        return self.pipeline.Params(denoising_step_list=(1000, 500))


class TestLongLive(WanContract):
    pipeline = LongLive
    vae_type = "wan"

    def params(self) -> WanParams:
        """As published."""
        return self.pipeline.Params()


class TestSelfForcing(WanContract):
    pipeline = SelfForcing
    chunks = 8
    """One block more than its window holds."""


class TestRewardForcing(WanContract):
    pipeline = RewardForcing
    chunks = 5


class TestMemFlow(WanContract):
    pipeline = MemFlow
    chunks = 8
    flat_steps = 40


class TestCausalForcing(WanContract):
    pipeline = CausalForcing


class TestStreamDiffusionV2(WanContract):
    pipeline = StreamDiffusionV2


class TestKreaRealtime(WanContract):
    pipeline = KreaRealtime


@pytest.mark.gpu
@pytest.mark.parametrize("kind", [LongLive, MemFlow, RewardForcing, KreaRealtime])
@pytest.mark.parametrize("quantization", [None, "fp8_e4m3fn"])
def test_a_gpu_plays_the_same_with_and_without_recordings(kind, quantization):
    chunks = []
    for graphs in (True, False):
        load = kind.LoadParams(height=64, width=64, graphs=graphs, quantization=quantization)
        pipeline = kind(load, device="cuda", progress=lambda *_: None)
        state = pipeline.open(1)
        chunks.append(
            np.concatenate([piece for _ in range(6) for piece in pieces(pipeline, state)])
        )
    assert chunks[0].std() > 1
    assert np.abs(chunks[0].astype(int) - chunks[1].astype(int)).mean() < 1


@pytest.mark.gpu
class TestLongLiveOnAGpu(WanContract):
    pipeline = LongLive
    device = "cuda"


@pytest.mark.gpu
class TestKreaRealtimeOnAGpu(WanContract):
    pipeline = KreaRealtime
    device = "cuda"


def loaded(kind: type[WanPipeline] = LongLive, **load) -> AnyPipeline:
    return kind(
        kind.LoadParams(height=32, width=48, **load), device="cpu", progress=lambda *_: None
    )


class Trial(WanContract):
    __test__ = False


def pieces(pipeline: AnyPipeline, state, which: int = 0) -> list[np.ndarray]:
    trial = Trial()
    trial.pipeline = type(pipeline)
    return list(pipeline.step(state, pipeline.Params(), trial.prompt(which)))


def test_the_first_block_is_nine_pictures_and_later_ones_are_twelve():
    pipeline = loaded()
    state = pipeline.open(1)
    shapes = [[len(piece) for piece in pieces(pipeline, state)] for _ in range(3)]
    assert shapes == [[0, 0, 0, 1, 4, 4], [0, 0, 0, 4, 4, 4], [0, 0, 0, 4, 4, 4]]
    assert pipeline.format.fps == 16
    assert pipeline.chunk_frames == 12


@pytest.mark.parametrize("kind", ["lightvae", "tae", "lighttae"])
def test_other_decoders_make_pictures_of_the_same_size(kind):
    pipeline = loaded(vae_type=kind)
    chunk = np.concatenate(pieces(pipeline, pipeline.open(1)))
    assert chunk.shape == (9, 32, 48, 3)
    assert chunk.std() > 1


def test_a_step_that_is_dropped_is_undone_without_a_mark():
    pipeline = loaded()
    state, other = pipeline.open(1), pipeline.open(1)
    for each in (state, other):
        pieces(pipeline, each)
    dropped = pipeline.step(other, pipeline.Params(), Trial().prompt(0))
    next(dropped)
    dropped.close()
    again = zip(pieces(pipeline, state), pieces(pipeline, other), strict=True)
    assert all(np.array_equal(one, two) for one, two in again)


def test_it_says_which_weights_play():
    facts = loaded(quantization="fp8_e4m3fn", vae_type="tae").facts()
    assert facts["weights"] == "0123456789abcdef0123456789abcdef01234567"
    assert (facts["precision"], facts["decoder"], facts["device"]) == ("fp8_e4m3fn", "tae", "cpu")
