from typing import Any

import pytest

from scope.clock import ManualClock
from scope.rtc.api import PeerConfig
from scope.rtc.channel import ControlChannel


class Line:
    """A data channel that only remembers."""

    def __init__(self, *, waiting: int = 0, largest: int | None = None) -> None:
        self.readyState = "open"
        self.bufferedAmount = waiting
        self.sent: list[str] = []
        self._largest = largest
        self._handlers: dict[str, Any] = {}

    def on(self, event: str, handler: Any) -> None:
        self._handlers[event] = handler

    def send(self, text: str) -> None:
        if self._largest is not None and len(text) > self._largest:
            raise ValueError("too large for the client")
        self.sent.append(text)

    def says(self, message: str | bytes) -> None:
        self._handlers["message"](message)

    def close(self) -> None:
        self.readyState = "closed"
        if "close" in self._handlers:
            self._handlers["close"]()


class Desk:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.notes: list[Any] = []
        self.channel = ControlChannel(
            config=PeerConfig(),
            clock=self.clock,
            opened=lambda: self.notes.append("opened"),
            message=self.notes.append,
            refused=lambda error: self.notes.append(error.code),
            flooded=lambda: self.notes.append("flooded"),
            stuck=lambda: self.notes.append("stuck"),
        )

    def opens(self, line: Line | None = None) -> Line:
        line = line or Line()
        self.channel.accept(line)  # type: ignore[arg-type]
        return line


def test_the_first_channel_opens_the_line_and_messages_pass() -> None:
    desk = Desk()
    line = desk.opens()
    line.says("words")
    line.says(b"bytes")
    assert desk.notes == ["opened", "words", b"bytes"]


def test_what_we_say_goes_over_the_first_open_channel() -> None:
    desk = Desk()
    assert not desk.channel.notify("nobody there")
    first, second = desk.opens(), desk.opens()
    assert desk.channel.notify("a")
    first.close()
    assert desk.channel.notify("b")
    assert (first.sent, second.sent) == (["a"], ["b"])


def test_a_third_channel_is_closed_again_and_a_seventeenth_is_a_flood() -> None:
    desk = Desk()
    lines = [desk.opens() for _ in range(16)]
    assert [line.readyState for line in lines] == ["open"] * 2 + ["closed"] * 14
    assert "flooded" not in desk.notes
    desk.opens()
    assert desk.notes[-1] == "flooded"


@pytest.mark.parametrize("message", ["x" * 65_537, "ü" * 32_769, b"x" * 65_537, "x" * 3_000_000])
def test_a_large_message_is_refused_unread(message: str | bytes) -> None:
    desk = Desk()
    desk.opens().says(message)
    assert desk.notes == ["opened", "too_large"]


def test_the_largest_allowed_message_passes() -> None:
    desk = Desk()
    desk.opens().says("x" * 65_536)
    assert desk.notes[-1] == "x" * 65_536


def test_what_is_no_text_is_refused() -> None:
    desk = Desk()
    desk.channel.not_text()
    assert desk.notes == ["invalid_parameters"]


def test_more_bytes_than_anybody_needs_are_a_flood() -> None:
    desk = Desk()
    for _ in range(4):
        desk.channel.count(2**20)
    assert desk.notes == []
    desk.channel.count(1)
    assert desk.notes == ["flooded"]


def test_a_slider_is_a_user_and_a_hundred_times_that_is_a_flood() -> None:
    desk = Desk()
    line = desk.opens()
    for _ in range(120 * 60):
        line.says("{}")
        desk.clock.advance(1 / 120)
    assert "flooded" not in desk.notes
    for _ in range(10_000):
        line.says("{}")
    assert desk.notes[-1] == "flooded"


def test_the_same_bytes_spread_out_are_fine() -> None:
    desk = Desk()
    for _ in range(100):
        desk.channel.count(2**20)
        desk.clock.advance(2.6)
    assert desk.notes == []


def test_what_may_be_dropped_is_dropped_first_and_then_the_peer_is_stuck() -> None:
    desk = Desk()
    line = desk.opens(Line(waiting=20_000))
    assert not desk.channel.notify("stats", droppable=True)
    assert desk.channel.notify("error")
    line.bufferedAmount = 1024 * 1024
    assert not desk.channel.notify("error")
    assert desk.notes[-1] == "stuck"
    assert line.sent == ["error"]


def test_what_the_client_can_not_take_is_not_sent() -> None:
    desk = Desk()
    desk.opens(Line(largest=10))
    assert not desk.channel.notify("x" * 11)
