"""With `sender_seam`, the one place that touches private names of aiortc 1.16 and aioice 0.13.

Each function adds one behaviour to one object of theirs, never to a module, because there
is no public way. `tests/rtc/test_seams.py` fails when a name they rely on goes away. It
decides nothing about peers; what to do comes in as arguments.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from aioice.ice import Connection, StunProtocol
from aioice.turn import TurnTransport
from aiortc import RTCDtlsTransport, RTCIceTransport, RTCPeerConnection, RTCRtpSender
from aiortc import RTCSctpTransport as Sctp
from aiortc.rtcicetransport import parse_stun_turn_uri
from OpenSSL import SSL

Spawn = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]

LOOPBACK = "127.0.0.1"
MAX_INBOUND_DATAGRAMS = 1_000
MAX_MALFORMED_IN_A_ROW = 100
LAST_STUN_BYTE = 3
MALFORMED = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    struct.error,
)
"""What parsing a bad SCTP, RTP or RTCP packet raises somewhere inside the library."""


def ice_of(transport: RTCIceTransport) -> Connection:
    """The ICE connection below a transport."""
    return transport._connection


def own_tasks(
    connection: RTCPeerConnection, dtls: RTCDtlsTransport, sender: RTCRtpSender, *, spawn: Spawn
) -> None:
    """Run the library's background work as tasks of ours, so that none goes unwatched."""
    for owner, name in (
        (connection, "_RTCPeerConnection__connect"),
        (dtls, "_RTCDtlsTransport__run"),
        (sender, "_run_rtcp"),
    ):
        setattr(owner, name, spawning(getattr(owner, name), spawn))


def on_self_close(connection: RTCPeerConnection, ended: Callable[[], Awaitable[None]]) -> None:
    """Call `ended` where the library would close the connection on its own account."""
    setattr(connection, "close", ended)  # noqa: B010  assigning a method


def shape_gathering(ice: Connection, *, with_loopback: bool, timeout_s: float) -> None:
    """Offer 127.0.0.1 too, wait no longer than `timeout_s`, and filter what comes in."""
    original = ice.get_component_candidates

    async def gather(component: int, addresses: list[str], timeout: int = 5) -> Any:  # noqa: ASYNC109
        wanted = [LOOPBACK, *addresses] if with_loopback else addresses
        candidates = await original(component, wanted, timeout=timeout_s)  # type: ignore[arg-type]
        for protocol in ice._protocols:
            _filter_inbound(ice, protocol)
        return candidates

    setattr(ice, "get_component_candidates", gather)  # noqa: B010


def end_consent_with(ice: Connection) -> None:
    """Check consent no longer than the connection lives.

    A connection closed between its last check and the end of `connect` would start these
    checks afterwards and never stop them.
    """
    original = ice.query_consent

    async def query_consent() -> None:
        if not ice._closing:
            await original()

    setattr(ice, "query_consent", query_consent)  # noqa: B010


def lose_instead_of_raising(dtls: RTCDtlsTransport) -> None:
    """What is sent over a dead transport is lost; a timer of SCTP's can do nothing about it."""
    original = dtls._send_data

    async def send(data: bytes) -> None:
        with suppress(ConnectionError, SSL.Error):
            await original(data)

    setattr(dtls, "_send_data", send)  # noqa: B010


def drop_malformed(dtls: RTCDtlsTransport, on_malformed: Callable[[Exception], None]) -> None:
    """A datagram that can not be read is dropped instead of ending the connection."""
    original = dtls._recv_next
    in_a_row = 0

    async def receive_next() -> None:
        nonlocal in_a_row
        try:
            await original()
        except SSL.Error as error:
            raise ConnectionError from error
        except MALFORMED as error:
            in_a_row += 1
            on_malformed(error)
            if in_a_row > MAX_MALFORMED_IN_A_ROW:
                raise ConnectionError from error
        else:
            in_a_row = 0

    setattr(dtls, "_recv_next", receive_next)  # noqa: B010


def watch_reports(dtls: RTCDtlsTransport, on_report: Callable[[], None]) -> None:
    """Call `on_report` for every authenticated RTCP packet that comes in."""
    original = dtls._handle_rtcp_data

    async def handle(data: bytes) -> None:
        on_report()
        await original(data)

    setattr(dtls, "_handle_rtcp_data", handle)  # noqa: B010


def watch_feedback(sender: RTCRtpSender, on_packet: Callable[[Any], None]) -> None:
    """Show every RTCP packet meant for `sender` to `on_packet` first, which may change it."""
    original = sender._handle_rtcp_packet

    async def handle(packet: Any) -> None:
        on_packet(packet)
        await original(packet)

    setattr(sender, "_handle_rtcp_packet", handle)  # noqa: B010


def watch_channel_bytes(sctp: Sctp, on_bytes: Callable[[int], None]) -> None:
    """Tell the size of every SCTP packet that comes in, before it is looked at."""
    original = sctp._handle_data

    async def handle(data: bytes) -> None:
        on_bytes(len(data))
        await original(data)

    setattr(sctp, "_handle_data", handle)  # noqa: B010


def receive_window(sctp: Sctp) -> int:
    """What the client may still send of unfinished messages; below 0 it ignored that."""
    return sctp._advertised_rwnd


def is_readable(ice_url: str) -> bool:
    """Whether the library can ask that ICE server; it knows no IPv6 addresses, for one."""
    try:
        parse_stun_turn_uri(ice_url)
    except ValueError:
        return False
    return True


def is_flushed(sctp: Sctp) -> bool:
    """Whether everything sent over data channels has been acknowledged."""
    return not (sctp._data_channel_queue or sctp._outbound_queue or sctp._sent_queue)


def drop_sockets(ice: Connection) -> None:
    """Close what an interrupted close has left open."""
    for protocol in ice._protocols:
        transport: Any = protocol.transport
        if isinstance(transport, TurnTransport):
            # It waits up to a minute for its server to delete the allocation, which ends by itself.
            relay: Any = transport
            if relay._TurnTransport__close_task is not None:
                relay._TurnTransport__close_task.cancel()
            transport = relay._TurnTransport__inner_protocol.transport
        transport.abort()
    ice._protocols.clear()


def spawning(
    method: Callable[..., Coroutine[Any, Any, Any]], spawn: Spawn
) -> Callable[..., asyncio.Task[Any]]:
    """`method` as the library calls it, run as a task of ours."""
    return lambda *arguments: spawn(method(*arguments))


def _filter_inbound(ice: Connection, protocol: StunProtocol) -> None:
    """Only addresses that passed an ICE check may send anything but STUN, and not too much."""
    original = protocol.datagram_received
    known: set[tuple[str, int]] = set()

    def received(data: bytes, address: tuple[Any, ...]) -> None:
        if not data or ice._queue.qsize() >= MAX_INBOUND_DATAGRAMS:
            return
        source = (address[0], address[1])
        if data[0] > LAST_STUN_BYTE and source not in known:
            known.update((c._network_host, c.port) for c in ice._remote_candidates)
            if source not in known:
                return
        original(data, address)

    setattr(protocol, "datagram_received", received)  # noqa: B010
