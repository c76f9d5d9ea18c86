import asyncio

from scope.engine.supervisor import Patience
from scope.engine.turn_watch import TurnWatch

PATIENCE = Patience(stall_s=0.02, stall_medians=1, kill_factor=2, start_s=0.02)

HUNG = ["A chunk has taken more than 0.0 s so far.", "hung in a chunk"]


def watched(*steps: str) -> list[str]:
    async def scenario() -> list[str]:
        heard: list[str] = []
        done = asyncio.Event()

        def give_up(why: str) -> None:
            heard.append(why)
            done.set()

        watch = TurnWatch(PATIENCE, stalled=heard.append, give_up=give_up)
        for step in steps:
            if step == "turn":
                watch.began("a chunk", 0.0)
            else:
                getattr(watch, step)()
        if steps[-1] == "rest":
            done.set()
        await asyncio.wait_for(done.wait(), 10)
        watch.rest()
        return heard

    return asyncio.run(scenario())


def test_a_turn_that_does_not_end_is_stalled_and_then_given_up() -> None:
    assert watched("turn") == HUNG


def test_a_child_that_does_not_start_is_given_up() -> None:
    assert watched("starting") == ["did not start in time"]


def test_a_turn_that_ends_is_nothing_to_speak_of() -> None:
    assert watched("turn", "rest") == []


def test_there_is_one_timer_at_a_time() -> None:
    assert watched("starting", "turn") == HUNG
