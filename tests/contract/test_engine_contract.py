"""What every home of the engine promises; each test runs on both."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scope.clock import MonotonicClock
from scope.control import ControlUpdate, PromptItem, PromptMix, TimedUpdate, Transition
from scope.engine import front
from scope.engine.api import Engine, LoadRequest, OpenRequest, Playhead, StreamHandle
from scope.engine.inline_engine import InlineEngine
from scope.engine.process_engine import ProcessEngine
from scope.engine.snapshot import StreamSnapshot
from scope.errors import (
    AtCapacity,
    EngineError,
    InvalidParameters,
    PipelineNotLoaded,
    ScopeError,
    StateError,
    TooLarge,
    UnknownPipeline,
)
from scope.events import (
    EngineEvent,
    PauseChanged,
    StopReason,
    StreamStopped,
    StreamWarning,
    UpdateApplied,
    UpdateRejected,
)
from scope.frames import Frame
from scope.pipelines.registry import PipelineRef

FILE = Path(__file__).parent / "engine_pipelines.py"
REFS = (
    PipelineRef(f"{FILE}:Noise", "noise"),
    PipelineRef(f"{FILE}:Other", "other"),
    PipelineRef(f"{FILE}:Missing", "missing"),
)
HOMES: dict[str, type[InlineEngine] | type[ProcessEngine]] = {
    "inline": InlineEngine,
    "process": ProcessEngine,
}
LIMIT_S = 40
now = MonotonicClock().now


Scenario = Callable[[Engine], Coroutine[Any, Any, None]]

ABOUT_CAPACITY = {
    "test_a_parked_stream_gives_its_place_to_another",
    "test_one_more_stream_than_the_device_can_make_is_refused",
}


@pytest.fixture(autouse=True)
def room_for_everyone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk that took long once, on a busy machine, keeps nobody out."""
    if request.node.originalname not in ABOUT_CAPACITY:
        monkeypatch.setattr(front, "refusal", lambda *demands, **limits: None)


def on_home(home: str) -> Callable[[Scenario], Callable[[], None]]:
    """The scenario as a function, given a started engine that is closed afterwards."""

    def wrapped(scenario: Scenario) -> Callable[[], None]:
        async def run() -> None:
            engine = HOMES[home](REFS)
            await engine.start()
            try:
                await asyncio.wait_for(scenario(engine), LIMIT_S)
            finally:
                await engine.aclose()

        return lambda: asyncio.run(run())

    return wrapped


def on_both_homes(scenario: Scenario) -> Callable[[str], None]:
    """The scenario as a test of both homes."""

    @pytest.mark.parametrize("home", list(HOMES))
    def test(home: str) -> None:
        on_home(home)(scenario)()

    test.__name__ = scenario.__name__
    test.__doc__ = scenario.__doc__
    return test


async def loaded(engine: Engine, pipeline_id: str = "noise", **params: Any) -> None:
    await engine.load(LoadRequest(pipeline_id, params))
    status = await engine.settled()
    assert status.state == "loaded", status.error


async def opened(engine: Engine, name: str = "a", seed: int = 1, **changes: Any) -> StreamHandle:
    initial = ControlUpdate(revision=0, changes=changes)
    handle = await engine.open(OpenRequest(name, seed=seed, initial=initial))
    play(handle)
    return handle


def play(handle: StreamHandle) -> None:
    """As if playback were always about to run dry: generate as fast as room allows."""
    handle.play(Playhead(10**9, now(), 1e-6))


def prompt(text: str) -> PromptMix:
    return PromptMix((PromptItem(text),))


async def take(handle: StreamHandle, frames: int) -> list[Frame]:
    """Copies of the next frames, released at once."""
    taken = []
    for _ in range(frames):
        frame = await handle.frames.get()
        copy = Frame(
            frame.pixels.copy(), frame.index, frame.revision, frame.chunk, frame.produced_s
        )
        taken.append(copy)
        handle.frames.done(frame.index)
    return taken


async def buffered(handle: StreamHandle, frames: int) -> None:
    """Wait until that many frames lie ready."""
    while len(handle.frames) < frames:  # noqa: ASYNC110 - a buffer tells one reader only
        await asyncio.sleep(0.001)


async def take_until_revision(handle: StreamHandle, revision: int) -> Frame:
    """The first frame made with `revision`."""
    while True:
        (frame,) = await take(handle, 1)
        if frame.revision >= revision:
            return frame


async def event(handle: StreamHandle, kind: type[Any]) -> Any:
    while True:
        happened = await handle.next_event()
        if isinstance(happened, kind):
            return happened


async def event_of_a_chunk(handle: StreamHandle, kind: type[Any]) -> Any:
    """The same where a chunk has to be made first: where nobody takes frames, none are."""
    watching = asyncio.create_task(take_until_revision(handle, 2**31))
    try:
        return await event(handle, kind)
    finally:
        watching.cancel()


async def rest(handle: StreamHandle) -> list[EngineEvent]:
    """All events to the end of the stream."""
    events: list[EngineEvent] = []
    while True:
        try:
            events.append(await handle.next_event())
        except EOFError:
            return events


async def only_stop(handle: StreamHandle) -> StreamStopped:
    """The end of the stream, which must be the one and the last."""
    events = await rest(handle)
    stops = [each for each in events if isinstance(each, StreamStopped)]
    assert len(stops) == 1
    assert events[-1] is stops[0]
    return stops[0]


async def refused(call: Awaitable[Any], kind: type[ScopeError]) -> ScopeError:
    with pytest.raises(kind) as caught:
        await call
    return caught.value


def same(a: list[Frame], b: list[Frame]) -> bool:
    return all(np.array_equal(x.pixels, y.pixels) for x, y in zip(a, b, strict=True))


# Catalog and loads.


@on_both_homes
async def test_the_catalog_lists_what_can_run_and_why_something_can_not(engine: Engine) -> None:
    catalog = engine.catalog()
    assert catalog["noise"].unavailable is None
    assert "gain" in catalog["noise"].params_schema["properties"]
    assert catalog["missing"].unavailable
    await engine.load(LoadRequest("missing"))
    status = await engine.settled()
    assert status.state == "error"
    assert status.error
    assert status.error.code == "load_failed"


@on_both_homes
async def test_a_load_is_loading_at_once_and_then_loaded(engine: Engine) -> None:
    assert engine.status().state == "not_loaded"
    assert engine.status().worker_up
    await engine.load(LoadRequest("noise", {"width": 48}))
    assert engine.status().state == "loading"
    status = await engine.settled()
    assert status.state == "loaded"
    assert status.pipeline_id == "noise"
    assert status.load_params
    assert status.load_params["width"] == 48


@on_both_homes
async def test_an_unknown_pipeline_or_a_bad_value_leaves_what_is_loaded(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    unknown = await refused(engine.load(LoadRequest("nothing")), UnknownPipeline)
    assert "noise" in unknown.detail
    bad = await refused(engine.load(LoadRequest("other", {"width": 1})), InvalidParameters)
    assert bad.field == "width"
    await refused(engine.load(LoadRequest("other", {"wide": 64})), InvalidParameters)
    assert engine.status().pipeline_id == "noise"
    assert len(await take(handle, 20)) == 20


@on_both_homes
async def test_base_seed_means_seed(engine: Engine) -> None:
    await loaded(engine, base_seed=7)
    handle = await engine.open(OpenRequest("a"))
    assert handle.seed == 7


@on_both_homes
async def test_a_load_can_be_judged_before_it_is_asked_for(engine: Engine) -> None:
    await loaded(engine)
    await engine.check(LoadRequest("other"))
    with pytest.raises(UnknownPipeline):
        await engine.check(LoadRequest("nope"))
    with pytest.raises(InvalidParameters):
        await engine.check(LoadRequest("noise", {"no_such_key": 1}))
    assert (engine.status().state, engine.status().pipeline_id) == ("loaded", "noise")


@on_both_homes
async def test_what_a_pipeline_says_of_itself_arrives_as_plain_values(engine: Engine) -> None:
    await loaded(engine)
    facts = (await opened(engine)).identity.facts
    assert facts == {"precision": "whole", "bits": "8", "home": "/", "x": None}
    assert {type(fact) for fact in facts.values()} == {str, type(None)}


@on_both_homes
async def test_a_failed_load_stays_an_error_and_the_next_one_works(engine: Engine) -> None:
    for fault, code in (("raise", "load_failed"), ("oom", "out_of_memory")):
        await engine.load(LoadRequest("noise", {"fault": fault}))
        status = await engine.settled()
        assert status.state == "error"
        assert status.error
        assert status.error.code == code
        await refused(engine.open(OpenRequest("a")), PipelineNotLoaded)
    await loaded(engine)
    assert len(await take(await opened(engine), 4)) == 4


@on_both_homes
async def test_the_newest_load_wins_even_over_one_that_never_ends(engine: Engine) -> None:
    await engine.load(LoadRequest("noise", {"fault": "hang"}))
    await engine.load(LoadRequest("noise", {"width": 32}))
    await engine.load(LoadRequest("other", {"width": 48}))
    status = await engine.settled()
    assert status.state == "loaded"
    assert status.pipeline_id == "other"
    assert (await opened(engine)).format.width == 48


@on_both_homes
async def test_a_reload_ends_every_stream_with_that_reason(engine: Engine) -> None:
    await loaded(engine)
    a, b = await opened(engine, "a"), await opened(engine, "b")
    await take(a, 4)
    await loaded(engine, "other")
    for handle in (a, b):
        assert (await only_stop(handle)).reason is StopReason.RELOADED
    assert engine.status().streams == 0
    assert len(await take(await opened(engine), 4)) == 4


@on_both_homes
async def test_an_unload_ends_every_stream_and_nothing_is_loaded(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    await take(handle, 4)
    await engine.unload()
    assert (await only_stop(handle)).reason is StopReason.UNLOADED
    assert engine.status().state == "not_loaded"
    await engine.unload()
    await loaded(engine)


@on_both_homes
async def test_without_a_pipeline_there_is_no_stream(engine: Engine) -> None:
    await refused(engine.open(OpenRequest("a")), PipelineNotLoaded)
    await engine.unload()


@on_both_homes
async def test_the_end_of_the_engine_ends_every_stream(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    await engine.aclose()
    assert (await only_stop(handle)).reason is StopReason.SHUTDOWN


# Frames.


@on_both_homes
async def test_frames_come_in_order_without_gaps(engine: Engine) -> None:
    await loaded(engine, frames=6, pieces=4)
    handle = await opened(engine)
    frames = await take(handle, 200)
    assert [frame.index for frame in frames] == list(range(200))
    assert [frame.chunk for frame in frames] == [n // 6 for n in range(200)]
    assert frames[0].pixels.shape == (32, 64, 3)


@on_both_homes
async def test_the_same_seed_makes_the_same_pictures(engine: Engine) -> None:
    await loaded(engine)
    first, second = await opened(engine, "a"), await opened(engine, "b")
    third = await opened(engine, "c", seed=2)
    pictures = [await take(handle, 40) for handle in (first, second, third)]
    assert same(pictures[0], pictures[1])
    assert not same(pictures[0], pictures[2])


@on_both_homes
async def test_two_interleaved_streams_equal_two_separate_ones(engine: Engine) -> None:
    await loaded(engine)
    texts = {"a": "a red fox", "b": "a blue whale"}

    async def run(name: str, stream_id: str) -> list[Frame]:
        initial = ControlUpdate(revision=0, prompts=prompt(texts[name]))
        handle = await engine.open(OpenRequest(stream_id, seed=5, initial=initial))
        play(handle)
        frames = await take(handle, 60)
        await handle.aclose()
        return frames

    alone = [await run("a", "1"), await run("b", "2")]
    together = await asyncio.gather(run("a", "3"), run("b", "4"))
    assert same(alone[0], together[0])
    assert same(alone[1], together[1])
    assert not same(alone[0], alone[1])


@on_both_homes
async def test_a_stream_nobody_watches_makes_one_chunk_and_waits(engine: Engine) -> None:
    await loaded(engine)
    handle = await engine.open(OpenRequest("a", seed=1))
    other = await opened(engine, "b")
    await take(handle, 4)
    await take(other, 60)
    assert len(handle.frames) == 0
    assert handle.figures().chunks_made <= 1
    play(handle)
    assert [frame.index for frame in await take(handle, 4)] == [4, 5, 6, 7]
    handle.play(None)
    await take(other, 60)
    made = handle.figures().chunks_made
    await take(other, 60)
    assert handle.figures().chunks_made == made


@on_both_homes
async def test_a_reader_who_releases_nothing_gets_no_more_than_its_buffer(engine: Engine) -> None:
    await loaded(engine)
    stuck, other = await opened(engine, "a"), await opened(engine, "b")
    await take(other, 400)
    held = len(stuck.frames)
    assert 30 <= held <= 45
    await take(other, 100)
    assert len(stuck.frames) == held
    assert [frame.index for frame in await take(stuck, 200)] == list(range(200))


@on_both_homes
async def test_figures_are_told(engine: Engine) -> None:
    await loaded(engine, compute_ms=5)
    handle = await opened(engine)
    assert 0.004 <= handle.nominal_chunk_s() <= 0.5
    await take(handle, 40)
    figures = handle.figures()
    assert figures.frames_made >= 36
    assert figures.lead_s >= 0.05


async def settled_at(handle: StreamHandle, made: int) -> None:
    """Have exactly that many frames made, and the stream at rest."""
    handle.play(Playhead(made - 2, now(), 1000.0))
    await buffered(handle, made)


@on_both_homes
async def test_a_dump_opens_a_stream_that_goes_on_bit_for_bit(engine: Engine) -> None:
    await loaded(engine)
    first = await engine.open(
        OpenRequest("a", seed=3, initial=ControlUpdate(0, prompts=prompt("a calm sea")))
    )
    first.send(ControlUpdate(1, changes={"gain": 4}, seed=5))
    first.send(ControlUpdate(2, transition=Transition(prompt("snow"), num_steps=5)))
    await settled_at(first, 8)
    snapshot = await first.dump()
    assert snapshot.at.next_index == 8
    second = await engine.open(OpenRequest("b", snapshot=snapshot))
    assert second.seed == 5
    for handle in (first, second):
        handle.send(ControlUpdate(3, changes={"gain": 2}))
        play(handle)
    await take(first, 8)
    ours, theirs = await take(first, 24), await take(second, 24)
    assert [frame.index for frame in theirs] == list(range(8, 32))
    assert [frame.revision for frame in theirs] == [frame.revision for frame in ours]
    assert same(ours, theirs)


@on_both_homes
async def test_a_dump_before_the_first_chunk_is_a_stream_not_begun(engine: Engine) -> None:
    await loaded(engine)
    whole = await take(await opened(engine, "a", seed=3), 8)
    held = await engine.open(OpenRequest("b", seed=3, initial=ControlUpdate(0, paused=True)))
    again = await engine.open(OpenRequest("c", snapshot=await held.dump()))
    again.send(ControlUpdate(1, paused=False))
    play(again)
    assert same(await take(again, 8), whole)


@on_both_homes
async def test_a_dump_that_is_no_state_ends_the_stream_it_opens(engine: Engine) -> None:
    await loaded(engine)
    snapshot = StreamSnapshot(state=b"nonsense")
    broken = await engine.open(OpenRequest("a", snapshot=snapshot))
    play(broken)
    assert (await only_stop(broken)).reason is StopReason.GENERATION_FAILED


@on_both_homes
async def test_a_dump_over_its_limit_or_of_what_ended_is_refused(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    await take(handle, 4)
    await refused(handle.dump(max_bytes=3), TooLarge)
    assert len(await take(handle, 8)) == 8
    waiting = asyncio.ensure_future(handle.dump())
    await asyncio.sleep(0)
    await handle.aclose()
    await refused(waiting, StateError)
    await refused(handle.dump(), StateError)


@on_both_homes
async def test_a_parked_stream_makes_nothing_and_goes_on_where_it_was(engine: Engine) -> None:
    await loaded(engine)
    straight = await take(await opened(engine, "b", seed=3), 40)
    handle = await opened_ahead(engine, "a", 3, made=12)
    shown = await take(handle, 6)
    assert await handle.park(max_bytes=2**20) > 0
    assert engine.status().streams == 1
    assert len(handle.frames) == 6
    await handle.resume()
    assert engine.status().streams == 2
    play(handle)
    frames = shown + await take(handle, 34)
    assert [frame.index for frame in frames] == list(range(40))
    assert same(frames, straight)


@on_both_homes
async def test_a_parked_stream_outlives_its_worker_if_the_same_is_loaded_again(
    engine: Engine,
) -> None:
    await loaded(engine, width=48)
    straight = await take(await opened(engine, "b", seed=3), 40)
    handle = await opened_ahead(engine, "a", 3, made=12)
    large = await opened_ahead(engine, "c", 3, made=12)
    shown = await take(handle, 6)
    await handle.park(max_bytes=2**20)
    assert await large.park(max_bytes=1) == 0
    await engine.unload()
    assert (await only_stop(large)).reason is StopReason.UNLOADED
    await refused(handle.resume(), ScopeError)  # nothing is loaded, or no worker up yet
    await loaded(engine, "other", width=48)
    await refused(handle.resume(), PipelineNotLoaded)
    await loaded(engine, width=48)
    await handle.resume()
    play(handle)
    assert same(shown + await take(handle, 34), straight)


@on_both_homes
async def test_what_is_said_while_a_stream_leaves_the_worker_does_not_hold_it_back_later(
    engine: Engine,
) -> None:
    await loaded(engine)
    straight = await take(await opened(engine, "b", seed=3), 40)
    handle = await opened_ahead(engine, "a", 3, made=12)
    shown = await take(handle, 6)
    parking = asyncio.ensure_future(handle.park(max_bytes=2**20))
    await asyncio.sleep(0)  # the question is on its way to the worker
    handle.send(ControlUpdate(revision=1, prompts=prompt("now"), apply_now=True))
    play(handle)
    assert await parking
    await handle.resume()
    play(handle)
    assert same(shown + await take(handle, 34), straight)


@on_both_homes
async def test_a_parked_stream_may_end(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened_ahead(engine, "a", 3, made=12)
    await handle.park(max_bytes=2**20)
    await handle.aclose()
    assert (await only_stop(handle)).reason is StopReason.CLOSED
    await refused(handle.resume(), StateError)


@on_both_homes
async def test_a_parked_stream_gives_its_place_to_another(engine: Engine) -> None:
    await loaded(engine, compute_ms=50)  # of chunks that play 100 ms
    handle = await opened(engine, "a")
    await take(handle, 1)
    await handle.park(max_bytes=2**20)
    other = await opened(engine, "b")
    await refused(handle.resume(), AtCapacity)
    await other.aclose()
    await handle.resume()
    play(handle)
    assert len(await take(handle, 8)) == 8


# Control.


@on_both_homes
async def test_an_update_is_applied_and_says_from_which_frame_on(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    await take(handle, 8)
    handle.send(ControlUpdate(revision=1, prompts=prompt("a storm")))
    frame = await take_until_revision(handle, 1)
    applied = await event(handle, UpdateApplied)
    assert (applied.revision, applied.first_frame) == (1, frame.index)
    assert applied.chunk == frame.chunk


@on_both_homes
async def test_updates_between_two_chunks_are_one_and_each_is_confirmed(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    for revision in range(1, 201):
        handle.send(ControlUpdate(revision=revision, changes={"gain": revision % 10}))
    await take_until_revision(handle, 200)
    applied = [await event(handle, UpdateApplied) for _ in range(200)]
    assert [each.revision for each in applied] == list(range(1, 201))
    assert len({each.chunk for each in applied}) < 150


@on_both_homes
async def test_a_bad_update_is_rejected_alone(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    handle.send(ControlUpdate(revision=1, changes={"gain": 3}))
    handle.send(ControlUpdate(revision=2, changes={"gain": 99}))
    handle.send(ControlUpdate(revision=3, changes={"gain": "3"}))
    handle.send(ControlUpdate(revision=4, changes={"denoising_step_list": [10, 20]}))
    handle.send(ControlUpdate(revision=5, changes={"unheard_of": 1}))
    handle.send(ControlUpdate(revision=6, prompts=prompt("rain")))
    await take_until_revision(handle, 6)
    rejected, applied = [], []
    while len(applied) < 2:
        match await handle.next_event():
            case UpdateRejected(_, revision, error):
                rejected.append((revision, error.field, error.code))
            case UpdateApplied(_, revision):
                applied.append(revision)
    assert applied == [1, 6]
    assert [revision for revision, _, _ in rejected] == [2, 3, 4, 5]
    assert [field for _, field, _ in rejected] == [
        "gain",
        "gain",
        "denoising_step_list",
        "unheard_of",
    ]
    assert {code for _, _, code in rejected} == {"invalid_parameters"}


@on_both_homes
async def test_bad_initial_parameters_open_nothing(engine: Engine) -> None:
    await loaded(engine)
    initial = ControlUpdate(revision=0, changes={"gain": -1})
    error = await refused(engine.open(OpenRequest("a", initial=initial)), InvalidParameters)
    assert error.field == "gain"
    assert engine.status().streams == 0


@on_both_homes
async def test_a_judge_that_fails_itself_is_told_and_breaks_nothing(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    for _ in range(2):  # a worker that went deaf would answer the first one too
        error = await refused(engine.load(LoadRequest("noise", {"fault": "judge"})), EngineError)
        assert "the judge is out" in error.detail
    initial = ControlUpdate(revision=0, changes={"fault": "judge"})
    await refused(engine.open(OpenRequest("b", initial=initial)), EngineError)
    handle.send(ControlUpdate(revision=1, changes={"fault": "judge"}))
    rejected = await event(handle, UpdateRejected)
    assert (rejected.revision, rejected.error.code) == (1, "engine_error")
    assert len(await take(handle, 20)) == 20
    assert engine.status().state == "loaded"


@on_both_homes
async def test_what_was_loaded_judges_values_too(engine: Engine) -> None:
    refusal = await refused(engine.load(LoadRequest("noise", {"most_gain": 11})), InvalidParameters)
    assert (refusal.field, engine.status().state) == ("most_gain", "not_loaded")
    await loaded(engine, most_gain=2)
    initial = ControlUpdate(revision=0, changes={"gain": 3})
    error = await refused(engine.open(OpenRequest("a", initial=initial)), InvalidParameters)
    assert (error.field, error.detail) == ("gain", "gain: is more than was loaded")
    script = (TimedUpdate(ControlUpdate(revision=0, changes={"gain": 3}), chunk=1),)
    await refused(engine.open(OpenRequest("a", script=script)), InvalidParameters)
    await refused(engine.check_changes("noise", {"gain": 3}), InvalidParameters)
    await engine.check_changes("other", {"gain": 3})
    handle = await opened(engine, gain=2)
    handle.send(ControlUpdate(revision=1, changes={"gain": 3}))
    assert (await event(handle, UpdateRejected)).error.field == "gain"
    handle.send(ControlUpdate(revision=2, changes={"gain": 1}))
    assert (await take_until_revision(handle, 2)).revision == 2


@on_both_homes
async def test_a_dump_with_values_that_are_not_loaded_is_no_stream(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine, gain=5)
    snapshot = await handle.dump()
    await loaded(engine, most_gain=2)
    again = await engine.open(OpenRequest("b", snapshot=snapshot))
    stopped = await only_stop(again)
    assert stopped.reason is StopReason.GENERATION_FAILED
    assert stopped.error is not None
    assert stopped.error.field == "gain"


@on_both_homes
async def test_without_a_prompt_the_default_one_plays(engine: Engine) -> None:
    await loaded(engine)
    silent = await opened(engine, "a", seed=4)
    initial = ControlUpdate(revision=0, prompts=prompt("dust"))
    told = await engine.open(OpenRequest("b", seed=4, initial=initial))
    assert same(await take(silent, 4), await take(told, 4))


@on_both_homes
async def test_a_transition_takes_its_chunks(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    handle.send(ControlUpdate(revision=1, transition=Transition(prompt("snow"), num_steps=3)))
    await take_until_revision(handle, 1)
    await take(handle, 20)


@on_both_homes
async def test_a_reset_equals_a_fresh_stream(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine, seed=6)
    fresh = await take(handle, 8)
    await take(handle, 12)
    handle.send(ControlUpdate(revision=1, reset=True))
    frame = await take_until_revision(handle, 1)
    assert same([frame, *await take(handle, 7)], fresh)


@on_both_homes
async def test_a_new_seed_equals_a_fresh_stream_of_that_seed(engine: Engine) -> None:
    await loaded(engine)
    fresh = await take(await opened(engine, "b", seed=77), 8)
    handle = await opened(engine, seed=6)
    handle.send(ControlUpdate(revision=1, seed=77))
    frame = await take_until_revision(handle, 1)
    assert same([frame, *await take(handle, 7)], fresh)


@on_both_homes
async def test_new_steps_cut_only_while_the_cache_is_managed(engine: Engine) -> None:
    await loaded(engine)
    fresh = await take(await opened(engine, "b", seed=6), 4)
    for manage, cut in ((True, True), (False, False)):
        handle = await opened(engine, f"c{manage}", seed=6, manage_cache=manage)
        await take(handle, 8)
        handle.send(ControlUpdate(revision=1, changes={"denoising_step_list": [900, 100]}))
        frame = await take_until_revision(handle, 1)
        assert same([frame, *await take(handle, 3)], fresh) is cut


@on_both_homes
async def test_a_pause_stops_generation_and_a_resume_goes_on_without_a_gap(engine: Engine) -> None:
    await loaded(engine)
    handle, other = await opened(engine, "a"), await opened(engine, "b")
    before = await take(handle, 8)
    sent_s = now()
    handle.send(ControlUpdate(revision=1, paused=True))
    paused = await event(handle, PauseChanged)
    assert (paused.revision, paused.paused) == (1, True)
    assert now() - sent_s <= 5
    await take(other, 100)
    made = handle.figures().chunks_made
    handle.send(ControlUpdate(revision=2, prompts=prompt("morning")))
    await take(other, 100)
    assert handle.figures().chunks_made == made
    handle.send(ControlUpdate(revision=3, paused=False))
    assert (await event(handle, PauseChanged)).paused is False
    after = await take(handle, 60)
    assert [frame.index for frame in before + after] == list(range(68))
    assert [(await event(handle, UpdateApplied)).revision for _ in range(3)] == [1, 2, 3]


async def opened_ahead(engine: Engine, name: str, seed: int, *, made: int) -> StreamHandle:
    """A stream that has made exactly that many frames and waits."""
    handle = await engine.open(OpenRequest(name, seed=seed))
    handle.play(Playhead(made - 2, now(), 1000.0))
    await buffered(handle, made)
    return handle


@on_both_homes
async def test_act_now_drops_what_was_not_shown(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened_ahead(engine, "a", 1, made=12)
    await take(handle, 6)  # the chunk being shown is that of frames 4 to 7
    handle.send(ControlUpdate(revision=1, prompts=prompt("now"), apply_now=True))
    play(handle)
    frames = await take(handle, 30)
    assert [frame.index for frame in frames] == list(range(6, 36))
    assert [frame.revision for frame in frames] == [0] * 2 + [1] * 28
    assert (await event(handle, UpdateApplied)).first_frame == 8


@on_both_homes
async def test_a_refused_act_now_drops_nothing(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened_ahead(engine, "a", 1, made=12)
    await take(handle, 6)
    handle.send(ControlUpdate(revision=1, changes={"gain": 99}, apply_now=True))
    assert [frame.index for frame in await take(handle, 6)] == list(range(6, 12))
    assert (await event(handle, UpdateRejected)).revision == 1


@on_both_homes
async def test_act_now_continues_from_the_end_of_the_shown_chunk(engine: Engine) -> None:
    await loaded(engine)
    rewound = await opened_ahead(engine, "a", 2, made=12)
    shown = await take(rewound, 6)
    straight = await opened_ahead(engine, "b", 2, made=8)
    expected = await take(straight, 8)
    for handle, now_too in ((rewound, True), (straight, False)):
        handle.send(ControlUpdate(revision=1, prompts=prompt("now"), apply_now=now_too))
        play(handle)
    assert same(shown + await take(rewound, 22), expected + await take(straight, 20))


@on_both_homes
async def test_act_now_keeps_updates_of_the_chunks_it_drops(engine: Engine) -> None:
    await loaded(engine)
    rewound = await opened_ahead(engine, "a", 2, made=8)
    rewound.send(ControlUpdate(revision=1, changes={"gain": 5}))
    rewound.play(Playhead(10, now(), 1000.0))
    await buffered(rewound, 12)
    shown = await take(rewound, 6)
    rewound.send(ControlUpdate(revision=2, prompts=prompt("now"), apply_now=True))
    play(rewound)
    straight = await opened_ahead(engine, "b", 2, made=8)
    straight.send(ControlUpdate(revision=2, changes={"gain": 5}, prompts=prompt("now")))
    play(straight)
    assert same(shown + await take(rewound, 14), await take(straight, 20))


# Words.


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A pipe; words that wait for it are ready once something was written to it."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return path


def open_gate(path: Path) -> Awaitable[int]:
    return asyncio.to_thread(path.write_bytes, b"go")


@pytest.mark.parametrize("home", list(HOMES))
def test_words_that_take_their_time_hold_up_no_stream(home: str, gate: Path) -> None:
    @on_home(home)
    async def scenario(engine: Engine) -> None:
        await loaded(engine, words=True)
        handle, other = await opened(engine, "a"), await opened(engine, "b", seed=2)
        await take(handle, 8)
        handle.send(ControlUpdate(revision=1, prompts=prompt(f"gate:{gate}")))
        handle.send(ControlUpdate(revision=2, changes={"gain": 3}))
        newcomer = await engine.open(
            OpenRequest("c", initial=ControlUpdate(0, prompts=prompt(f"gate:{gate}")))
        )
        play(newcomer)
        assert {frame.revision for frame in await take(handle, 200)} == {0}
        await take(other, 200)
        assert newcomer.figures().chunks_made == 0
        await open_gate(gate)
        frame = await take_until_revision(handle, 1)
        assert frame.revision == 2
        applied = [await event(handle, UpdateApplied) for _ in range(2)]
        assert {each.first_frame for each in applied} == {frame.index}
        assert len(await take(newcomer, 8)) == 8

    scenario()


@pytest.mark.parametrize("home", list(HOMES))
def test_a_later_prompt_does_not_wait_for_words_it_replaces(home: str, gate: Path) -> None:
    @on_home(home)
    async def scenario(engine: Engine) -> None:
        await loaded(engine, words=True)
        handle, straight = await opened(engine, "a"), await opened(engine, "b")
        handle.send(ControlUpdate(revision=1, prompts=prompt("rain")))
        await take_until_revision(handle, 1)
        handle.send(ControlUpdate(revision=2, prompts=prompt(f"gate:{gate}")))
        handle.send(ControlUpdate(revision=3, prompts=prompt("dust"), reset=True))
        frame = await take_until_revision(handle, 2)
        assert frame.revision == 3
        assert same([frame, *await take(handle, 7)], await take(straight, 8))
        await open_gate(gate)
        assert {frame.revision for frame in await take(handle, 80)} == {3}

    scenario()


@on_both_homes
async def test_words_that_can_not_be_had_are_refused_and_the_stream_goes_on(
    engine: Engine,
) -> None:
    await loaded(engine, words=True)
    handle = await opened(engine)
    handle.send(ControlUpdate(revision=1, prompts=prompt("bad")))
    rejected = await event_of_a_chunk(handle, UpdateRejected)
    assert (rejected.revision, rejected.error.code) == (1, "generation_failed")
    handle.send(ControlUpdate(revision=2, prompts=prompt("rain")))
    await take_until_revision(handle, 2)


# Failures.


@on_both_homes
async def test_a_step_that_raises_once_costs_a_warning_and_no_frame(engine: Engine) -> None:
    await loaded(engine)
    expected = await take(await opened(engine, "b"), 40)
    handle = await opened(engine, "a", fault="raise once")
    frames = await take(handle, 40)
    assert [frame.index for frame in frames] == list(range(40))
    assert same(frames, expected)
    for _ in range(2):
        warning = await event(handle, StreamWarning)
        assert warning.error.code == "generation_failed"
        assert "cosmic ray" in warning.error.detail


@on_both_homes
async def test_a_step_that_keeps_raising_ends_its_stream_alone(engine: Engine) -> None:
    await loaded(engine)
    other = await opened(engine, "b")
    handle = await opened(engine, "a", fault="raise")
    stop = await only_stop(handle)
    assert stop.reason is StopReason.GENERATION_FAILED
    assert stop.error
    assert "cosmic ray" in stop.error.detail
    with pytest.raises(EOFError):
        await handle.frames.get()
    assert len(await take(other, 40)) == 40


@on_both_homes
async def test_a_device_without_room_ends_the_stream_with_that_reason(engine: Engine) -> None:
    await loaded(engine)
    handle = await opened(engine, "a")
    await take(handle, 4)
    handle.send(ControlUpdate(revision=1, changes={"fault": "oom"}))

    async def drain() -> None:
        while True:
            await take(handle, 1)

    with pytest.raises(EOFError):
        await drain()
    stop = await only_stop(handle)
    assert stop.reason is StopReason.OUT_OF_MEMORY
    assert stop.error
    assert stop.error.code == "out_of_memory"


@on_both_homes
async def test_closing_a_stream_is_its_end_and_may_be_done_twice(engine: Engine) -> None:
    await loaded(engine, compute_ms=30)
    handle = await opened(engine)
    await take(handle, 1)
    await handle.aclose()
    await handle.aclose()
    stop = await only_stop(handle)
    assert (stop.reason, stop.error) == (StopReason.CLOSED, None)
    handle.send(ControlUpdate(revision=1, reset=True))
    handle.play(None)
    assert engine.status().streams == 0


@on_both_homes
async def test_one_more_stream_than_the_device_can_make_is_refused(engine: Engine) -> None:
    await loaded(engine, compute_ms=50)  # of chunks that play 100 ms
    first = await opened(engine, "a")
    await take(first, 1)
    error = await refused(engine.open(OpenRequest("b")), AtCapacity)
    assert error.retry_after_s
    assert "85%" in error.detail
    await first.aclose()
    second = await opened(engine, "b")
    assert len(await take(second, 4)) == 4


@on_both_homes
async def test_the_first_stream_is_admitted_however_slow(engine: Engine) -> None:
    await loaded(engine, compute_ms=300)
    handle = await opened(engine)
    assert len(await take(handle, 4)) == 4
