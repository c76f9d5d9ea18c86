import asyncio

from scope.engine.api import LoadRequest
from scope.engine.front import Capacity, Front
from scope.engine.messages import Load, Loaded, LoadedPipeline, NotLoaded
from scope.engine.wanted import Wanted
from scope.events import ErrorInfo
from scope.frames import VideoFormat

LOST = ErrorInfo("worker_lost", "it died")
PIPELINE = LoadedPipeline("p", VideoFormat(64, 32, 16), 4, 0.1, None)


class Engine:
    """The loop's half of one, with what is wanted of it."""

    def __init__(self) -> None:
        self.front = Front(capacity=Capacity())
        self.wanted = Wanted(self.front)
        self.wanted.begin(LoadRequest("p", {"a": 1}))

    @property
    def ticket(self) -> int:
        command = self.wanted.command()
        assert command
        return command.ticket

    def hear(self, report: Loaded | NotLoaded) -> None:
        self.front.receive(report)
        self.wanted.heard(report)


def test_a_child_is_told_what_is_wanted_until_nothing_is() -> None:
    engine = Engine()
    assert engine.wanted.command() == Load(1, "p", {"a": 1})
    engine.wanted.forget()
    assert engine.wanted.command() is None
    engine.wanted.again(stage="again")
    engine.wanted.lost(LOST)
    assert engine.wanted.command() is None


def test_what_took_its_child_down_is_an_error_and_not_wanted_any_more() -> None:
    engine = Engine()
    engine.wanted.lost(LOST)
    assert engine.wanted.command() is None
    assert (engine.front.status().state, engine.front.status().error) == ("error", LOST)


def test_what_has_worked_is_loading_again_under_a_new_ticket() -> None:
    async def scenario() -> None:
        engine = Engine()
        first = engine.ticket
        engine.hear(Loaded(first, PIPELINE))
        for _ in range(2):  # also when the next child is lost before it has loaded it
            engine.wanted.lost(LOST)
            assert engine.front.status().state == "loading"
            assert engine.ticket > first
        engine.hear(Loaded(first, PIPELINE))
        assert engine.front.status().state == "loading"
        engine.hear(Loaded(engine.ticket, PIPELINE))
        assert (await engine.front.settled()).state == "loaded"

    asyncio.run(scenario())


def test_a_new_request_has_worked_for_nobody_yet() -> None:
    engine = Engine()
    engine.hear(Loaded(engine.ticket, PIPELINE))
    engine.wanted.begin(LoadRequest("q"))
    engine.wanted.lost(LOST)
    assert engine.front.status().state == "error"


def test_what_could_not_be_loaded_is_not_tried_again_but_what_is_newer_is() -> None:
    engine = Engine()
    old = engine.ticket
    engine.wanted.begin(LoadRequest("q"))
    engine.hear(NotLoaded(old, LOST))
    assert engine.wanted.command()
    engine.hear(NotLoaded(engine.ticket, LOST))
    assert engine.wanted.command() is None
