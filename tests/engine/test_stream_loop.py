from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scope.clock import ManualClock
from scope.control import ControlUpdate, PromptItem, PromptMix, TimedUpdate, Transition
from scope.engine.api import Playhead
from scope.engine.control import Control
from scope.engine.script import Script
from scope.engine.stream_loop import StreamLoop
from scope.engine.turn import leads_s
from scope.events import (
    ChunksUndone,
    EngineEvent,
    PauseChanged,
    StopReason,
    StreamStopped,
    StreamWarning,
    UpdateApplied,
    UpdateRejected,
    UpdateTaken,
)
from scope.frames import Chunk
from scope.pipelines.contract import Pipeline


class Recorded:
    """An outlet that remembers, with as much room as is asked for."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.rewinds: list[int] = []
        self.room = True
        self.closed = False

    def has_room(self, next_index: int, frames: int) -> bool:
        return self.room

    def put(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    def rewind(self, from_index: int) -> None:
        self.rewinds.append(from_index)

    def close(self) -> None:
        self.closed = True


class Bench:
    """A stream loop on a bench."""

    def __init__(self, pipeline: Pipeline[Any, Any], **values: Any) -> None:
        self.outlet = Recorded()
        self.events: list[EngineEvent] = []
        params = type(pipeline).Params(**values)
        self.loop = StreamLoop(
            stream_id="a",
            pipeline=pipeline,
            control=Control(params, values=values, seed=1),
            outlet=self.outlet,
            tell=self.events.append,
            clock=ManualClock(),
            nominal_chunk_s=0.2,
        )

    def turn(self, between: Callable[[], None] = lambda: None) -> None:
        self.loop.run_once(between)

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def bench(noise: Pipeline[Any, Any]) -> Bench:
    return Bench(noise)


def mix(text: str) -> PromptMix:
    return PromptMix((PromptItem(text),))


def test_a_turn_makes_one_chunk_piece_by_piece(bench: Bench) -> None:
    bench.turn()
    bench.turn()
    assert [(c.first_index, len(c), c.chunk, c.last_piece) for c in bench.outlet.chunks] == [
        (0, 2, 0, False),
        (2, 2, 0, True),
        (4, 2, 1, False),
        (6, 2, 1, True),
    ]
    assert bench.loop.figures(0.3).frames_made == 8


def test_a_chunk_shorter_than_usual_ends_with_an_empty_piece(noise: Pipeline[Any, Any]) -> None:
    noise.chunk_frames = 5
    bench = Bench(noise)
    noise.chunk_frames = 4
    whole = noise.step
    noise.step = lambda *args: [next(iter(whole(*args)))]  # type: ignore[method-assign,assignment]
    bench.turn()
    assert [(len(c), c.last_piece) for c in bench.outlet.chunks] == [(2, False), (0, True)]


def test_an_update_is_confirmed_with_the_first_frame_made_with_it(bench: Bench) -> None:
    bench.turn()
    bench.loop.receive(ControlUpdate(revision=1, changes={"gain": 2}))
    bench.loop.receive(ControlUpdate(revision=2, changes={"gain": 3}))
    bench.turn()
    assert bench.told(UpdateApplied) == [UpdateApplied("a", 1, 1, 4), UpdateApplied("a", 2, 1, 4)]
    assert [chunk.revision for chunk in bench.outlet.chunks] == [0, 0, 2, 2]


def test_what_a_chunk_takes_is_told_and_void_once_the_chunk_is(bench: Bench) -> None:
    bench.turn()
    bench.loop.receive(ControlUpdate(revision=1, changes={"gain": 2}))
    bench.turn()
    bench.loop.receive(ControlUpdate(revision=2, prompts=mix("now"), apply_now=True), drop_from=4)
    bench.turn()
    first, second = bench.told(UpdateTaken)
    assert (first.chunk, first.first_frame, first.update.changes) == (1, 4, {"gain": 2})
    assert bench.told(ChunksUndone) == [ChunksUndone("a", 1, 4)]
    assert (second.chunk, second.update.changes) == (1, {"gain": 2})
    assert second.update.prompts == mix("now")


def test_a_script_is_taken_at_its_chunk_also_after_going_back(bench: Bench) -> None:
    update = ControlUpdate(revision=0, changes={"gain": 2})
    bench.loop.follow(Script([TimedUpdate(update, chunk=2)]))
    for _ in range(3):
        bench.turn()
    bench.loop.receive(ControlUpdate(revision=1, apply_now=True), drop_from=4)
    bench.turn()
    bench.turn()
    taken = [(event.chunk, dict(event.update.changes)) for event in bench.told(UpdateTaken)]
    assert taken == [(2, {"gain": 2}), (1, {}), (2, {"gain": 2})]
    assert [event.scripted for event in bench.told(UpdateTaken)] == [True, False, True]


def test_a_bad_update_is_told_and_forgotten(bench: Bench) -> None:
    bench.loop.receive(ControlUpdate(revision=1, changes={"gain": 99}))
    bench.turn()
    (rejected,) = bench.told(UpdateRejected)
    assert (rejected.revision, rejected.error.field) == (1, "gain")
    assert not bench.told(UpdateApplied)


def test_a_paused_stream_bids_for_nothing_until_it_goes_on(bench: Bench) -> None:
    bench.loop.play(Playhead(0, 0.0, 0.1))
    assert bench.loop.contender()
    bench.loop.receive(ControlUpdate(revision=1, paused=True))
    bench.loop.receive(ControlUpdate(revision=2, paused=True))
    assert bench.loop.contender() is None
    bench.loop.receive(ControlUpdate(revision=3, paused=False))
    assert bench.loop.contender()
    assert bench.told(PauseChanged) == [PauseChanged("a", 1, True), PauseChanged("a", 3, False)]


def test_a_stream_nobody_has_watched_bids_for_one_chunk_only(bench: Bench) -> None:
    bid = bench.loop.contender()
    assert bid
    assert bid.dry_at_s is None
    bench.turn()
    assert bench.loop.contender() is None
    bench.loop.play(Playhead(0, 10.0, 0.5))
    bid = bench.loop.contender()
    assert bid
    assert bid.dry_at_s == 12.0
    bench.loop.play(None)
    assert bench.loop.contender() is None


def test_a_full_outlet_is_part_of_the_bid(bench: Bench) -> None:
    bench.loop.play(Playhead(0, 0.0, 0.1))
    bench.outlet.room = False
    bid = bench.loop.contender()
    assert bid
    assert not bid.has_room


def test_a_step_that_raises_is_tried_again_without_a_frame_lost_or_doubled(
    noise: Pipeline[Any, Any],
) -> None:
    straight, bumpy = Bench(noise), Bench(noise, fault="raise once")
    straight.turn()
    for _ in range(3):  # raises at its beginning, then at its end, then not at all
        bumpy.turn()
    assert len(bumpy.told(StreamWarning)) == 2
    a, b = (np.concatenate([c.pixels for c in bench.outlet.chunks]) for bench in (straight, bumpy))
    assert np.array_equal(a, b)


def test_three_failures_in_a_row_end_the_stream(noise: Pipeline[Any, Any]) -> None:
    bench = Bench(noise, fault="raise")
    for _ in range(3):
        assert not bench.loop.stopped
        bench.turn()
    assert len(bench.told(StreamWarning)) == 2
    (stop,) = bench.told(StreamStopped)
    assert stop.reason is StopReason.GENERATION_FAILED
    assert bench.loop.stopped
    assert bench.outlet.closed
    assert bench.loop.contender() is None


def test_no_memory_ends_the_stream_at_once(noise: Pipeline[Any, Any]) -> None:
    bench = Bench(noise, fault="oom")
    bench.turn()
    (stop,) = bench.told(StreamStopped)
    assert stop.reason is StopReason.OUT_OF_MEMORY
    assert stop.error
    assert stop.error.code == "out_of_memory"


def test_a_stream_stopped_between_two_pieces_makes_no_more_of_them(bench: Bench) -> None:
    bench.turn(bench.loop.stop)
    assert len(bench.outlet.chunks) == 1
    assert not bench.events


def test_acting_now_abandons_a_chunk_that_is_not_shown_between_two_pieces(bench: Bench) -> None:
    bench.turn()
    now = ControlUpdate(revision=1, prompts=mix("now"), apply_now=True)
    asked: list[None] = []

    def ask_once() -> None:
        if not asked:
            asked.append(None)
            bench.loop.receive(now, drop_from=4)

    bench.turn(ask_once)
    assert bench.outlet.chunks[-1].first_index == 4
    assert not bench.outlet.chunks[-1].last_piece
    bench.turn()
    assert bench.outlet.rewinds == [4]
    assert [c.revision for c in bench.outlet.chunks if c.first_index >= 4] == [0, 1, 1]
    assert bench.told(UpdateApplied) == [UpdateApplied("a", 1, 1, 4)]


def test_acting_now_lets_a_chunk_finish_that_is_being_shown(bench: Bench) -> None:
    now = ControlUpdate(revision=1, prompts=mix("now"), apply_now=True)
    bench.turn(lambda: bench.loop.receive(now, drop_from=2))
    assert bench.outlet.chunks[-1].last_piece
    bench.turn()
    assert bench.outlet.rewinds == [4, 4]
    assert bench.outlet.chunks[-1].revision == 1


def test_a_refused_act_now_still_lets_the_reader_go_on(bench: Bench) -> None:
    bench.turn()
    bench.loop.receive(ControlUpdate(revision=1, changes={"gain": 99}, apply_now=True), drop_from=2)
    assert bench.outlet.rewinds == [4]


def test_acting_now_makes_a_stream_urgent_from_where_it_will_be_dry(bench: Bench) -> None:
    bench.loop.play(Playhead(0, 0.0, 1.0))
    bench.turn()
    bench.turn()
    bench.outlet.room = False
    bench.loop.receive(ControlUpdate(revision=1, apply_now=True), drop_from=4)
    bid = bench.loop.contender()
    assert bid
    assert bid.dry_at_s == 4.0
    assert bid.has_room


# Dumped and gone on with.


def shown(*benches: Bench) -> np.ndarray:
    """All frames of these, in the order they came."""
    return np.concatenate([chunk.pixels for bench in benches for chunk in bench.outlet.chunks])


def gone_on(bench: Bench, pipeline: Pipeline[Any, Any], **values: Any) -> Bench:
    """Another stream that goes on where `bench` is."""
    snapshot = bench.loop.dump()
    other = Bench(pipeline, **values)
    other.loop = StreamLoop(
        stream_id="b",
        pipeline=pipeline,
        control=snapshot.control(type(pipeline).Params),
        outlet=other.outlet,
        tell=other.events.append,
        clock=ManualClock(),
        nominal_chunk_s=0.2,
    )
    other.loop.go_on(snapshot)
    return other


def test_a_stream_goes_on_from_a_dump_with_what_waited(noise: Pipeline[Any, Any]) -> None:
    straight, first = Bench(noise), Bench(noise)
    for bench in (straight, first):
        bench.turn()
        bench.loop.receive(ControlUpdate(1, changes={"gain": 4}, seed=9))
        bench.turn()
        bench.loop.receive(ControlUpdate(2, transition=Transition(mix("snow"), 3)))
    second = gone_on(first, noise)
    for _ in range(4):
        straight.turn()
        second.turn()
    assert np.array_equal(shown(first, second), shown(straight))
    assert second.told(UpdateApplied) == [UpdateApplied("b", 2, 2, 8)]
    assert [chunk.first_index for chunk in second.outlet.chunks][:2] == [8, 10]


def test_a_dump_after_a_step_that_failed_half_way_loses_and_doubles_no_frame(
    noise: Pipeline[Any, Any],
) -> None:
    straight, bumpy = Bench(noise), Bench(noise, fault="raise once")
    for _ in range(2):
        straight.turn()
        bumpy.turn()  # raises at its beginning, then at its end
    assert len(bumpy.told(StreamWarning)) == 2
    again = gone_on(bumpy, noise, fault="")
    again.loop.receive(ControlUpdate(1, changes={"fault": ""}))
    again.turn()
    again.turn()
    assert np.array_equal(shown(bumpy, again), shown(straight))


def test_a_dump_grants_what_was_asked_to_act_now_first(noise: Pipeline[Any, Any]) -> None:
    bench = Bench(noise)
    bench.turn()
    bench.turn()
    bench.loop.receive(ControlUpdate(1, prompts=mix("now"), apply_now=True), drop_from=4)
    snapshot = bench.loop.dump()
    assert bench.outlet.rewinds == [4]
    assert (snapshot.at.first_index, snapshot.at.chunk) == (4, 1)
    assert [group.revisions for group in snapshot.waiting] == [(1,)]


def test_a_stream_that_goes_on_makes_nothing_before_it_is_watched(bench: Bench) -> None:
    bench.turn()
    other = gone_on(bench, bench.loop._pipeline)
    assert other.loop.contender() is None
    other.loop.play(Playhead(0, 0.0, 0.1))
    assert other.loop.contender()


# Words.


class OneText:
    """A text that becomes ready when the test says so."""

    def __init__(self) -> None:
        self.ready_now: set[str] = {""}
        self.wanted: list[tuple[str, ...]] = []

    def ready(self, texts: Any) -> bool:
        return set(texts) <= self.ready_now

    def failure(self, texts: Any) -> None:
        return None

    def unused(self, text: str) -> str:
        return ""

    def want(self, stream_id: str, texts: Any) -> None:
        self.wanted.append(tuple(texts))

    def forget(self, stream_id: str) -> None:
        self.wanted.clear()


def test_a_stream_bids_for_nothing_before_its_first_words_are_ready(
    noise: Pipeline[Any, Any],
) -> None:
    bench, texts = Bench(noise), OneText()
    texts.ready_now.clear()
    control = Control(type(noise).Params(), seed=1)
    bench.loop = StreamLoop(
        stream_id="a",
        pipeline=noise,
        control=control,
        outlet=bench.outlet,
        tell=bench.events.append,
        clock=ManualClock(),
        nominal_chunk_s=0.2,
        texts=texts,  # type: ignore[arg-type]
    )
    assert bench.loop.contender() is None
    assert texts.wanted == [("",)]
    texts.ready_now.add("")
    assert bench.loop.contender()
    bench.turn()
    bench.loop.receive(ControlUpdate(1, prompts=mix("slow")))
    bench.turn()
    assert bench.outlet.chunks[-1].revision == 0
    texts.ready_now.add("slow")
    bench.turn()
    assert bench.outlet.chunks[-1].revision == 1


def test_acting_now_waits_for_its_words_while_there_is_something_to_show(
    noise: Pipeline[Any, Any],
) -> None:
    bench, texts = Bench(noise), OneText()
    bench.loop = StreamLoop(
        stream_id="a",
        pipeline=noise,
        control=Control(type(noise).Params(), seed=1),
        outlet=bench.outlet,
        tell=bench.events.append,
        clock=ManualClock(),
        nominal_chunk_s=0.2,
        texts=texts,  # type: ignore[arg-type]
    )
    bench.loop.play(Playhead(0, 0.0, 1.0))
    bench.turn()
    bench.turn()
    bench.loop.receive(ControlUpdate(1, prompts=mix("new"), apply_now=True), drop_from=4)

    def eligible_s() -> float:
        bid = bench.loop.contender()
        assert bid
        assert bid.dry_at_s is not None
        return bid.dry_at_s - leads_s([bid])["a"]

    assert eligible_s() == pytest.approx(4.0), "no sooner than it must"
    texts.ready_now.add("new")
    assert eligible_s() < 4.0
    bench.turn()
    assert bench.outlet.rewinds == [4]
    assert bench.outlet.chunks[-1].revision == 1
