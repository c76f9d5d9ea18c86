"""The Python client and the real command, whose worker is killed."""

import asyncio
import os
import signal
from typing import Any

from bench.process import worker_pid
from scope.client.api import Client


def test_a_killed_worker_costs_a_pause_and_no_update(serve: Any) -> None:
    server = serve()

    async def play() -> None:
        async with Client(server.base) as client, client.stream("before", seed=3) as stream:
            await stream.prompt("on the way", steps=0)
            first = stream.id
            os.kill(worker_pid(server.process.pid), signal.SIGKILL)
            async for event in stream.events():
                if event.body.get("state") == "reconnecting":
                    break
            await stream.prompt("after", steps=0)
            assert stream.id != first
            told = await client.parameters(stream.id)
            assert [prompt["text"] for prompt in told["prompts"]] == ["after"]
            assert told["seed"] == 3

    asyncio.run(asyncio.wait_for(play(), 60))
