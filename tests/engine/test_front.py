import asyncio

import pytest

from scope.control import ControlUpdate
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.front import Capacity, Front, lead_room_s, seed_of, slots
from scope.engine.live_stream import LiveStream
from scope.engine.messages import Loaded, LoadedPipeline, Loading, NotLoaded, Ready, Rewound, Told
from scope.errors import AtCapacity, PipelineNotLoaded, UnknownPipeline, WorkerLost
from scope.events import ErrorInfo, StopReason, StreamStopped
from scope.frames import VideoFormat
from scope.pipelines.contract import PipelineSpec

PIPELINE = LoadedPipeline("p", VideoFormat(64, 32, 16), 4, 0.1, 9, {"width": 64})
SPEC = PipelineSpec("p", "P", "", "1", {}, {})


def ready(**capacity: float) -> Front:
    front = Front(capacity=Capacity(**capacity))  # type: ignore[arg-type]
    front.receive(Ready({"p": SPEC}))
    return front


def playing(front: Front, stream_id: str) -> LiveStream:
    pipeline = front.admit(OpenRequest(stream_id))
    stream = LiveStream(
        stream_id=stream_id,
        seed=1,
        pipeline=pipeline,
        post=lambda _: None,
        ended=lambda stream, _: front.remove(stream),
        lead_room_s=lead_room_s(pipeline),
        release=lambda _: None,
        reopen=lambda *_: None,
    )
    front.add(stream)
    return stream


def test_before_the_worker_is_there_nothing_opens() -> None:
    front = Front(capacity=Capacity())
    assert not front.status().worker_up
    with pytest.raises(WorkerLost) as caught:
        front.admit(OpenRequest("a"))
    assert caught.value.retry_after_s


def test_a_load_goes_through_its_stages_and_only_the_newest_counts() -> None:
    front = ready()
    old = front.begin_load(LoadRequest("p"))
    ticket = front.begin_load(LoadRequest("p", {"width": 64}))
    front.receive(Loaded(old, PIPELINE))
    front.receive(NotLoaded(old, ErrorInfo("load_failed", "old")))
    assert front.status().state == "loading"
    front.receive(Loading(ticket, "reading", 0.5))
    assert (front.status().stage, front.status().progress) == ("reading", 0.5)
    with pytest.raises(PipelineNotLoaded, match="still loading"):
        front.admit(OpenRequest("a"))
    front.receive(Loaded(ticket, PIPELINE))
    assert front.status().state == "loaded"
    assert front.status().load_params == {"width": 64}
    assert front.admit(OpenRequest("a")) is PIPELINE


def test_an_error_stays_until_the_next_load() -> None:
    front = ready()
    front.receive(NotLoaded(front.begin_load(LoadRequest("p")), ErrorInfo("load_failed", "torn")))
    assert front.status().state == "error"
    assert front.status().error == ErrorInfo("load_failed", "torn")
    front.begin_load(LoadRequest("p"))
    assert front.status().error is None


def test_settled_waits_while_a_load_is_in_progress() -> None:
    async def scenario() -> None:
        front = ready()
        assert (await front.settled()).state == "not_loaded"
        ticket = front.begin_load(LoadRequest("p"))
        waiting = asyncio.create_task(front.settled())
        await asyncio.sleep(0)
        assert not waiting.done()
        front.receive(Loaded(ticket, PIPELINE))
        assert (await waiting).state == "loaded"
        front.begin_load(LoadRequest("p"))
        front.begin_unload()
        assert (await front.settled()).state == "not_loaded"

    asyncio.run(scenario())


def test_an_unknown_pipeline_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownPipeline, match="Known: p"):
        ready().require_known("q")


def test_only_streams_somebody_watches_count_against_the_device() -> None:
    front = ready()
    front.receive(Loaded(front.begin_load(LoadRequest("p")), PIPELINE))
    first, _ = playing(front, "a"), playing(front, "b")
    with pytest.raises(AtCapacity):
        front.admit(OpenRequest("c"))
    first.play(None)
    assert front.admit(OpenRequest("c"))
    with pytest.raises(ValueError, match="open already"):
        front.admit(OpenRequest("a"))


def test_there_is_a_limit_to_the_number_of_streams() -> None:
    front = ready(max_streams=1, max_load=9)
    front.receive(Loaded(front.begin_load(LoadRequest("p")), PIPELINE))
    playing(front, "a").play(None)
    with pytest.raises(AtCapacity, match="1 places"):
        front.admit(OpenRequest("b"))


def test_reports_reach_their_stream_and_those_of_a_past_one_nobody() -> None:
    front = ready()
    front.receive(Loaded(front.begin_load(LoadRequest("p")), PIPELINE))
    stream = playing(front, "a")
    front.receive(Rewound("a", 0))
    front.receive(Told(StreamStopped("a", StopReason.OUT_OF_MEMORY)))
    front.receive(Told(StreamStopped("a", StopReason.OUT_OF_MEMORY)))
    assert front.status().streams == 0
    assert front.stream("a") is None
    assert asyncio.run(stream.next_event()) == StreamStopped("a", StopReason.OUT_OF_MEMORY)


def test_the_seed_is_the_streams_own_else_the_loads_else_random() -> None:
    assert seed_of(OpenRequest("a", seed=3), PIPELINE) == 3
    assert seed_of(OpenRequest("a", initial=ControlUpdate(0, seed=4)), PIPELINE) == 4
    assert seed_of(OpenRequest("a"), PIPELINE) == 9
    bare = LoadedPipeline("p", PIPELINE.format, 4, 0.1, None)
    assert len({seed_of(OpenRequest("a"), bare) for _ in range(20)}) > 1


def test_a_buffer_holds_the_lead_a_chunk_and_what_the_reader_keeps() -> None:
    assert lead_room_s(PIPELINE) == 0.75
    assert slots(PIPELINE) == 12 + 4 + 4


def test_a_parked_stream_comes_back_under_the_rules_of_a_new_one() -> None:
    front = ready()
    front.receive(Loaded(front.begin_load(LoadRequest("p")), PIPELINE))
    stream = playing(front, "a")
    stream.play(None)
    playing(front, "b"), playing(front, "c")
    with pytest.raises(AtCapacity):
        front.readmit(stream)
    front.begin_unload()
    with pytest.raises(PipelineNotLoaded):
        front.readmit(stream)
    changed = LoadedPipeline("p", VideoFormat(64, 32, 16), 4, 0.1, 9, {"width": 80})
    front.receive(Loaded(front.begin_load(LoadRequest("p")), changed))
    with pytest.raises(PipelineNotLoaded, match="Another"):
        front.readmit(stream)
    front.receive(Loaded(front.begin_load(LoadRequest("p")), PIPELINE))
    for each in front.streams():
        each.finish(StopReason.CLOSED, None)
    assert front.readmit(stream) is PIPELINE
