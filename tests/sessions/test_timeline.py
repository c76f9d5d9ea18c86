from typing import Any

from scope.control import ControlUpdate, PromptItem, PromptMix, Transition
from scope.events import ChunksUndone, UpdateTaken
from scope.protocol.timeline import timeline_of
from scope.sessions.timeline import EventLog, LogLimits


def mix(text: str) -> PromptMix:
    return PromptMix((PromptItem(text),))


def log(handle: Any, initial: ControlUpdate | None = None, **options: Any) -> EventLog:
    initial = initial or ControlUpdate(revision=0)
    return EventLog(handle, initial=initial, default=mix("by default"), **options)


def taken(chunk: int, **update: Any) -> UpdateTaken:
    return UpdateTaken("s", chunk, 2 * chunk, ControlUpdate(revision=0, **update))


def events(log: EventLog) -> list[dict[str, Any]]:
    written = log.timeline(frames=100, chunks=50).as_json()
    return [{k: v for k, v in event.items() if k != "at_s"} for event in written["events"]]


def test_the_head_says_what_made_the_pictures(handle: Any) -> None:
    written = log(handle, made_with="daydream-scope 9").timeline(frames=6, chunks=3).as_json()
    assert written == {
        "version": 1,
        "made_with": "daydream-scope 9",
        "pipeline": {
            "id": "fake",
            "version": "2",
            "load_params": {"width": 64},
            "facts": {"weights": "abc"},
        },
        "seed": 7,
        "width": 64,
        "height": 64,
        "fps": 100.0,
        "chunk_frames": 2,
        "initial": {
            "prompts": [{"text": "by default", "weight": 1.0}],
            "prompt_interpolation_method": "linear",
        },
        "events": [],
        "frames": 6,
        "chunks": 3,
        "seconds": 0.06,
        "rollbacks": 0,
    }


def test_the_first_parameters_are_kept_as_they_were_given(handle: Any) -> None:
    first = log(handle, ControlUpdate(revision=0, prompts=mix("mine"), changes={"gain": 2}))
    assert first.timeline(frames=0, chunks=0).initial["gain"] == 2
    assert first.timeline(frames=0, chunks=0).initial["prompts"][0]["text"] == "mine"


def test_a_glide_from_the_default_prompt_on_begins_with_the_first_chunk(handle: Any) -> None:
    gliding = log(handle, ControlUpdate(revision=0, transition=Transition(mix("far"), 3)))
    assert gliding.timeline(frames=0, chunks=0).initial["prompts"][0]["text"] == "by default"
    (event,) = events(gliding)
    assert event["chunk"] == 0
    assert event["transition"]["num_steps"] == 3


def test_events_carry_their_chunk_and_their_time(handle: Any) -> None:
    kept = log(handle)
    kept.taken(taken(3, prompts=mix("a")))
    kept.taken(taken(4, paused=False))
    kept.taken(taken(5, seed=9, reset=True, changes={"gain": 1}, apply_now=True))
    timeline = kept.timeline(frames=100, chunks=50)
    assert [(event.chunk, event.at_s) for event in timeline.events] == [(3, 0.06), (5, 0.1)]
    assert timeline.events[1].message() == {
        "seed": 9,
        "reset_cache": True,
        "gain": 1,
        "apply": "now",
    }
    assert timeline_of(timeline.as_json()) == timeline


def test_what_was_undone_is_not_in_the_log(handle: Any) -> None:
    kept = log(handle)
    for chunk in (1, 2, 3):
        kept.taken(taken(chunk, seed=chunk))
    kept.undone(ChunksUndone("s", 3, 6))
    kept.undone(ChunksUndone("s", 2, 4))
    kept.taken(taken(2, seed=3, prompts=mix("now")))
    assert [(event["chunk"], event["seed"]) for event in events(kept)] == [(1, 1), (2, 3)]
    assert kept.timeline(frames=0, chunks=0).rollbacks == 2


def test_of_a_chunk_that_began_twice_the_last_time_counts(handle: Any) -> None:
    kept = log(handle, ControlUpdate(revision=0, transition=Transition(mix("far"), 3)))
    kept.taken(taken(0, seed=1))
    kept.taken(taken(0, seed=2))
    assert [event.get("seed") for event in events(kept)] == [None, 2]


def test_a_full_log_says_where_it_ends(handle: Any) -> None:
    kept = log(handle, limits=LogLimits(events=2))
    for chunk in (1, 5, 9, 12):
        kept.taken(taken(chunk, seed=chunk))
    kept.undone(ChunksUndone("s", 5, 10))
    kept.taken(taken(6, seed=6))
    timeline = kept.timeline(frames=40, chunks=20)
    assert [event.chunk for event in timeline.events] == [1]
    assert (timeline.cut_off, timeline.chunks, timeline.frames) == (5, 5, 10)


def test_a_log_is_bounded_in_bytes_too(handle: Any) -> None:
    kept = log(handle, limits=LogLimits(bytes=600))
    for chunk in range(20):
        kept.taken(taken(chunk, prompts=mix("x" * 100)))
    assert 0 < len(events(kept)) < 6
    assert kept.timeline(frames=100, chunks=50).cut_off is not None
