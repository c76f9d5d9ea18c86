"""Others who never answer: a STUN server that is silent, a client that offers and stays away."""

import asyncio
import re
import secrets
import socket
import tempfile
import time
from pathlib import Path

import httpx2
from aiortc import RTCConfiguration, RTCPeerConnection

from bench.figures import Figure, percentile
from bench.process import usage
from bench.target import Card, Target, free_port, spawn, stop, until_ready

TRIES = 3
AWAY = 3
OFFER = "/api/v1/webrtc/offer"
PATIENCE_S = 30.0


async def silent_stun(target: Target) -> list[Figure]:
    """Offer → answer of a server that others can reach, whose STUN server says nothing."""
    del target
    port, key = free_port(), secrets.token_urlsafe(16)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent,
        tempfile.TemporaryDirectory() as folder,
    ):
        silent.bind(("127.0.0.1", 0))
        log = Path(folder, "server.log")
        process = spawn(
            ["--host", "0.0.0.0", "--port", str(port), "-N", "--pipeline", "testcard"],
            log=log,
            environment={
                "SCOPE_API_KEY": key,
                "SCOPE_STUN_URLS": f"stun:127.0.0.1:{silent.getsockname()[1]}",
            },
        )
        try:
            base, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {key}"}
            async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=30) as http:
                await until_ready(http, process, log)
                took_s = [await _answer_s(http) for _ in range(TRIES)]
        finally:
            stop(process)
    return [
        Figure(
            "offer → answer, silent STUN server",
            percentile(took_s, 50),
            "s",
            ("<=", 1.2),
            f"worst of {TRIES}: {max(took_s):.2f}",
        )
    ]


async def never_connects(target: Target) -> list[Figure]:
    """Offers whose clients stay away: when they are gone, and what they leave."""
    if target.pid is None:
        return []
    await target.show(Card(compute_ms=0))
    await _stay_away(target, 1)  # what the first one brings along for good is not counted
    start = usage(target.pid)
    begun_s = time.monotonic()
    gone_s = await _stay_away(target, AWAY) - begun_s
    await asyncio.sleep(2)
    end = usage(target.pid)
    return [
        Figure(f"{AWAY} peers that never connect are gone after", gone_s, "s", ("<=", 11.5)),
        *(
            Figure(f"left of them: {name}", after - before, "", ("<=", 0), f"{before} → {after}")
            for name, before, after in (
                ("file descriptors", start.fds, end.fds),
                ("threads", start.threads, end.threads),
                ("shared memory segments", start.shared_segments, end.shared_segments),
            )
        ),
    ]


async def _stay_away(target: Target, count: int) -> float:
    """Offer `count` times, never connect; the time at which no session is left."""
    for _ in range(count):
        response = await _offer(target.http)
        response.raise_for_status()
    deadline_s = time.monotonic() + PATIENCE_S
    while await _sessions(target.http) > 0:
        if time.monotonic() > deadline_s:
            raise TimeoutError("sessions whose clients never connected are still there")
        await asyncio.sleep(0.05)
    return time.monotonic()


async def _answer_s(http: httpx2.AsyncClient) -> float:
    start_s = time.monotonic()
    response = await _offer(http)
    took_s = time.monotonic() - start_s
    response.raise_for_status()
    await http.delete(f"{OFFER}/{response.json()['sessionId']}")
    return took_s


async def _offer(http: httpx2.AsyncClient) -> httpx2.Response:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.createDataChannel("parameters")
    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    sdp = peer.localDescription.sdp
    await peer.close()
    return await http.post(OFFER, json={"sdp": sdp, "type": "offer", "initialParameters": {}})


async def _sessions(http: httpx2.AsyncClient) -> int:
    text = (await http.get("/metrics")).text
    found = re.search(r"^scope_sessions (\S+)$", text, re.MULTILINE)
    return int(float(found[1])) if found else 0
