import threading
from typing import Any

import pytest

from scope.clock import MonotonicClock
from scope.control import ControlUpdate, TimedUpdate
from scope.engine.api import Playhead
from scope.engine.inbox import Inbox
from scope.engine.loader import Loader
from scope.engine.messages import (
    Busy,
    Check,
    Close,
    Dump,
    Dumped,
    Idle,
    Load,
    Loaded,
    NotLoaded,
    Open,
    Play,
    Ready,
    Report,
    Send,
    Stop,
    Told,
    TurnBegan,
    TurnEnded,
    Unload,
)
from scope.engine.outlet import LocalOutlet
from scope.engine.worker import Worker
from scope.events import StreamStopped, UpdateApplied, UpdateTaken
from scope.frames import Chunk
from scope.pipelines.registry import PipelineRef, catalog


class Bench:
    """A worker, run on this thread until its commands are used up."""

    def __init__(self, ref: PipelineRef) -> None:
        self.inbox = Inbox()
        self.reports: list[Report] = []
        self.chunks: list[Chunk] = []
        clock = MonotonicClock()
        self.worker = Worker(
            catalog=catalog([ref, PipelineRef("nowhere:Nothing", "gone")]),
            inbox=self.inbox,
            loader=Loader(device="cpu", clock=clock, warm_up=False),
            report=self.heard,
            clock=clock,
        )
        self.stop_after_chunks = 0

    def heard(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, TurnEnded) and self.told(TurnEnded) == self.stop_after_chunks:
            self.inbox.post(Stop())

    def told(self, kind: type[Any]) -> int:
        return sum(isinstance(report, kind) for report in self.reports)

    def open(
        self, stream_id: str = "a", *, script: tuple[TimedUpdate, ...] = (), **fields: Any
    ) -> None:
        outlet = LocalOutlet(
            slots=1000,
            deliver=self.chunks.append,
            rewound=lambda _: None,
            wake=self.inbox.wake,
        )
        initial = ControlUpdate(revision=0, changes=fields)
        size: Any = None
        self.inbox.post(Open(stream_id, 1, initial, None, 0, size, script), outlet)

    def run(self, *, chunks: int = 0) -> None:
        self.stop_after_chunks = chunks
        if not chunks:
            self.inbox.post(Stop())
        self.worker.run()


@pytest.fixture
def bench(noise_ref: PipelineRef) -> Bench:
    return Bench(noise_ref)


def test_it_first_says_what_there_is(bench: Bench) -> None:
    bench.run()
    (ready,) = bench.reports
    assert isinstance(ready, Ready)
    assert set(ready.catalog) == {"noise", "gone"}


def test_it_loads_opens_and_makes_chunks(bench: Bench) -> None:
    bench.inbox.post(Load(1, "noise", {}))
    bench.open()
    bench.inbox.post(Play("a", Playhead(0, 0.0, 1e-6)))
    bench.inbox.post(Send("a", ControlUpdate(revision=5)))
    bench.run(chunks=3)
    assert bench.told(Loaded) == 1
    assert bench.told(TurnBegan) == bench.told(TurnEnded) == 3
    assert sum(len(chunk) for chunk in bench.chunks) == 12
    told = [r.event for r in bench.reports if isinstance(r, Told)]
    update = ControlUpdate(revision=5)
    assert told == [UpdateTaken("a", 0, 0, update), UpdateApplied("a", 5, 0, 0)]


def test_a_script_is_checked_and_followed(bench: Bench) -> None:
    script = (TimedUpdate(ControlUpdate(revision=0, changes={"gain": 2}), chunk=1),)
    good = bench.worker.check(Check(1, "noise", changes={}, script=script))
    assert good.error is None
    wrong = (*script, TimedUpdate(ControlUpdate(revision=0, changes={"gain": 99})))
    bad = bench.worker.check(Check(2, "noise", changes={}, script=wrong))
    assert bad.error
    assert bad.error.field == "gain"
    bench.inbox.post(Load(1, "noise", {}))
    bench.open(script=script)
    bench.inbox.post(Play("a", Playhead(0, 0.0, 1e-6)))
    bench.run(chunks=2)
    (taken,) = [r.event for r in bench.reports if isinstance(r, Told)]
    assert (taken.chunk, taken.scripted, taken.update.changes) == (1, True, {"gain": 2})


def test_of_several_loads_that_wait_only_the_last_is_done(bench: Bench) -> None:
    for ticket in (1, 2, 3):
        bench.inbox.post(Load(ticket, "noise", {}))
    bench.open()
    bench.run(chunks=1)
    assert [r.ticket for r in bench.reports if isinstance(r, Loaded)] == [3]


def test_a_load_that_fails_says_why(bench: Bench) -> None:
    bench.inbox.post(Load(1, "gone", {}))
    bench.inbox.post(Unload(2))
    bench.run()
    assert [r.ticket for r in bench.reports if isinstance(r, NotLoaded)] == [2]
    bench = Bench(PipelineRef("nowhere:Nothing", "gone"))
    thread = threading.Thread(target=bench.worker.run)
    thread.start()
    bench.inbox.post(Load(1, "gone", {}))
    while not bench.told(NotLoaded):
        thread.join(0.01)
    bench.inbox.post(Stop())
    thread.join(10)
    (failed,) = [r for r in bench.reports if isinstance(r, NotLoaded)]
    assert failed.error
    assert failed.error.code == "load_failed"


def test_a_stream_that_comes_after_the_unload_is_told_so(bench: Bench) -> None:
    bench.open()
    bench.run()
    (told,) = [r for r in bench.reports if isinstance(r, Told)]
    assert isinstance(told.event, StreamStopped)
    assert told.event.error
    assert told.event.error.code == "pipeline_not_loaded"


def test_a_closed_stream_is_forgotten_and_commands_for_it_are_nothing(bench: Bench) -> None:
    bench.inbox.post(Load(1, "noise", {}))
    bench.open("a")
    bench.inbox.post(Close("a"))
    bench.inbox.post(Close("a"))
    bench.inbox.post(Send("a", ControlUpdate(revision=1, changes={"gain": 99})))
    bench.inbox.post(Play("a", None))
    bench.open("b")
    bench.run(chunks=1)
    assert not [r for r in bench.reports if isinstance(r, Told)]
    assert [r.stream_id for r in bench.reports if isinstance(r, TurnEnded)] == ["b"]


def test_questions_are_answered_from_any_thread(bench: Bench) -> None:
    check = bench.worker.check
    assert check(Check(1, "noise", load={"width": 64}, changes={"gain": 2})).error is None
    for question, code in (
        (Check(1, "noise", load={"width": 1}), "invalid_parameters"),
        (Check(1, "noise", changes={"gain": 99}), "invalid_parameters"),
        (Check(1, "nothing", load={}), "unknown_pipeline"),
    ):
        error = check(question).error
        assert error
        assert error.code == code
    assert check(Check(1, "gone", load={"x": 1})).error is None


def test_what_runs_code_of_a_pipeline_between_two_chunks_is_said_to_begin_and_to_end(
    bench: Bench,
) -> None:
    bench.inbox.post(Load(1, "noise", {}))
    bench.open("a")
    bench.inbox.post(Send("a", ControlUpdate(revision=1)))
    bench.inbox.post(Dump(1, "a"))
    bench.run(chunks=1)
    told = [r for r in bench.reports if isinstance(r, Busy | Idle | Loaded | Dumped)]
    assert [type(r) for r in told] == [Loaded, Busy, Idle, Busy, Idle, Busy, Dumped, Idle]
    whats = [r.what for r in told if isinstance(r, Busy)]
    assert whats == ["the start of a stream", "an update", "the dump of a stream"]


def test_a_dump_is_answered_between_two_chunks_or_refused(bench: Bench) -> None:
    bench.inbox.post(Load(1, "noise", {}))
    bench.open("a")
    bench.inbox.post(Dump(1, "a"))
    bench.inbox.post(Dump(2, "nobody"))
    bench.inbox.post(Dump(3, "a", max_bytes=0))
    bench.run(chunks=1)
    answers = {r.ticket: r for r in bench.reports if isinstance(r, Dumped)}
    assert answers[1].snapshot
    assert answers[1].snapshot.seed == 1
    assert answers[2].error
    assert answers[2].error.code == "wrong_state"
    assert answers[3].snapshot  # nothing is made yet, so there is no state to be too large
