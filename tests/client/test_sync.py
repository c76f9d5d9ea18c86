"""The client without `await`, on a server in a loop of its own; also where a loop runs already."""

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from scope.client import api, stream
from scope.client.errors import BadParameter, NotFound, Unreachable
from scope.client.sync import Client, Stream
from tests.cli.conftest import Aside
from tests.client.test_stream import shows


@pytest.fixture(scope="module")
def aside() -> Iterator[Aside]:
    made = Aside()
    yield made
    made.end()


@pytest.fixture
def client(aside: Aside) -> Iterator[Client]:
    with Client(aside.url) as made:
        yield made


def test_a_script_plays_changes_and_keeps(client: Client, tmp_path: Path) -> None:
    with client.stream("one", seed=42) as playing:
        assert playing.hello is not None
        assert playing.hello.seed == 42
        assert playing.prompt("two", steps=0).elapsed_s > 0
        assert next(picture for picture in playing.frames() if shows(picture, "two"))
        assert list(client.sessions()) == [playing.id]
        assert client.parameters(playing.id)["prompts"][0]["text"] == "two"
        assert playing.snapshot(tmp_path / "shot.png").info["seed"] == "42"
        path = playing.record(tmp_path / "take.mp4", seconds=0.5)
        playing.pause()
        assert playing.state == "paused"
        playing.resume()
        assert next(event for event in playing.events() if event.kind == "stats").body["fps"] >= 0
    assert playing.state == "closed"
    assert client.sessions() == {}
    with av.open(path) as film:
        assert film.streams.video[0].width == 512


def test_errors_are_those_of_the_other_client(client: Client) -> None:
    with client.stream("one") as playing, pytest.raises(BadParameter) as caught:
        playing.set(seed="x")
    assert caught.value.field == "seed"
    with pytest.raises(NotFound):
        client.parameters("nobody")
    with Client("http://127.0.0.1:1") as nowhere, pytest.raises(Unreachable):
        nowhere.health()


def test_it_works_where_a_loop_runs_as_in_a_notebook(client: Client) -> None:
    async def cell() -> str:
        return client.load("testcard", width=512, height=128).status

    assert asyncio.run(cell()) == "loaded"


@pytest.mark.parametrize(("one", "other"), [(api.Client, Client), (stream.Stream, Stream)])
def test_it_has_what_the_other_client_has(one: type, other: type) -> None:
    """But for what makes no sense without `await`, and what only measuring needs."""
    left_out = {"aclose", "model", "load_ended", "begin", "end", "watch", "picture", "recording"}
    for name in {name for name in vars(one) if not name.startswith("_")} - left_out:
        assert hasattr(other, name), name
        mine, theirs = vars(one)[name], vars(other)[name]
        if inspect.isfunction(mine):
            assert set(inspect.signature(theirs).parameters) >= set(
                inspect.signature(mine).parameters
            ) - {"ice_servers"}, name
