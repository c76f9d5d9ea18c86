"""Each shared key accepts its range to the very ends, and nothing beyond."""

import pytest
from pydantic import BaseModel, ValidationError

from scope.protocol.shared_keys import PipelineKeys, SessionKeys

ENDS = [
    ("noise_scale", 0, 1, 1e-9),
    ("kv_cache_attention_bias", 0.01, 1, 1e-9),
    ("vace_context_scale", 0, 2, 1e-9),
    ("seed", 0, 2**63 - 1, 1),
]


def model_of(key: str) -> type[BaseModel]:
    return SessionKeys if key in SessionKeys.model_fields else PipelineKeys


@pytest.mark.parametrize(("key", "low", "high", "step"), ENDS)
def test_a_number_is_taken_at_both_ends_and_refused_beyond(
    key: str, low: float, high: float, step: float
) -> None:
    kind = model_of(key)
    for value in (low, high):
        assert getattr(kind.model_validate({key: value}), key) == value
    for value in (low - step, high + step):
        with pytest.raises(ValidationError):
            kind.model_validate({key: value})


@pytest.mark.parametrize("scale", [-10, 10, 0.5])
def test_an_adapter_is_scaled_within_ten(scale: float) -> None:
    kept = PipelineKeys.model_validate({"lora_scales": [{"path": "a", "scale": scale}]})
    assert kept.lora_scales is not None
    assert kept.lora_scales[0].scale == scale


@pytest.mark.parametrize("steps", [[0], [1000], [1000, 0], list(range(16, 0, -1))])
def test_a_step_list_may_have_one_to_sixteen_descending_steps(steps: list[int]) -> None:
    assert PipelineKeys.model_validate({"denoising_step_list": steps}).denoising_step_list == steps


@pytest.mark.parametrize("steps", [[], [1001], [-1], [1, 1], [1, 2], list(range(17, 0, -1))])
def test_any_other_step_list_is_refused(steps: list[int]) -> None:
    with pytest.raises(ValidationError):
        PipelineKeys.model_validate({"denoising_step_list": steps})


def test_a_prompt_may_be_a_string_and_weighs_one() -> None:
    prompts = SessionKeys.model_validate({"prompts": ["a", {"text": "b", "weight": 3}]}).prompts
    assert prompts is not None
    assert [(item.text, item.weight) for item in prompts] == [("a", 1.0), ("b", 3.0)]


def test_a_transition_has_four_linear_steps_unless_it_says_so() -> None:
    glide = SessionKeys.model_validate({"transition": {"target_prompts": ["a"]}}).transition
    assert glide is not None
    assert (glide.num_steps, glide.temporal_interpolation_method) == (4, "linear")


@pytest.mark.parametrize("key", sorted({*SessionKeys.model_fields, *PipelineKeys.model_fields}))
def test_no_key_takes_an_object_it_does_not_know(key: str) -> None:
    name = "_id" if key == "message_id" else key
    with pytest.raises(ValidationError):
        model_of(key).model_validate({name: {"nonsense": 1}})
