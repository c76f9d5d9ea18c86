"""What an author inherits: parameters that refuse, load parameters with a seed, a spec."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from scope.control import PromptStep
from scope.frames import Pixels
from scope.pipelines.contract import LoadParams, Params, Pipeline, StepList


class Steps(Params):
    denoising_step_list: StepList = (1000, 500)


class Still(Pipeline[None, None]):
    id = "still"
    title = "Still"
    Params = Steps

    def __init__(self, load: Any, *, device: str, progress: Any) -> None:
        progress("done", 1.0)

    def open(self, seed: int) -> None:
        return None

    def step(self, state: None, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        yield from ()

    def mark(self, state: None) -> None:
        return None

    def rollback(self, state: None, mark: None) -> None:
        return None

    def dump(self, state: None) -> bytes:
        return b""

    def load(self, dumped: bytes) -> None:
        return None


@pytest.mark.parametrize("steps", [[0], [1000, 0], list(range(16, 0, -1))])
def test_a_step_list_is_one_to_sixteen_descending_steps(steps: list[int]) -> None:
    assert Steps.model_validate({"denoising_step_list": steps}).denoising_step_list == tuple(steps)


@pytest.mark.parametrize("steps", [[], [1001], [-1], [5, 5], [1, 2], list(range(17, 0, -1))])
def test_any_other_step_list_is_refused_by_name(steps: list[int]) -> None:
    with pytest.raises(ValidationError) as refused:
        Steps.model_validate({"denoising_step_list": steps})
    assert refused.value.errors()[0]["loc"][0] == "denoising_step_list"


def test_parameters_refuse_what_they_do_not_have_and_can_not_be_changed() -> None:
    with pytest.raises(ValidationError):
        Steps.model_validate({"volume": 11})
    with pytest.raises(ValidationError):
        Steps().denoising_step_list = (1,)


@pytest.mark.parametrize("name", ["seed", "base_seed"])
def test_both_names_mean_the_seed(name: str) -> None:
    assert LoadParams.model_validate({name: 5}).seed == 5


def test_without_one_there_is_no_seed() -> None:
    assert LoadParams().seed is None


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5, "x"])
def test_a_seed_is_a_whole_number_of_63_bits(seed: object) -> None:
    with pytest.raises(ValidationError):
        LoadParams.model_validate({"seed": seed})


def test_a_spec_is_a_value_that_travels() -> None:
    spec = Still.spec()
    assert (spec.id, spec.title, spec.modes, spec.unavailable) == (
        "still",
        "Still",
        ("text",),
        None,
    )
    assert "denoising_step_list" in spec.params_schema["properties"]
    assert "seed" in spec.load_schema["properties"]
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_an_unfinished_pipeline_can_not_be_made() -> None:
    class Unfinished(Pipeline[None, None]):
        id = "unfinished"
        title = "Unfinished"

    with pytest.raises(TypeError, match="abstract"):
        Unfinished(LoadParams(), device="cpu", progress=lambda stage, share: None)


def test_closing_is_nothing_to_do_unless_a_pipeline_says_so() -> None:
    Still(LoadParams(), device="cpu", progress=lambda stage, share: None).close()
