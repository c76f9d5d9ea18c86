"""What follows from words alone: computed once for all streams, with the same numbers."""

from collections import Counter

import numpy as np
import pytest

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.vista import conditions
from scope.pipelines.vista.conditions import conditions_of
from scope.pipelines.vista.pipeline import VistaLoad, VistaParams, vista_of
from scope.pipelines.vista.runtime import Runtime
from scope.pipelines.vista.self_test import Setup
from training.export.tiny import write_tiny_package


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    write_tiny_package(folder)
    return folder


@pytest.fixture
def runs(monkeypatch) -> Counter:
    """How often each graph of words ran."""
    counted: Counter = Counter()
    for name in ("text", "modulation"):
        real = getattr(Runtime, name)

        def run(self, *given, name=name, real=real):
            counted[name] += 1
            return real(self, *given)

        monkeypatch.setattr(Runtime, name, run)
    return counted


@pytest.fixture
def runtime(folder) -> Runtime:
    return Runtime(folder, write_tiny_package(folder), Setup(1, "f32"))


def embedding(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((33, 384), np.float32)


def test_words_that_stay_cost_nothing_from_the_second_chunk_on(folder, runs):
    vista = vista_of(folder)(
        VistaLoad(threads=1, precision="f32"), device="cpu", progress=lambda stage, share: None
    )

    def chunk(state, text: str, steps: tuple[int, ...]) -> None:
        prompt = PromptStep(PromptMix((PromptItem(text),)))
        list(vista.step(state, VistaParams(denoising_step_list=steps), prompt))

    one, other = vista.open(1), vista.open(2)
    chunk(one, "a calm sea", (1000, 500))
    assert runs == {"text": 1, "modulation": 3}  # two steps, and the pass that remembers
    for _ in range(3):
        chunk(one, "a calm sea", (1000, 500))
        chunk(other, "a calm sea", (1000, 500))
    assert runs == {"text": 1, "modulation": 3}
    chunk(one, "a calm sea", (1000, 500, 250))
    assert runs["text"] == 1
    chunk(other, "a city", (1000, 500))
    assert runs["text"] == 2


def test_what_is_remembered_is_what_the_graphs_say(runtime):
    told = conditions_of(runtime)
    for seed in (1, 2, 1):
        words = embedding(seed)
        for name, array in runtime.text(words).items():
            assert np.array_equal(told(words).text[name], array)
        for t in (1000.0, 120.0, 1000.0):
            assert np.array_equal(told(words).modulation(t), runtime.modulation(t, words))


def test_equal_words_in_another_array_are_the_same_words(runtime):
    told, words = conditions_of(runtime), embedding(1)
    assert told(words) is told(words.copy())
    changed = words.copy()
    changed[0, 0] += 1
    assert told(changed) is not told(words)


def test_words_and_levels_of_long_ago_are_let_go(runtime, runs, monkeypatch):
    monkeypatch.setattr(conditions, "MOST_LEVELS", 2)
    told = conditions_of(runtime)
    first = told(embedding(0))
    for seed in range(1, conditions.KEPT + 1):
        told(embedding(seed))
    assert told(embedding(0)) is not first
    runs.clear()
    for t in (1.0, 2.0, 3.0, 3.0, 1.0):
        first.modulation(t)
    assert runs["modulation"] == 4
