import asyncio

import pytest

from scope.engine.api import StreamFigures
from scope.engine.child_watch import ChildWatch
from scope.engine.messages import Busy, Here, Idle, Ready, Report, TurnBegan, TurnEnded
from scope.engine.supervisor import Patience

PATIENCE = Patience(stall_s=0.02, stall_medians=1, kill_factor=2, start_s=0.02, ask_s=0.01)
NEVER_ASKED = Patience(stall_s=0.02, stall_medians=1, kill_factor=2, ask_s=60)
ENDED = TurnEnded("a", StreamFigures(1, 1, 0.0, 0.0))


class Listener:
    def __init__(self, patience: Patience, *, answers: bool = True) -> None:
        self.asked = 0
        self.warned: list[str] = []
        self.given_up = asyncio.get_running_loop().create_future()
        self._answers = answers
        self.watch = ChildWatch(
            patience, ask=self._ask, stalled=self.warned.append, give_up=self.given_up.set_result
        )

    def _ask(self) -> None:
        self.asked += 1
        if self._answers:
            asyncio.get_running_loop().call_soon(self.watch.heard, Here())


@pytest.mark.parametrize(
    ("began", "what"),
    [(TurnBegan("a", 0.0), "a chunk"), (Busy("the dump of a stream", 0.0), "the dump of a stream")],
)
def test_what_does_not_end_is_stalled_and_then_given_up_though_it_answers(
    began: Report, what: str
) -> None:
    async def scenario() -> None:
        listener = Listener(PATIENCE)
        listener.watch.starting()
        listener.watch.heard(Ready({}))
        listener.watch.heard(began)
        assert await asyncio.wait_for(listener.given_up, 10) == f"hung in {what}"
        (warning,) = listener.warned
        assert warning.lower() == f"{what} has taken more than 0.0 s so far."
        listener.watch.rest()

    asyncio.run(scenario())


def test_what_ends_and_is_answered_is_nothing_to_speak_of() -> None:
    async def scenario() -> None:
        listener = Listener(NEVER_ASKED)
        listener.watch.heard(Ready({}))
        for report in (TurnBegan("a", 0.0), ENDED, Busy("an update", 0.0), Idle()):
            listener.watch.heard(report)
        await asyncio.sleep(0.1)
        assert (listener.warned, listener.given_up.done()) == ([], False)
        listener.watch.rest()

    asyncio.run(scenario())


def test_one_that_does_nothing_and_does_not_answer_is_given_up() -> None:
    async def scenario() -> None:
        listener = Listener(PATIENCE, answers=False)
        listener.watch.heard(Ready({}))
        assert await asyncio.wait_for(listener.given_up, 10) == "did not answer"
        assert listener.asked == 1
        assert listener.warned == ["The worker has not answered for 0.0 s."]

    asyncio.run(scenario())


def test_of_one_that_hangs_and_does_not_answer_only_the_first_is_told() -> None:
    async def scenario() -> None:
        patience = Patience(stall_s=0.05, stall_medians=1, kill_factor=20, ask_s=0.01)
        listener = Listener(patience, answers=False)
        listener.watch.heard(Ready({}))
        listener.watch.heard(TurnBegan("a", 0.0))
        await asyncio.sleep(0.3)
        assert len(listener.warned) == 1
        listener.watch.rest()

    asyncio.run(scenario())
