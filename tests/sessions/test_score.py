from typing import Any

import pytest

from scope.control import PromptItem, PromptMix, TimedUpdate
from scope.errors import InvalidParameters
from scope.frames import VideoFormat
from scope.pipelines.contract import PipelineSpec
from scope.protocol.timeline import timeline_of
from scope.sessions.score import Score, differences, score_of

SPEC = PipelineSpec(
    "fake", "Fake", "", "1", {"properties": {"gain": {}}}, {}, default_prompt="by default"
)
VIDEO = VideoFormat(64, 64, 16)


def score(value: Any, **parameters: Any) -> Score:
    return score_of(
        timeline_of(value), spec=SPEC, video=VIDEO, chunk_frames=4, parameters=parameters
    )


def mix(text: str, method: Any = "linear") -> PromptMix:
    return PromptMix((PromptItem(text),), method)


def where(entry: TimedUpdate) -> tuple[int, int]:
    return entry.chunk, entry.frame


def test_chunks_are_exact_and_seconds_are_the_next_frame() -> None:
    played = score([{"chunk": 3, "gain": 1}, {"at_s": 0.25, "gain": 2}, {"at_s": 0.26, "gain": 3}])
    assert [where(entry) for entry in played.script] == [(0, 4), (0, 5), (3, 0)]
    assert [entry.update.changes["gain"] for entry in played.script] == [2, 3, 1]


def test_where_both_are_given_the_chunk_counts() -> None:
    (entry,) = score([{"chunk": 3, "at_s": 77, "gain": 1}]).script
    assert where(entry) == (3, 0)


def test_messages_are_read_as_on_the_data_channel() -> None:
    played = score(
        {
            "initial": {"prompts": ["a", "b"], "prompt_interpolation_method": "slerp"},
            "events": [
                {"at_s": 1, "prompts": ["c"]},
                {"at_s": 2, "transition": {"target_prompts": ["d"]}},
            ],
        }
    )
    assert played.decoded.update.method == "slerp"
    first, second = (entry.update for entry in played.script)
    assert first.prompts == mix("c", "slerp")
    assert second.transition
    assert second.transition.targets == mix("d", "slerp")


def test_what_means_nothing_here_is_told_and_left_out() -> None:
    played = score([{"at_s": 1, "paused": True, "apply": "now", "sparkle": 1, "gain": 1}])
    assert played.ignored == ("sparkle", "paused")
    (entry,) = played.script
    assert (entry.update.paused, entry.update.apply_now) == (None, False)


def test_parameters_win_over_the_timeline() -> None:
    value = {"seed": 4, "initial": {"prompts": ["a"], "gain": 1}}
    assert score(value).seed == 4
    played = score(value, prompts=["b"], seed=5)
    assert played.seed == 5
    assert played.decoded.update.prompts == (PromptItem("b"),)
    assert played.decoded.update.changes == {"gain": 1}


@pytest.mark.parametrize(
    ("value", "frames"),
    [({"frames": 7, "seconds": 9}, 7), ({"seconds": 1.5}, 24), ([], None)],
)
def test_how_long_it_is(value: Any, frames: int | None) -> None:
    assert score(value).frames == frames


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([{"gain": 1}], "events.0"),
        (
            [{"at_s": 0}, {"at_s": 1, "prompts": [{"text": "a", "weight": -1}]}],
            "events.1.prompts.0.weight",
        ),
        ({"initial": {"seed": "x"}}, "seed"),
    ],
)
def test_a_mistake_is_refused_with_its_place(value: Any, field: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        score(value)
    assert refused.value.field == field


def test_differences_are_told_in_words() -> None:
    here = timeline_of(
        {
            "pipeline": {"id": "fake", "version": "2", "facts": {"weights": "new", "threads": 2}},
            "width": 320,
            "fps": 16.0,
        }
    )
    there = {
        "pipeline": {"id": "fake", "version": "1", "facts": {"weights": "old", "threads": 2}},
        "width": 64,
    }
    assert differences(timeline_of(there), here=here) == [
        "made with fake 1, this is fake 2",
        "made with weights old, here it is new",
        "made with width 64, here it is 320",
    ]
    assert differences(timeline_of([]), here=here) == []
