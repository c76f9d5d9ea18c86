"""The parameters in force, written as a client writes them."""

from scope.protocol.parameters import decode_object
from scope.sessions.shown import Shown, as_parameters

KNOWN = frozenset({"noise_scale"})


def after(*messages: dict[str, object]) -> Shown:
    shown = Shown()
    for message in messages:
        shown = shown.after(decode_object(message, known=KNOWN).update)
    return shown


def test_keys_not_given_stay_as_they_are() -> None:
    shown = after({"prompts": ["a"], "noise_scale": 0.5}, {"seed": 3}).parameters()
    assert shown == {
        "prompts": [{"text": "a", "weight": 1.0}],
        "prompt_interpolation_method": "linear",
        "noise_scale": 0.5,
        "seed": 3,
    }


def test_the_target_of_a_transition_is_the_prompt_from_then_on() -> None:
    glide = {"target_prompts": ["b"], "num_steps": 2}
    assert after({"prompts": ["a"]}, {"transition": glide}).prompts.heaviest() == "b"


def test_one_shots_leave_no_trace() -> None:
    assert after({"reset_cache": True}).parameters() == after().parameters()


def test_the_method_is_kept_when_prompts_change() -> None:
    assert after({"prompt_interpolation_method": "slerp"}, {"prompts": ["a"]}).method == "slerp"


def test_an_update_reads_back_as_it_was_sent() -> None:
    message = {
        "prompts": [{"text": "a", "weight": 2.0}],
        "noise_scale": 0.5,
        "seed": 1,
        "paused": True,
        "reset_cache": True,
        "prompt_interpolation_method": "slerp",
    }
    assert as_parameters(decode_object(message, known=KNOWN).update) == message
    glide = {
        "transition": {
            "target_prompts": [{"text": "b", "weight": 1.0}],
            "num_steps": 8,
            "temporal_interpolation_method": "slerp",
        }
    }
    assert as_parameters(decode_object(glide, known=KNOWN).update) == glide
    assert as_parameters(decode_object({}, known=KNOWN).update) == {}


def test_the_pipelines_own_keys_are_told_apart() -> None:
    shown = Shown(values={"seed": 1, "gain": 2, "paused": True})
    assert shown.values_of(frozenset({"gain", "bias"})) == {"gain": 2}
