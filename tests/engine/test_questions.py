import asyncio

import pytest

from scope.engine.messages import Check, Checked, Command
from scope.engine.questions import NoAnswer, Questions
from scope.errors import InvalidParameters, WorkerLost
from scope.events import ErrorInfo


def test_answers_find_their_questions() -> None:
    async def scenario() -> None:
        up, asked = asyncio.Event(), list[Command]()
        questions = Questions(up=up, post=asked.append, answer_s=10)
        good = asyncio.create_task(questions.check("p", load={"a": 1}))
        bad = asyncio.create_task(questions.check("p", changes={"b": 2}))
        await asyncio.sleep(0)
        assert not asked  # nobody is there to ask yet
        up.set()
        await asyncio.sleep(0.01)
        assert asked == [Check(1, "p", load={"a": 1}), Check(2, "p", changes={"b": 2})]
        questions.answered(Checked(2, ErrorInfo("invalid_parameters", "b: no", "b")))
        questions.answered(Checked(1, None))
        questions.answered(Checked(7, None))
        await good
        with pytest.raises(InvalidParameters) as caught:
            await bad
        assert caught.value.field == "b"

    asyncio.run(scenario())


def test_a_lost_worker_is_an_answer_too() -> None:
    async def scenario() -> None:
        up = asyncio.Event()
        up.set()
        questions = Questions(up=up, post=lambda _: None, answer_s=10)
        waiting = asyncio.create_task(questions.check("p", load={}))
        await asyncio.sleep(0.01)
        questions.lost("it died")
        with pytest.raises(WorkerLost, match="it died"):
            await waiting
        questions.lost("again")

    asyncio.run(scenario())


def test_silence_is_told_apart() -> None:
    async def scenario() -> None:
        questions = Questions(up=asyncio.Event(), post=lambda _: None, answer_s=0.01)
        with pytest.raises(NoAnswer):
            await questions.check("p", load={})

    asyncio.run(scenario())
