import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.control import ControlUpdate, PromptItem, PromptMix, Transition
from scope.errors import InvalidParameters
from scope.protocol.parameters import decode_object
from scope.protocol.timeline import Timeline, messages_of, read_timeline, timeline_of

METHODS = st.sampled_from(["linear", "slerp"])
MIXES = st.builds(
    PromptMix,
    st.lists(
        st.builds(PromptItem, st.sampled_from("abc"), st.floats(0, 9)), min_size=1, max_size=3
    ).map(tuple),
    METHODS,
)
UPDATES = st.builds(
    ControlUpdate,
    revision=st.just(0),
    prompts=st.none() | MIXES,
    transition=st.none() | st.builds(Transition, MIXES, st.integers(0, 9), METHODS),
    changes=st.dictionaries(st.sampled_from(["gain", "speed"]), st.floats(0, 1)),
    reset=st.booleans(),
    seed=st.none() | st.integers(0, 2**63 - 1),
    apply_now=st.booleans(),
)
ALONE = st.builds(ControlUpdate, revision=st.just(0), method=METHODS)


def merged(updates: list[ControlUpdate]) -> ControlUpdate:
    total = updates[0]
    for update in updates[1:]:
        total = total.then(update)
    return total


@given(st.lists(UPDATES | ALONE, min_size=1, max_size=4))
def test_an_update_written_as_messages_and_read_again_is_the_same(
    updates: list[ControlUpdate],
) -> None:
    update = merged(updates)
    read = [
        decode_object(json.loads(json.dumps(message)), known=frozenset({"gain", "speed"}))
        for message in messages_of(update)
    ]
    assert not any(each.unknown for each in read)
    again = [each.update.to_control(0, method="linear") for each in read]
    if again:
        assert merged(again) == update
    else:
        assert replace(update, apply_now=False) == ControlUpdate(revision=0)


def test_what_makes_no_picture_is_no_message() -> None:
    assert messages_of(ControlUpdate(revision=3, paused=True, apply_now=True)) == []
    now = ControlUpdate(revision=3, reset=True, apply_now=True)
    assert messages_of(now) == [{"reset_cache": True, "apply": "now"}]


def test_a_bare_list_of_events_is_a_timeline() -> None:
    timeline = read_timeline('[{"at_s": 0, "prompts": ["sea"]}, {"at_s": 4.5, "seed": 3}]')
    assert [event.at_s for event in timeline.events] == [0, 4.5]
    assert timeline.events[0].message() == {"prompts": ["sea"]}
    assert timeline.frames is None


def test_what_is_written_can_be_read() -> None:
    timeline = timeline_of({"seed": 4, "events": [{"chunk": 2, "reset_cache": True}], "frames": 8})
    written = timeline.as_json()
    assert written["events"] == [{"chunk": 2, "reset_cache": True}]
    assert written["version"] == 1
    assert read_timeline(json.dumps(written)) == timeline


def test_keys_of_later_versions_of_the_format_are_no_error() -> None:
    assert timeline_of({"tempo": 120, "events": []}) == Timeline()


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"version": 2}, "version"),
        ({"events": [{"chunk": -1}]}, "events.0.chunk"),
        ({"events": [{"chunk": True}]}, "events.0.chunk"),
        ({"events": [{"at_s": "1"}]}, "events.0.at_s"),
        ({"events": {}}, "events"),
        ({"fps": 0}, "fps"),
        ("text", "timeline"),
        (None, "timeline"),
        ([1], "events.0"),
    ],
)
def test_what_is_no_timeline_is_refused_with_the_place(value: Any, field: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        timeline_of(value)
    assert refused.value.field == field


def test_a_file_is_read_strictly() -> None:
    for text in ("", "{", '{"fps": NaN}', '{"a": 1, "a": 2}', "[" * 20 + "]" * 20, b"\xff"):
        with pytest.raises(InvalidParameters):
            read_timeline(text)


PAGE = (Path(__file__).parents[2] / "docs" / "timelines.md").read_text()


def test_the_example_of_the_page_is_a_timeline() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    events = read_timeline(example).events
    assert len(events) == 3
    for event in events:
        assert not decode_object(event.message(), known=frozenset()).unknown


def test_the_page_names_every_key() -> None:
    table = PAGE.partition("## As the server writes it")[2].partition("Every key may")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert set(Timeline.model_fields) <= named
