"""The tools a pipeline is tried with do what they say."""

import mmap

import numpy as np
import pytest

from scope.control import PromptSchedule
from scope.pipelines.testcard import CardLoad, TestCard
from scope.pipelines.trial import PipelineTrial, hold, resident_mb, same


class Trial(PipelineTrial):
    pipeline = TestCard
    chunks = 2

    def load_params(self) -> CardLoad:
        return CardLoad(frames=3, width=512, height=128)

    def comparable(self, pixels: np.ndarray) -> np.ndarray:
        return pixels[:, :-16]


def test_a_run_is_its_chunks_one_after_the_other() -> None:
    trial = Trial()
    pipeline = trial.fresh()
    state = pipeline.open(0)
    chunks = [trial.chunk(pipeline, state, 1) for _ in range(2)]
    assert same(trial.run(pipeline, pipeline.open(0), which=1), np.concatenate(chunks))


def test_only_what_is_comparable_is_kept() -> None:
    trial = Trial()
    pipeline = trial.fresh()
    assert trial.chunk(pipeline, pipeline.open(0), 0).shape == (3, 112, 512, 3)
    assert next(iter(trial.pieces(pipeline, pipeline.open(0), 0))).shape == (3, 128, 512, 3)


def test_a_glide_follows_its_schedule_for_four_chunks() -> None:
    trial = Trial()
    pipeline = trial.fresh()
    schedule = PromptSchedule().with_prompts(trial.prompt(0).mix)
    expected = np.concatenate([trial.chunk(pipeline, state := pipeline.open(0), 0)])
    made = trial.glide(pipeline, pipeline.open(0), schedule)
    assert len(made) == 4 * 3
    assert same(made[:3], expected)
    assert state.frame == 3


def test_the_two_prompts_differ_in_key_and_text() -> None:
    one, two = Trial().prompt(0), Trial().prompt(1)
    assert one.key != two.key
    assert one.mix != two.mix


def test_what_does_not_hold_is_said() -> None:
    hold(True, "fine")
    with pytest.raises(AssertionError, match="the sea is dry"):
        hold(False, "the sea is dry")


def test_frames_of_another_number_are_not_the_same() -> None:
    one = np.zeros((2, 4, 4, 3), np.uint8)
    assert same(one, one.copy())
    assert not same(one, one[:1])
    assert not same(one, one + 1)


def test_memory_in_use_is_seen() -> None:
    before = resident_mb()
    with mmap.mmap(-1, 32 * 2**20) as fresh:  # never memory that an earlier test gave back
        fresh.write(b"\1" * 2**25)
        assert resident_mb() - before > 25
