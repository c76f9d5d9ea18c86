"""What a client sends becomes one checked update, or one refusal and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.control import ControlUpdate, PromptItem, PromptMix, Transition
from scope.errors import InvalidParameters
from scope.protocol.parameters import (
    MAX_UNKNOWN,
    ParameterUpdate,
    RefusedParameters,
    decode,
    decode_object,
    shared_key_names,
)

CORPUS = Path(__file__).parent.parent / "corpora" / "messages"
NONE = frozenset[str]()
VISTA = frozenset({"denoising_step_list", "manage_cache", "sharpness"})

names = st.sampled_from(sorted(shared_key_names() | {"sharpness", "volume"}))
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "weight", "num_steps", "path"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def refusal(message: dict[str, Any], known: frozenset[str] = NONE) -> InvalidParameters:
    with pytest.raises(InvalidParameters) as refused:
        decode(json.dumps(message), known=known)
    return refused.value


@pytest.mark.parametrize("path", sorted((CORPUS / "refused").iterdir()), ids=lambda p: p.stem)
def test_every_bad_message_of_the_corpus_is_refused(path: Path) -> None:
    with pytest.raises(InvalidParameters) as refused:
        decode(path.read_bytes(), known=VISTA)
    assert refused.value.detail
    assert len(refused.value.detail) < 300


@pytest.mark.parametrize("path", sorted((CORPUS / "accepted").iterdir()), ids=lambda p: p.stem)
def test_every_good_message_of_the_corpus_is_taken(path: Path) -> None:
    as_bytes = decode(path.read_bytes(), known=VISTA)
    assert decode(path.read_text(), known=VISTA) == as_bytes
    assert decode_object(json.loads(path.read_bytes()), known=VISTA) == as_bytes


@given(st.dictionaries(names, values, max_size=5), st.booleans())
def test_whatever_is_sent_is_one_update_or_one_refusal(message: dict[str, Any], all_: bool) -> None:
    known = VISTA if all_ else NONE
    try:
        decoded = decode_object(message, known=known)
    except InvalidParameters:
        return
    update = decoded.update
    assert set(update.changes) <= known
    assert update.prompts is None or 1 <= len(update.prompts) <= 8
    assert all(item.weight >= 0 for item in update.prompts or ())
    assert update.seed is None or 0 <= update.seed < 2**63
    assert update.transition is None or update.transition.num_steps >= 0
    steps = update.changes.get("denoising_step_list", [1])
    assert steps == sorted(set(steps), reverse=True)
    assert all(0 <= step <= 1000 for step in steps)


@pytest.mark.parametrize("message", ["x" * 3_000_000, b"[" * 100_000, b"\0" * 70_000])
def test_a_huge_message_is_refused_by_its_length_alone(message: str | bytes) -> None:
    with pytest.raises(InvalidParameters, match="longer than 65536 bytes"):
        decode(message, known=NONE)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), "\ud800", {"\ud800": 1}, [[[[[[[[0]]]]]]]], 2**2000]
)
def test_a_pipelines_own_key_can_not_carry_what_is_no_json(value: Any) -> None:
    with pytest.raises(InvalidParameters):
        decode_object({"sharpness": value}, known=VISTA)


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "-1e999"])
def test_nor_can_a_message(number: str) -> None:
    with pytest.raises(InvalidParameters, match="not finite"):
        decode(f'{{"sharpness": {number}}}', known=VISTA)


def test_ten_thousand_prompts_are_refused() -> None:
    with pytest.raises(InvalidParameters):
        decode_object({"prompts": ["a"] * 10_000}, known=NONE)
    assert refusal({"prompts": ["a"] * 9}).field == "prompts"


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"prompts": [{"text": "a"}, {"text": "b", "weight": -1}]}, "prompts.1.weight"),
        ({"prompts": ["ok", 5]}, "prompts.1"),
        ({"transition": {"target_prompts": [{}]}}, "transition.target_prompts.0.text"),
        ({"denoising_step_list": [5, 6]}, "denoising_step_list"),
        ({"denoising_step_list": [5, "4"]}, "denoising_step_list.1"),
        ({"seed": -1}, "seed"),
        ({"_id": 5}, "_id"),
        ({"lora_scales": [{"path": "a", "scale": 99}]}, "lora_scales.0.scale"),
    ],
)
def test_a_refusal_names_the_field(message: dict[str, Any], field: str) -> None:
    refused = refusal(message, VISTA)
    assert refused.field == field
    assert refused.detail.startswith(f"{field}: ")
    assert "Value error" not in refused.detail


def test_a_refusal_does_not_repeat_the_value() -> None:
    assert "secret" not in refusal({"seed": "secret"}).detail


def test_a_refusal_carries_the_id_of_its_message() -> None:
    refused = refusal({"seed": -1, "_id": "m7"})
    assert isinstance(refused, RefusedParameters)
    assert refused.message_id == "m7"
    assert refusal({"seed": -1, "_id": 7}).message_id is None


def test_nothing_of_a_message_with_one_bad_key_is_applied() -> None:
    assert refusal({"prompts": ["a"], "sharpness": 1, "noise_scale": 2}, VISTA).field


def test_a_shared_key_is_checked_whether_the_pipeline_declares_it_or_not() -> None:
    for known in (NONE, VISTA):
        assert refusal({"denoising_step_list": [1, 2]}, known).field == "denoising_step_list"


def test_keys_nobody_declares_are_named_and_the_rest_applies() -> None:
    decoded = decode('{"volume": 1, "manage_cache": true, "prompts": ["a"]}', known=NONE)
    assert decoded.unknown == ("volume", "manage_cache")
    assert decoded.update == ParameterUpdate(prompts=(PromptItem("a"),))


def test_misspelt_keys_inside_are_named_too() -> None:
    message = {
        "prompts": [{"text": "a", "wieght": 1}, {"text": "b", "wieght": 2}],
        "transition": {"target_prompts": ["c"], "steps": 4},
    }
    assert decode_object(message, known=NONE).unknown == ("prompts.wieght", "transition.steps")


def test_few_and_short_names_are_told_back_however_many_were_sent() -> None:
    decoded = decode_object({f"{n}" + "k" * 1000: n for n in range(50)}, known=NONE)
    assert len(decoded.unknown) == MAX_UNKNOWN
    assert all(len(name) <= 65 for name in decoded.unknown)


def test_a_pipelines_own_keys_pass_as_they_are() -> None:
    message = {"sharpness": None, "denoising_step_list": [9, 1], "manage_cache": None}
    decoded = decode_object(message, known=VISTA)
    assert decoded.update.changes == {"sharpness": None, "denoising_step_list": [9, 1]}
    assert decoded.unknown == ()


def test_a_pipeline_can_not_take_a_session_key_for_itself() -> None:
    decoded = decode_object({"seed": 5, "paused": True}, known=frozenset({"seed", "paused"}))
    assert decoded.update == ParameterUpdate(seed=5, paused=True)


def test_null_is_as_if_not_given() -> None:
    message = dict.fromkeys(shared_key_names())
    assert decode_object(message, known=NONE).update == ParameterUpdate()


def test_no_prompts_keep_the_old_ones() -> None:
    assert decode_object({"prompts": []}, known=NONE).update.prompts is None


def test_a_transition_rules_over_prompts_of_the_same_message() -> None:
    message = {"prompts": ["a"], "transition": {"target_prompts": ["b"], "num_steps": 2}}
    update = decode_object(message, known=NONE).update
    assert update.prompts is None
    assert update.transition == Transition(PromptMix((PromptItem("b"),)), num_steps=2)


def test_a_transition_to_nothing_is_none_and_the_prompts_apply() -> None:
    update = decode_object(
        {"prompts": ["a"], "transition": {"target_prompts": []}}, known=NONE
    ).update
    assert update.transition is None
    assert update.prompts == (PromptItem("a"),)


def test_one_shots_and_session_matters_are_told_apart() -> None:
    decoded = decode_object(
        {
            "reset_cache": True,
            "apply": "now",
            "recording": False,
            "input_mode": "video",
            "pipeline_ids": ["vista"],
            "_id": "x",
        },
        known=NONE,
    )
    assert decoded.update == ParameterUpdate(
        reset=True, apply_now=True, recording=False, input_mode="video"
    )
    assert decoded.pipeline_ids == ("vista",)
    assert decoded.message_id == "x"
    assert decoded.unknown == ()


def test_nothing_but_an_object_is_a_message() -> None:
    with pytest.raises(InvalidParameters, match="object"):
        decode("[]", known=NONE)


def test_an_update_becomes_control_with_the_blending_in_force() -> None:
    update = ParameterUpdate(prompts=(PromptItem("a"),), changes={"x": 1}, seed=3, apply_now=True)
    assert update.to_control(7, method="slerp") == ControlUpdate(
        revision=7,
        prompts=PromptMix((PromptItem("a"),), "slerp"),
        changes={"x": 1},
        seed=3,
        apply_now=True,
    )


def test_its_own_blending_goes_first_also_for_a_target() -> None:
    decoded = decode_object(
        {
            "prompt_interpolation_method": "slerp",
            "transition": {"target_prompts": ["b"], "temporal_interpolation_method": "linear"},
        },
        known=NONE,
    )
    control = decoded.update.to_control(1, method="linear")
    assert control.transition == Transition(PromptMix((PromptItem("b"),), "slerp"), 4, "linear")
    assert control.prompts is None


def test_a_new_blending_alone_is_about_the_prompts_in_force() -> None:
    control = ParameterUpdate(method="slerp").to_control(1, method="linear")
    assert control == ControlUpdate(revision=1, method="slerp")
    assert ParameterUpdate(seed=1).to_control(1, method="linear").method is None
    assert decode_object(
        {"prompts": [], "prompt_interpolation_method": "slerp"}, known=NONE
    ).update.to_control(1, method="linear") == ControlUpdate(revision=1, method="slerp")


def test_a_control_update_does_not_share_its_changes() -> None:
    update = ParameterUpdate(changes={"x": 1})
    control = update.to_control(1, method="linear")
    assert control.changes == update.changes
    assert control.changes is not update.changes
