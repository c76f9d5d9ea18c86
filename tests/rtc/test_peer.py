import asyncio
import gc
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aioice import Candidate as IceCandidate
from aioice import Connection
from aiortc import VideoStreamTrack

from scope.errors import InvalidParameters, NegotiationFailed, TooLarge
from scope.rtc.api import Candidate, IceServer, PeerClosed, PeerConfig
from tests.rtc.ends import Client, Owner, Studio, joined, make_peer
from tests.rtc.impairment import Impairment

Run = Callable[[Coroutine[Any, Any, None]], None]
Offers = Callable[[str], str]


@pytest.mark.parametrize(("prefer", "codec"), [(None, "VP8"), ("VP8", "VP8"), ("H264", "H264")])
def test_pictures_and_words_go_through(run: Run, prefer: Any, codec: str) -> None:
    async def scenario() -> None:
        async with joined(prefer=prefer) as (peer, owner, client):
            assert peer.codec == codec
            assert client.channel is not None
            client.channel.send("to you")
            assert peer.notify("to me")
            await Studio(peer, owner).play(30)
            await client.sees(25)
            await client.hears("to me")
            assert await owner.heard("message") == "to you"
            stats = peer.stats()
            assert stats.connected
            assert stats.sent_frames == 30
            assert stats.dropped_frames == 0
            assert stats.bitrate_kbps > 50

    run(scenario())


@pytest.mark.parametrize("direction", ["recvonly", "sendrecv"])
def test_an_offer_is_answered_sendonly_with_all_a_page_needs(run: Run, direction: str) -> None:
    async def scenario() -> None:
        client, owner = Client(video=direction), Owner()
        peer = make_peer(owner)
        answer = await peer.answer(await client.offer(), codec_preference=None)
        for line in ("a=sendonly", "a=msid:", "VP8/90000", "H264/90000", "a=end-of-candidates"):
            assert line in answer
        for line in ("nack", "nack pli", "goog-remb"):
            assert f"a=rtcp-fb:97 {line}\r\n" in answer
        assert "a=candidate:" in answer
        assert " 127.0.0.1 " in answer
        await peer.close()
        await client.close()

    run(scenario())


def test_a_client_elsewhere_gets_no_loopback_candidate(run: Run) -> None:
    async def scenario() -> None:
        client = Client()
        peer = make_peer(Owner(), loopback=False)
        assert "127.0.0.1" not in await peer.answer(await client.offer(), codec_preference=None)
        await peer.close()
        await client.close()

    run(scenario())


def test_audio_is_answered_and_video_sent_to_us_starts_no_decoder(run: Run) -> None:
    async def scenario() -> None:
        client = Client(video=None)
        client.pc.addTransceiver("audio", direction="recvonly")
        client.pc.addTrack(VideoStreamTrack())
        before = threading.active_count()
        async with joined(client=client) as (peer, owner, _):
            await Studio(peer, owner).play(20)
            await client.sees(10)
            decoders_of_client = 1
            assert threading.active_count() <= before + decoders_of_client

    run(scenario())


def test_a_client_without_a_channel_just_watches(run: Run) -> None:
    async def scenario() -> None:
        async with joined(client=Client(channel=False)) as (peer, owner, client):
            await Studio(peer, owner).play(10)
            await client.sees(5)
            assert not peer.notify("nobody hears this")

    run(scenario())


def test_a_wish_for_a_keyframe_is_passed_on(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, client):
            await Studio(peer, owner).play(5)
            await client.sees(1)
            assert owner.values("keyframe_wanted") == []
            receiver = client.pc.getReceivers()[0]
            (source,) = receiver.getSynchronizationSources()
            for _ in range(50):
                await receiver._send_rtcp_pli(source.source)
            await owner.heard("keyframe_wanted")
            await asyncio.sleep(0.1)
            assert len(owner.values("keyframe_wanted")) <= 2

    run(scenario())


def test_the_estimate_of_the_path_is_passed_on(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, _), Studio(peer, owner).playing():
            assert await owner.heard("bitrate_estimated") > 0

    run(scenario())


def test_reports_give_round_trip_and_loss(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, _), Studio(peer, owner).playing():
            for _ in range(100):
                await asyncio.sleep(0.05)
                if peer.stats().rtt_ms is not None:
                    break
            assert 0 <= (peer.stats().rtt_ms or -1) < 1000
            assert peer.stats().loss == 0

    run(scenario())


def test_the_time_of_a_frame_on_the_wire_is_known(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, client):
            assert peer.rtp_timestamp(0) is None
            await Studio(peer, owner).play(5)
            await client.sees(1)
            first = peer.rtp_timestamp(0)
            assert first is not None
            assert peer.rtp_timestamp(3000) == (first + 3000) % 2**32

    run(scenario())


def test_a_peer_begins_with_a_keyframe(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, _):
            studio = Studio(peer, owner)
            studio.frame()
            peer.push(studio.frame())
            await owner.heard("keyframe_wanted")
            assert peer.stats().dropped_frames == 1

    run(scenario())


def test_pictures_pushed_before_the_connection_stands_are_not_kept(run: Run) -> None:
    async def scenario() -> None:
        client, owner = Client(), Owner()
        peer = make_peer(owner)
        await peer.answer(await client.offer(), codec_preference=None)
        peer.push(Studio(peer, owner).frame())
        assert peer.stats().sent_frames == 0
        await peer.close()
        await client.close()

    run(scenario())


# How a peer ends


def test_a_client_that_leaves_is_noticed_at_once(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (_, owner, client):
            await client.close()
            assert await owner.heard("closed", within_s=1) == PeerClosed.BY_PEER

    run(scenario())


def test_a_client_that_is_killed_becomes_silent_then_lost(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        network = Impairment().install(monkeypatch)
        config = PeerConfig(silence_s=2.0, lost_s=3.0)
        async with joined(config) as (peer, owner, client):
            async with Studio(peer, owner).playing():
                await client.sees(5)
                network.muted.add(client.ice)
                assert await owner.heard("silent", within_s=4) is True
                assert await owner.heard("closed", within_s=4) == PeerClosed.LOST
            assert owner.values("silent") == [True]

    run(scenario())


def test_a_client_that_comes_back_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        network = Impairment().install(monkeypatch)
        async with joined(PeerConfig(silence_s=2.0)) as (peer, owner, client):
            async with Studio(peer, owner).playing():
                await client.sees(5)
                network.down = True
                await owner.heard("silent", True)
                network.down = False
                await owner.heard("silent", False)
                await client.sees(client.frames + 10)
            assert owner.values("closed") == []

    run(scenario())


def test_a_paused_stream_makes_nobody_silent(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        network = Impairment().install(monkeypatch)
        async with joined(PeerConfig(silence_s=0.1, lost_s=0.2)) as (_, owner, client):
            network.muted.add(client.ice)
            await asyncio.sleep(0.5)
            assert owner.values("silent") == owner.values("closed") == []

    run(scenario())


@pytest.mark.parametrize("candidates", [True, False])
def test_a_peer_that_never_connects_is_closed_at_the_deadline(
    run: Run, offer: Offers, candidates: bool
) -> None:
    async def scenario() -> None:
        owner = Owner()
        peer = make_peer(owner, PeerConfig(connect_deadline_s=0.3))
        name = "gathered" if candidates else "seed"
        await peer.answer(offer(name), codec_preference=None)
        started_s = asyncio.get_running_loop().time()
        assert await owner.heard("closed") == PeerClosed.NOT_CONNECTED
        assert asyncio.get_running_loop().time() - started_s < 5
        await peer.close()
        assert owner.values("closed") == [PeerClosed.NOT_CONNECTED]

    run(scenario())


def test_a_client_that_does_ice_and_no_more_is_closed_at_the_deadline(
    run: Run, offer: Offers
) -> None:
    async def scenario() -> None:
        owner = Owner()
        peer = make_peer(owner, PeerConfig(connect_deadline_s=1.0))
        ufrag, password = "cafe", "k" * 24
        ice = Connection(ice_controlling=True, local_username=ufrag, local_password=password)
        text = offer("seed")
        for name, value in (("ice-ufrag", ufrag), ("ice-pwd", password)):
            old = next(x for x in text.splitlines() if x.startswith(f"a={name}:"))
            text = text.replace(old, f"a={name}:{value}")
        answer = await peer.answer(text, codec_preference=None)
        lines = dict(
            line[2:].split(":", 1) for line in answer.splitlines() if line.startswith("a=ice-")
        )
        await ice.gather_candidates()
        ice.remote_username, ice.remote_password = lines["ice-ufrag"], lines["ice-pwd"]
        for line in answer.split("m=application")[0].splitlines():
            if line.startswith("a=candidate:"):
                await ice.add_remote_candidate(IceCandidate.from_sdp(line[12:]))
        await ice.add_remote_candidate(None)
        await ice.connect()
        assert await owner.heard("closed", within_s=2) == PeerClosed.NOT_CONNECTED
        await peer.close()
        await ice.close()

    run(scenario())


def test_the_farewell_arrives_before_the_end(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, client):
            await peer.close("good-bye")
            await client.hears("good-bye")
            assert not peer.notify("too late")
            await owner.heard("closed")
            assert owner.notes[-1] == ("closed", PeerClosed.BY_US)

    run(scenario())


def test_close_is_safe_in_every_state(run: Run) -> None:
    async def scenario() -> None:
        for delay_s in (None, *(step * 0.004 for step in range(20))):
            client, owner = Client(), Owner()
            peer = make_peer(owner)
            if delay_s is not None:
                answer = await peer.answer(await client.offer(), codec_preference=None)
                await client.accept(answer)
                await asyncio.sleep(delay_s)
            await asyncio.gather(peer.close(), peer.close("bye"))
            await peer.close()
            await owner.heard("closed")
            assert owner.values("closed") == [PeerClosed.BY_US]
            await client.close()

    run(scenario())


def test_a_cancelled_close_still_closes(run: Run) -> None:
    async def scenario() -> None:
        async with joined() as (peer, owner, _):
            waiting = asyncio.ensure_future(peer.close())
            await asyncio.sleep(0)
            waiting.cancel()
            await peer.close()
            assert owner.values("closed") == [PeerClosed.BY_US]

    run(scenario())


def test_close_during_the_answer_is_safe(run: Run) -> None:
    async def scenario() -> None:
        client, owner = Client(), Owner()
        peer = make_peer(owner)
        answering = asyncio.ensure_future(peer.answer(await client.offer(), codec_preference=None))
        await asyncio.sleep(0)
        await peer.close()
        await asyncio.wait({answering})
        assert answering.exception() is None or isinstance(answering.exception(), NegotiationFailed)
        await client.close()

    run(scenario())


@pytest.mark.parametrize("bad", ["", "hello", "x" * 70_000])
def test_a_bad_offer_leaves_nothing_behind(run: Run, bad: str) -> None:
    async def scenario() -> None:
        owner = Owner()
        peer = make_peer(owner)
        with pytest.raises((NegotiationFailed, TooLarge)):
            await peer.answer(bad, codec_preference=None)
        assert owner.values("closed") == [PeerClosed.BY_US]

    run(scenario())


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="no /proc on this system")
def test_thirty_peers_leave_no_file_thread_or_task(run: Run) -> None:
    async def scenario() -> None:
        async def once() -> None:
            async with joined() as (peer, owner, _):
                peer.push(Studio(peer, owner).frame())

        for _ in range(3):
            await once()
        gc.collect()
        before = open_files(), threading.active_count(), len(asyncio.all_tasks())
        for _ in range(30):
            await once()
        gc.collect()
        assert (open_files(), threading.active_count(), len(asyncio.all_tasks())) == before

    run(scenario())


# Candidates


def test_an_mdns_name_delays_neither_the_answer_nor_the_others(run: Run, offer: Offers) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        peer = make_peer(Owner())
        started_s = loop.time()
        await peer.answer(offer("gathered-mdns"), codec_preference=None)
        peer.add_candidates(
            [
                Candidate("candidate:1 1 udp 1 aaaaaaaa-0cce.local 50000 typ host", "0", 0),
                Candidate("candidate:1 1 udp 1 198.51.100.7 50000 typ host", "0", 0),
                Candidate(""),
            ]
        )
        await asyncio.sleep(0)
        assert loop.time() - started_s < 3
        await peer.close()

    run(scenario())


def test_trickled_candidates_connect_a_client_that_offered_none(run: Run) -> None:
    async def scenario() -> None:
        client, owner = Client(), Owner()
        peer = make_peer(owner)
        lines = (await client.offer()).split("\r\n")
        bare = [x for x in lines if not x.startswith(("a=candidate", "a=end-of"))]
        await peer.answer("\r\n".join(bare), codec_preference=None)
        with pytest.raises(InvalidParameters):
            peer.add_candidates([Candidate("nonsense", "0", 0)])
        with pytest.raises(TooLarge):
            peer.add_candidates([Candidate("x")] * 33)
        await peer.close()
        await client.close()

    run(scenario())


def test_candidates_before_the_answer_or_after_the_end_are_ignored(run: Run) -> None:
    async def scenario() -> None:
        peer = make_peer(Owner())
        line = Candidate("candidate:1 1 udp 1 198.51.100.7 50000 typ host", "0", 0)
        peer.add_candidates([line])
        await peer.close()
        peer.add_candidates([line])

    run(scenario())


def test_a_silent_stun_server_is_not_waited_for_long(run: Run, offer: Offers) -> None:
    async def scenario() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            url = f"stun:127.0.0.1:{silent.getsockname()[1]}"
            config = PeerConfig(
                ice_servers=(IceServer((url,)),), stun_for_server=True, gather_timeout_s=0.2
            )
            peer = make_peer(Owner(), config)
            started_s = asyncio.get_running_loop().time()
            await peer.answer(offer("seed"), codec_preference=None)
            assert 0.15 < asyncio.get_running_loop().time() - started_s < 3
            await peer.close()

    run(scenario())


# A bad network


@pytest.mark.parametrize(
    ("network", "least"),
    [
        (Impairment(mtu_bytes=1230), 58),
        (Impairment(loss=0.05, duplicate=0.02, reorder=0.02, delay_s=0.01, jitter_s=0.02), 36),
        (Impairment(burst=0.02, delay_s=0.02), 10),
        (Impairment(loss=0.2, delay_s=0.04, jitter_s=0.08), 1),
    ],
    ids=["small-packets", "lossy", "bursts", "awful"],
)
def test_a_stream_survives(
    run: Run, monkeypatch: pytest.MonkeyPatch, network: Impairment, least: int
) -> None:
    async def scenario() -> None:
        network.install(monkeypatch)
        # What is lost of the handshakes is sent again after 3 s, several times over.
        async with joined(within_s=40) as (peer, owner, client):
            studio = Studio(peer, owner)
            for _ in range(8):
                await studio.play(15)
                if client.frames >= 60:
                    break
            assert client.frames >= least
            assert owner.values("closed") == []
            assert network.largest <= 1230

    run(scenario())
