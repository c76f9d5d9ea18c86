import pytest
from pydantic import ValidationError

from scope.protocol.performance import StartSessionRequest, StopSessionRequest


def test_parameters_may_stand_beside_and_inside() -> None:
    wish = StartSessionRequest.model_validate(
        {"prompts": ["a"], "seed": 4, "parameters": {"prompts": ["b"], "gain": 1}}
    )
    assert wish.first_parameters() == {"prompts": ["b"], "seed": 4, "gain": 1}
    assert StartSessionRequest().first_parameters() == {}


@pytest.mark.parametrize("timeline", [[], {}, None])
def test_a_timeline_has_two_forms(timeline: object) -> None:
    assert StartSessionRequest.model_validate({"timeline": timeline}).timeline == timeline


def test_wrong_types_are_refused() -> None:
    for model in (StartSessionRequest, StopSessionRequest):
        with pytest.raises(ValidationError):
            model.model_validate({"session_id": 1, "parameters": 1})
