import threading
from collections.abc import Iterator

import pytest

from scope.engine.texts_ahead import FAILURES_KEPT, NothingAhead, TextsAhead

WAIT_S = 10


class Gated:
    """Texts that become ready one by one, when the test lets them."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.begun: list[str] = []
        self.begins = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def __contains__(self, text: str) -> bool:
        return text in self.known

    def unused(self, text: str) -> str:
        return text[5:]

    def prepare(self, text: str) -> None:
        self.begun.append(text)
        self.begins.release()
        assert self.gate.acquire(timeout=WAIT_S)
        if text.startswith("bad"):
            raise RuntimeError(f"no words for {text}")
        self.known.add(text)


class Bench:
    def __init__(self) -> None:
        self.texts = Gated()
        self.news = threading.Semaphore(0)
        self.ahead = TextsAhead(self.texts, news=self.news.release)

    def begins(self) -> str:
        assert self.texts.begins.acquire(timeout=WAIT_S)
        return self.texts.begun[-1]

    def ends(self) -> None:
        self.texts.gate.release()
        assert self.news.acquire(timeout=WAIT_S)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.ahead.close()
    made.texts.gate.release(100)


def test_a_text_is_not_ready_until_it_is_through(bench: Bench) -> None:
    bench.ahead.want("s", ("a",))
    assert bench.begins() == "a"
    assert not bench.ahead.ready(("a",))
    bench.ends()
    assert bench.ahead.ready(("a",))
    assert bench.ahead.ready(())
    assert bench.ahead.failure(("a",)) is None


def test_what_a_stream_wants_now_replaces_what_it_wanted(bench: Bench) -> None:
    bench.ahead.want("s", ("a",))
    assert bench.begins() == "a"
    bench.ahead.want("s", ("b",))
    bench.ahead.want("s", ("c", "d"))
    bench.ends()
    assert bench.begins() == "c"
    bench.ends()
    assert bench.begins() == "d"
    bench.ends()
    assert bench.texts.begun == ["a", "c", "d"]


def test_streams_take_turns(bench: Bench) -> None:
    bench.ahead.want("s", ("a", "b", "c"))
    assert bench.begins() == "a"
    bench.ahead.want("t", ("x", "y"))
    for text in ("b", "x", "c", "y"):
        bench.ends()
        assert bench.begins() == text
    bench.ends()


def test_a_stream_that_is_gone_wants_nothing(bench: Bench) -> None:
    bench.ahead.want("s", ("a",))
    bench.begins()
    bench.ahead.want("t", ("b",))
    bench.ahead.want("u", ("c",))
    bench.ahead.forget("t")
    bench.ahead.forget("nobody")
    bench.ends()
    assert bench.begins() == "c"
    bench.ends()


def test_what_is_known_is_not_done_again(bench: Bench) -> None:
    bench.texts.known.add("a")
    bench.ahead.want("s", ("a", "b", "b"))
    assert bench.begins() == "b"
    bench.ends()
    bench.ahead.want("s", ("a", "b"))
    assert bench.texts.begun == ["b"]


def test_a_text_that_can_not_be_had_holds_nobody_up_and_says_why(bench: Bench) -> None:
    bench.ahead.want("s", ("bad", "a"))
    bench.begins()
    bench.ends()
    bench.begins()
    bench.ends()
    assert bench.ahead.ready(("bad", "a"))
    failure = bench.ahead.failure(("a", "bad"))
    assert failure
    assert failure.code == "generation_failed"
    assert "no words" in failure.detail


def test_failures_are_forgotten_in_time(bench: Bench) -> None:
    bench.texts.gate.release(FAILURES_KEPT + 1)
    bench.ahead.want("s", tuple(f"bad {n}" for n in range(FAILURES_KEPT + 1)))
    for _ in range(FAILURES_KEPT + 1):
        assert bench.news.acquire(timeout=WAIT_S)
    assert bench.ahead.failure(("bad 0",)) is None
    assert bench.ahead.failure((f"bad {FAILURES_KEPT}",))


def test_after_the_end_nothing_begins(bench: Bench) -> None:
    bench.ahead.close()
    bench.ahead.want("s", ("a",))
    assert bench.texts.begun == []


def test_what_is_not_read_of_a_text_is_told(bench: Bench) -> None:
    assert bench.ahead.unused("a very long one") == "y long one"
    assert bench.ahead.unused("short") == ""
    assert NothingAhead().unused("a very long one") == ""
