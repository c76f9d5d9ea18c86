import errno
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.rtc.datagrams import MOST_SEGMENTS, Datagrams, runs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the call exists on Linux only")


class Transport:
    """What the event loop's datagram transport is to us, on a real socket."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.single = 0
        self.closing = False
        self.waiting = 0

    def get_extra_info(self, name: str) -> Any:
        return self.socket if name == "socket" else None

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self.single += 1
        self.socket.sendto(data, address)


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.socket.close()


@pytest.fixture
def far_end() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


PICTURE = [bytes([n]) * 1200 for n in range(9)] + [b"end" * 50]


def test_a_picture_arrives_as_the_datagrams_it_is_made_of(
    transport: Transport, far_end: socket.socket
) -> None:
    Datagrams(transport).send(PICTURE, far_end.getsockname())
    assert [far_end.recv(2000) for _ in PICTURE] == PICTURE
    assert transport.single == 0
    assert transport.socket.fileno() >= 0, "the descriptor was only borrowed"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_where_the_kernel_can_not_each_goes_by_itself(
    transport: Transport,
    far_end: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    def refuse(*_: Any) -> int:
        raise OSError(number, "no")

    datagrams = Datagrams(transport)
    monkeypatch.setattr(socket.socket, "sendmsg", refuse)
    datagrams.send(PICTURE, far_end.getsockname())
    assert [far_end.recv(2000) for _ in PICTURE] == PICTURE
    assert transport.single == len(PICTURE)
    assert not datagrams.at_once, "nor will it be able to later"


def test_an_error_that_passes_is_not_held_against_the_kernel(
    transport: Transport, far_end: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> int:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "an answer to an earlier datagram")

    datagrams = Datagrams(transport)
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "sendmsg", refuse)
        datagrams.send(PICTURE, far_end.getsockname())
    assert datagrams.at_once
    assert [far_end.recv(2000) for _ in PICTURE] == PICTURE


def test_what_waits_already_is_not_overtaken(transport: Transport, far_end: socket.socket) -> None:
    transport.waiting = 1
    datagrams = Datagrams(transport)
    datagrams.send(PICTURE, far_end.getsockname())
    assert transport.single == len(PICTURE)
    assert datagrams.waiting_bytes == 1


class Relay:
    """A relay's transport: no socket of its own, no count."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def get_extra_info(self, name: str) -> None:
        return None

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self.sent.append(data)


def test_a_relay_gets_one_after_the_other() -> None:
    relay = Relay()
    datagrams = Datagrams(relay)
    datagrams.send(PICTURE, ("192.0.2.1", 9))
    assert relay.sent == PICTURE
    assert datagrams.waiting_bytes == 0


@given(st.lists(st.integers(1, 4), max_size=150))
def test_a_run_is_of_one_size_but_for_its_last(sizes: list[int]) -> None:
    datagrams = [b"x" * size for size in sizes]
    cut = [list(run) for run in runs(datagrams)]
    assert [datagram for run in cut for datagram in run] == datagrams
    for run in cut:
        lengths = [len(datagram) for datagram in run]
        assert len(set(lengths[:-1])) <= 1
        assert lengths[-1] <= lengths[0]
        assert len(run) <= MOST_SEGMENTS
