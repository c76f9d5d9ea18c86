"""The memory of ended connections is given back."""

import gc
import weakref
from typing import Any

import pytest

from scope.server.tidying import Tidying, returner

pytestmark = pytest.mark.anyio


class Knot:
    """Garbage that only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


def peer(*_: Any) -> Any:
    return Knot()


async def test_what_an_ended_peer_leaves_is_freed_and_a_living_one_stays() -> None:
    living = 2
    tidying = Tidying(living=lambda: living)
    make = tidying.counting(peer)
    gc.disable()
    try:
        kept, ended = make("a", None, True), weakref.ref(make("b", None, True))  # type: ignore[arg-type]
        assert not await tidying.look()
        assert ended() is not None
        living = 1
        assert await tidying.look()
        assert ended() is None
        assert kept is not None
    finally:
        gc.enable()


async def test_nothing_is_done_twice_or_without_need() -> None:
    tidying = Tidying(living=lambda: 0)
    assert not await tidying.look()
    tidying.counting(peer)("a", None, True)  # type: ignore[arg-type]
    assert await tidying.look()
    assert not await tidying.look()


def test_memory_can_be_given_back_here() -> None:
    returner()()
