"""Background work has an owner."""

import asyncio

import pytest
import structlog

from scope.sessions.tasks import OwnedTasks

pytestmark = pytest.mark.anyio


async def test_the_end_of_the_owner_is_the_end_of_its_tasks() -> None:
    tasks, ended = OwnedTasks(), []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    for _ in range(3):
        tasks.start(wait(), name="wait")
    await asyncio.sleep(0)
    await tasks.aclose()
    assert len(ended) == 3
    assert len(tasks) == 0


async def test_a_task_that_raises_is_heard() -> None:
    tasks = OwnedTasks()

    async def fail() -> None:
        raise ValueError("a mistake")

    with structlog.testing.capture_logs() as logs:
        tasks.start(fail(), name="failing")
        await tasks.join()
    assert [(entry["event"], entry["task"]) for entry in logs] == [
        ("background_task_failed", "failing")
    ]


async def test_joining_waits_for_work_that_starts_more_work() -> None:
    tasks, done = OwnedTasks(), []

    async def second() -> None:
        done.append(2)

    async def first() -> None:
        tasks.start(second(), name="second")
        done.append(1)

    tasks.start(first(), name="first")
    await tasks.join()
    assert done == [1, 2]
