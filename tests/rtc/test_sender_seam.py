"""The contract with the sending half of the library, and its accounts."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, clock
from aiortc.rtcdtlstransport import RTCDtlsTransport, State
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import RtpPacket

from scope.rtc.rtp_stream import RtpStream
from scope.rtc.sender_seam import DTLS, SENDER, SenderWire
from tests.rtc.ends import Studio, joined
from tests.rtc.impairment import Impairment

Run = Callable[[Coroutine[Any, Any, None]], None]
on_both_loops = pytest.mark.parametrize("run", ["asyncio", "uvloop"], indirect=True)


def test_every_private_name_we_rely_on_exists(run: Run) -> None:
    async def scenario() -> None:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sender = pc.addTransceiver("video", direction="sendonly").sender
        dtls = sender.transport
        private = ("rtp_started", "rtp_exited", "rtx_payload_type", "rtt", "mid")
        accounts = ("ntp_timestamp", "rtp_timestamp", "packet_count", "octet_count")
        expected: list[tuple[object, list[str]]] = [
            (sender, [SENDER + name for name in (*private, *accounts)]),
            (sender, [SENDER + "rtp_header_extensions_map", "_ssrc", "_rtx_ssrc"]),
            (dtls, [DTLS + "tx_bytes", DTLS + "tx_packets", "_tx_srtp", "_state"]),
            (dtls.transport._connection, ["_nominated"]),
        ]
        missing = [name for owner, names in expected for name in names if not hasattr(owner, name)]
        assert missing == []
        await pc.close()

    run(scenario())


def test_the_library_still_sends_the_way_we_replace() -> None:
    assert asyncio.iscoroutinefunction(RTCRtpSender._run_rtp)
    assert asyncio.iscoroutinefunction(RTCRtpSender._retransmit)
    assert State.CONNECTED in State


@on_both_loops
def test_all_accounts_are_kept(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, client):
            assert peer._link is not None
            sender = peer._link._sender
            before = vars(sender.transport)[DTLS + "tx_packets"]
            studio = Studio(peer, owner)
            sizes = []
            for _ in range(5):
                frame = studio.frame()
                sizes.append(len(frame.data))
                peer.push(frame)
                await asyncio.sleep(0.03)
            await client.sees(1)
            account = vars(sender)
            assert account[SENDER + "rtp_timestamp"] == peer.rtp_timestamp(4 * 3000)
            apart_s = (clock.current_ntp_time() - account[SENDER + "ntp_timestamp"]) / 2**32
            assert 0 <= apart_s < 5
            packets, octets = account[SENDER + "packet_count"], account[SENDER + "octet_count"]
            assert octets == sum(sizes) + 4 * packets, "and four of a descriptor each"
            assert vars(sender.transport)[DTLS + "tx_packets"] - before >= packets
            stats = await sender.getStats()
            outbound = next(value for value in stats.values() if value.type == "outbound-rtp")
            assert (outbound.packetsSent, outbound.bytesSent) == (packets, octets)

    run(scenario())


def test_the_receiver_knows_when_we_sent(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        seen: list[RtpPacket] = []
        original = RTCDtlsTransport._handle_rtp_data

        async def watch(dtls: RTCDtlsTransport, data: bytes, arrival_time_ms: int) -> None:
            seen.append(RtpPacket.parse(data, dtls._rtp_header_extensions_map))
            await original(dtls, data, arrival_time_ms)

        monkeypatch.setattr(RTCDtlsTransport, "_handle_rtp_data", watch)
        async with joined() as (peer, owner, client):
            await Studio(peer, owner).play(3)
            await client.sees(1)
        now = (int(time.time() * 2**18) + (2_208_988_800 << 18)) & 0xFFFFFF
        assert {packet.extensions.mid for packet in seen} == {"0"}
        for packet in seen:
            assert packet.extensions.abs_send_time is not None
            assert (now - packet.extensions.abs_send_time) % 2**24 < 20 * 2**18
        assert max(len(packet.payload) for packet in seen) <= 1160

    run(scenario())


def test_a_peer_that_never_connected_can_not_be_sent_to(run: Run) -> None:
    async def scenario() -> None:
        pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        wire = SenderWire(pc.addTransceiver("video", direction="sendonly").sender)
        stream = RtpStream(ssrc=wire.ssrc, payload_type=96)
        packets = stream.packets([b"x"], pts=0, extension=wire.stamp())
        with pytest.raises(ConnectionError):
            wire.send(packets, timestamp=0, octets=1)
        with pytest.raises(ConnectionError):
            wire.send_again(packets[0])
        await pc.close()

    run(scenario())


def test_lost_packets_are_sent_again_and_keyframes_stay_rare(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Impairment(loss=0.05).install(monkeypatch)

    async def scenario() -> None:
        async with joined() as (peer, owner, client):
            assert peer._link is not None
            again = []
            wire = peer._link._wire
            original = wire.send_again

            def send_again(packet: bytes) -> None:
                again.append(RtpPacket.parse(packet))
                original(packet)

            monkeypatch.setattr(wire, "send_again", send_again)
            async with Studio(peer, owner).playing():
                await client.sees(45)
            assert bad.dropped
            assert {packet.ssrc for packet in again} == {wire.resend_ssrc}
            assert {packet.payload_type for packet in again} == {wire.resend_payload_type}

    run(scenario())
