import asyncio
import time

from scope.engine.ear_watch import EarWatch
from scope.engine.supervisor import Patience

PATIENCE = Patience(stall_s=0.02, stall_medians=1, kill_factor=2, ask_s=0.01, load_silent_s=0.5)
STALLED = "stalled: The worker has not answered for 0.0 s."
GIVEN_UP = "given up: did not answer"


class Child:
    """One that answers so many questions, and all that is heard of it."""

    def __init__(self, *, answers: int) -> None:
        self.heard: list[str] = []
        self.given_up = asyncio.Event()
        self.asked_again = asyncio.Event()
        self._answers = answers
        self.watch = EarWatch(PATIENCE, ask=self._ask, stalled=self._stalled, give_up=self._give_up)
        self.watch.begin()

    def _ask(self) -> None:
        self.heard.append("asked")
        if self.heard.count("asked") <= self._answers:
            asyncio.get_running_loop().call_soon(self.watch.heard)
        else:
            self.asked_again.set()

    def _stalled(self, why: str) -> None:
        self.heard.append(f"stalled: {why}")

    def _give_up(self, why: str) -> None:
        self.heard.append(f"given up: {why}")
        self.given_up.set()


def test_one_that_answers_is_only_asked_again() -> None:
    async def scenario() -> None:
        child = Child(answers=5)
        await asyncio.wait_for(child.asked_again.wait(), 10)
        child.watch.rest()
        assert child.heard == ["asked"] * 6

    asyncio.run(scenario())


def test_one_that_is_silent_is_stalled_then_given_up_and_asked_no_more() -> None:
    async def scenario() -> None:
        child = Child(answers=1)
        await asyncio.wait_for(child.given_up.wait(), 10)
        await asyncio.sleep(3 * PATIENCE.ask_s)
        assert child.heard == ["asked", "asked", STALLED, GIVEN_UP]

    asyncio.run(scenario())


def test_silence_is_borne_longer_in_a_load_and_where_a_chunk_takes_long() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        loading, slow = Child(answers=0), Child(answers=0)
        loading.watch.loads(True)
        slow.watch.usual_s = 0.3
        for child, least_s in ((loading, 0.5), (slow, 0.6)):
            await asyncio.wait_for(child.given_up.wait(), 10)
            assert loop.time() - began_s >= least_s - PATIENCE.ask_s

    asyncio.run(scenario())


def test_the_end_of_a_load_begins_the_silence_anew() -> None:
    async def scenario() -> None:
        child = Child(answers=0)
        child.watch.loads(True)
        await asyncio.sleep(0.2)
        child.watch.loads(False)
        child.watch.heard()
        await asyncio.sleep(0)
        assert GIVEN_UP not in child.heard
        child.watch.rest()

    asyncio.run(scenario())


def test_a_parent_that_was_held_up_itself_does_not_blame_its_child() -> None:
    async def scenario() -> None:
        child = Child(answers=10)
        for _ in range(3):
            time.sleep(0.1)  # noqa: ASYNC251 - so that timers are due before answers are heard
            await asyncio.sleep(PATIENCE.ask_s)
        child.watch.rest()
        assert set(child.heard) == {"asked"}

    asyncio.run(scenario())


def test_nobody_is_asked_once_it_rests() -> None:
    async def scenario() -> None:
        child = Child(answers=5)
        child.watch.rest()
        await asyncio.sleep(3 * PATIENCE.ask_s)
        assert child.heard == ["asked"]

    asyncio.run(scenario())
