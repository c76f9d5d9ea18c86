"""The contract with the private names of aiortc and aioice, and what hangs on them."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aioice.ice import Connection, StunProtocol
from aioice.turn import TurnClientUdpProtocol, TurnTransport
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtcrtpsender import RTCRtpSender

from scope.rtc import seams
from scope.rtc.api import PeerClosed, PeerConfig
from tests.rtc.ends import Studio, joined

RELAY = ("_TurnTransport__close_task", "_TurnTransport__inner_protocol")
Run = Callable[[Coroutine[Any, Any, None]], None]
on_both_loops = pytest.mark.parametrize("run", ["asyncio", "uvloop"], indirect=True)


def test_every_private_name_we_rely_on_exists(run: Run) -> None:
    async def scenario() -> None:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sender = pc.addTransceiver("video", direction="sendonly").sender
        pc.createDataChannel("x")
        dtls = sender.transport
        ice = seams.ice_of(dtls.transport)
        expected: list[tuple[object, tuple[str, ...]]] = [
            (pc, ("_RTCPeerConnection__connect",)),
            (dtls, ("_RTCDtlsTransport__run", "_recv_next", "_send_data", "_handle_rtcp_data")),
            (sender, ("_run_rtcp", "_handle_rtcp_packet")),
            (ice, ("get_component_candidates", "query_consent", "_closing", "_queue")),
            (ice, ("_protocols", "_remote_candidates")),
            (pc.sctp, ("_handle_data", "_advertised_rwnd", "_data_channel_queue")),
            (pc.sctp, ("_outbound_queue", "_sent_queue")),
            (StunProtocol, ("datagram_received", "send_data", "send_stun")),
            (TurnTransport(TurnClientUdpProtocol(("127.0.0.1", 9), "u", "p", 600, 60)), RELAY),
        ]
        missing = [name for owner, names in expected for name in names if not hasattr(owner, name)]
        assert missing == []
        await pc.close()

    run(scenario())


def test_a_relay_that_does_not_answer_keeps_nothing_open(run: Run) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            inner, protocol = await loop.create_datagram_endpoint(
                lambda: TurnClientUdpProtocol(deaf.getsockname(), "u", "p", 600, 60),
                remote_addr=deaf.getsockname(),
            )
            relay: Any = TurnTransport(protocol)
            ice = Connection(ice_controlling=False)
            link: Any = StunProtocol(ice)
            link.transport = relay
            ice._protocols.append(link)
            relay.close()
            await asyncio.sleep(0)
            closing = relay._TurnTransport__close_task
            seams.drop_sockets(ice)
            await asyncio.wait({closing}, timeout=2)
            assert closing.cancelled()
            assert inner.is_closing()
            assert ice._protocols == []
            await ice.close()

    run(scenario())


def test_the_server_side_decodes_nothing(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, _, _client):
            assert peer._link is not None
            for receiver in peer._link._connection.getReceivers():
                assert getattr(receiver, "_RTCRtpReceiver__decoder_thread") is None  # noqa: B009

    run(scenario())


async def flood(address: tuple[str, int], count: int, first: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(count):
            stranger.sendto(first + os.urandom(100), address)
            if number % 100 == 0:
                await asyncio.sleep(0)


@pytest.mark.parametrize("first", [b"\x00", b"\x16\xfe\xfd", b"\x80\x60", b"\xff", b""])
@on_both_loops
def test_datagrams_of_strangers_change_nothing(run: Run, first: bytes) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, client):
            assert peer._link is not None
            ice = seams.ice_of(peer._link._ice)
            local = next(c for c in ice.local_candidates if c.host == "127.0.0.1")
            async with Studio(peer, owner).playing():
                await client.sees(5)
                await flood((local.host, local.port), 5000, first)
                await client.sees(client.frames + 15)
            assert owner.values("closed") == []

    run(scenario())


@on_both_loops
def test_a_flood_before_the_handshake_is_bounded(run: Run) -> None:
    async def scenario() -> None:
        ice = Connection(ice_controlling=False)
        seams.shape_gathering(ice, with_loopback=True, timeout_s=1)
        await ice.gather_candidates()
        local = next(c for c in ice.local_candidates if c.host == "127.0.0.1")
        for _ in range(30):
            await flood((local.host, local.port), 100, b"\x00")
            await asyncio.sleep(0.001)
        assert ice._queue.qsize() <= seams.MAX_INBOUND_DATAGRAMS
        await ice.close()

    run(scenario())


def test_bytes_that_are_no_text_are_refused_and_the_line_stays(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (_, owner, client):
            assert client.channel is not None
            sctp = client.pc.sctp
            assert sctp is not None
            await sctp._send(client.channel.id, 51, b"\xff\xfe not text")
            await sctp._transmit()
            assert await owner.heard("refused") == "invalid_parameters"
            client.channel.send("still here")
            assert await owner.heard("message") == "still here"

    run(scenario())


@on_both_loops
def test_broken_packets_of_the_client_are_dropped(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, client):
            assert peer._link is not None
            dtls = client.pc.getTransceivers()[0].receiver.transport
            async with Studio(peer, owner).playing():
                await client.sees(3)
                for size in (8, 12, 13, 20, 40):
                    for kind in (200, 201, 202, 203, 205, 206):
                        junk = bytes([0x81, kind, 0, size // 4 - 1]) + os.urandom(size - 4)
                        await dtls._send_rtp(junk)
                    await dtls._send_data(os.urandom(size))
                await client.sees(client.frames + 15)
            assert owner.values("closed") == []

    run(scenario())


def test_a_client_that_floods_the_channel_is_closed(run: Run) -> None:
    async def scenario() -> None:
        async with joined(PeerConfig(flood_bytes=300_000)) as (_, owner, client):
            assert client.channel is not None
            for _ in range(20):
                client.channel.send("x" * 30_000)
            assert await owner.heard("closed") == PeerClosed.FLOODING

    run(scenario())


def test_a_client_that_opens_channels_without_end_is_closed(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (_, owner, client):
            extra = [client.pc.createDataChannel(f"extra {n}") for n in range(20)]
            assert await owner.heard("closed") == PeerClosed.FLOODING
            assert len(extra) == 20

    run(scenario())


def test_a_message_larger_than_allowed_is_refused(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (_, owner, client):
            assert client.channel is not None
            client.channel.send("x" * 70_000)
            assert await owner.heard("refused") == "too_large"
            client.channel.send("fine")
            assert await owner.heard("message") == "fine"

    run(scenario())


def test_a_client_that_reads_nothing_is_closed_in_the_end(run: Run) -> None:
    async def scenario() -> None:
        config = PeerConfig(stats_buffer_bytes=4_000, notify_buffer_bytes=50_000)
        async with joined(config) as (peer, owner, client):
            sctp = client.pc.sctp
            assert sctp is not None

            async def deaf(data: bytes) -> None:
                pass

            setattr(sctp, "_handle_data", deaf)  # noqa: B010
            said = [peer.notify("stats" * 100, droppable=True) for _ in range(50)]
            assert True in said
            assert False in said
            for _ in range(200):
                peer.notify("error" * 100)
            assert await owner.heard("closed") == PeerClosed.LOST

    run(scenario())


def test_what_is_sent_over_a_dead_transport_is_lost_without_complaint(run: Run) -> None:
    async def scenario() -> None:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        dtls = pc.addTransceiver("video").sender.transport
        with pytest.raises(ConnectionError):
            await dtls._send_data(b"x")
        seams.lose_instead_of_raising(dtls)
        await dtls._send_data(b"x")
        await pc.close()

    run(scenario())


def test_the_library_still_starts_its_reports_the_way_we_hook() -> None:
    assert asyncio.iscoroutinefunction(RTCRtpSender._run_rtcp)
