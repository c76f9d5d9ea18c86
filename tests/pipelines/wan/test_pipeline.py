"""Every published model keeps the promises of a pipeline, from files in its published layout."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from safetensors.torch import save_file

from scope.errors import InvalidParameters
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
from tests.pipelines.wan.hub_cache import adapter, transformer


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


@pytest.fixture
def loras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two adapters."""
    for seed, name in enumerate(("ink", "oil")):
        save_file(adapter(transformer(), seed=seed), tmp_path / f"{name}.safetensors")
    monkeypatch.setenv("SCOPE_LORAS_FOLDER", str(tmp_path))
    return tmp_path


def with_loras(kind: type[WanPipeline], **load) -> AnyPipeline:
    asked = [{"path": "ink.safetensors", "scale": 0.5}, {"path": "oil.safetensors", "scale": 0}]
    values = {"height": 32, "width": 32, "vae_type": "tae", "loras": asked, **load}
    return kind(kind.LoadParams.model_validate(values), device="cpu", progress=lambda *_: None)


def begun(pipeline: AnyPipeline, state, *scales: float) -> Iterator[np.ndarray]:
    """The next chunk with these scales, ink's first; without any, with those of the load."""
    names = ("ink.safetensors", "oil.safetensors")
    wanted = [{"path": p, "scale": s} for p, s in zip(names, scales, strict=False)]
    values = {"denoising_step_list": (1000, 500), "lora_scales": wanted}
    return pipeline.step(state, pipeline.Params.model_validate(values), Trial().prompt(0))


def step(pipeline: AnyPipeline, state, *scales: float) -> np.ndarray:
    return np.concatenate(list(begun(pipeline, state, *scales)))


class TestLongLiveWithAdapters(WanContract):
    """Every promise holds with adapters beside the weights, at scales of the stream's own."""

    pipeline = LongLive
    flat_steps = 10

    @pytest.fixture(autouse=True)
    def adapters(self, loras: Path) -> None: ...

    def load_params(self) -> WanLoad:
        asked = ({"path": "ink.safetensors"}, {"path": "oil.safetensors"})
        load = super().load_params().model_dump()
        return WanLoad.model_validate({**load, "loras": asked, "lora_merge_mode": "runtime_peft"})

    def params(self) -> WanParams:
        wanted = ({"path": "ink.safetensors", "scale": 0.7},)
        return WanParams.model_validate({"denoising_step_list": (1000, 500), "lora_scales": wanted})


KINDS = [LongLive, MemFlow, KreaRealtime]


@pytest.mark.parametrize("kind", KINDS)
def test_two_streams_with_scales_of_their_own_equal_two_that_run_alone(kind, loras):
    """Interleaved between chunks and between the passes of a chunk, while scales change."""
    pipeline = with_loras(kind, lora_merge_mode="runtime_peft")
    paths = {"one": [(0.5, 0), (0.5, 0), (1.5, -1), (1.5, -1)], "other": [(-1, 2)] * 4}

    def alone(scales):
        state = pipeline.open(1)
        return [step(pipeline, state, *each) for each in scales]

    apart = {name: alone(scales) for name, scales in paths.items()}
    states = {name: pipeline.open(1) for name in paths}
    for number in range(4):
        running = {name: begun(pipeline, states[name], *paths[name][number]) for name in paths}
        together = {name: [] for name in paths}
        for pieces_of_both in zip_longest(*running.values()):
            for name, piece in zip(paths, pieces_of_both, strict=True):
                together[name] += [] if piece is None else [piece]
        for name, taken in together.items():
            assert np.array_equal(np.concatenate(taken), apart[name][number]), (name, number)
    assert not np.array_equal(apart["one"][0], apart["other"][0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_scale_acts_on_the_next_chunk_and_the_way_back_is_exact(kind, loras):
    pipeline = with_loras(kind, lora_merge_mode="runtime_peft")
    state, still = pipeline.open(1), pipeline.open(1)
    for each in (state, still):
        step(pipeline, each)
    mark = pipeline.mark(state)
    kept = step(pipeline, still, 0.5, 0.0)
    moved = step(pipeline, state, 0.5, 1.0)
    assert not np.array_equal(moved, kept)
    pipeline.rollback(state, mark)
    assert np.array_equal(step(pipeline, state), kept), "scales of the load are those not named"


def test_a_stream_with_changed_scales_goes_on_from_its_dump(loras):
    pipeline = with_loras(LongLive, lora_merge_mode="runtime_peft")
    state = pipeline.open(1)
    step(pipeline, state, 1.0, 1.0)
    again = pipeline.load(pipeline.dump(state))
    expected = [step(pipeline, state, *scales) for scales in ((1.0, 1.0), (2.0, 0.0))]
    got = [step(pipeline, again, *scales) for scales in ((1.0, 1.0), (2.0, 0.0))]
    assert all(map(np.array_equal, got, expected))
    with pytest.raises(ValueError, match="other adapters"):
        with_loras(LongLive, loras=[]).load(pipeline.dump(state))


def test_a_changed_scale_reaches_what_was_read_of_prompt_and_levels(loras):
    """As in a stream that goes on where nothing has been read yet."""
    pipeline = with_loras(LongLive, lora_merge_mode="runtime_peft")
    state = pipeline.open(1)
    step(pipeline, state, 0.5, 0.0)
    fresh = pipeline.load(pipeline.dump(state))
    changed = step(pipeline, state, -1.0, 2.0)
    assert np.array_equal(changed, step(pipeline, fresh, -1.0, 2.0))


def test_merged_adapters_play_as_the_same_scales_apart_do(loras):
    merged, apart = with_loras(LongLive), with_loras(LongLive, lora_merge_mode="runtime_peft")
    plain = with_loras(LongLive, loras=[])
    chunks = [step(each, each.open(1)).astype(int) for each in (merged, apart, plain)]
    assert np.abs(chunks[0] - chunks[1]).max() <= 1
    assert np.abs(chunks[0] - chunks[2]).max() > 5


def test_what_was_loaded_judges_scales_and_the_disk_judges_loads(loras):
    apart = with_loras(LongLive, lora_merge_mode="runtime_peft")
    oil = {"path": "oil.safetensors", "scale": 1}
    wanted = LongLive.Params.model_validate({"lora_scales": [oil]})
    apart.check(wanted)
    with pytest.raises(InvalidParameters, match="merged into the weights"):
        with_loras(LongLive).check(wanted)
    with pytest.raises(InvalidParameters, match="is not loaded"):
        with_loras(LongLive, loras=[]).check(wanted)
    load = LongLive.LoadParams.model_validate({"loras": [{"path": "../ink.safetensors"}]})
    with pytest.raises(InvalidParameters, match="outside the folder"):
        LongLive.check_load(load)
