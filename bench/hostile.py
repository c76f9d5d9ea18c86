"""Offers and candidates no sane client sends: a readable answer, soon, and nothing left."""

import time
from dataclasses import dataclass
from typing import Any

import httpx2

from bench.figures import Figure
from bench.target import Card, Target
from bench.viewer import Viewer

AUDIO_ONLY = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\n"
)
CANDIDATE = "candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host"
PACE_S = 1.1  # refused offers are limited to one a second


@dataclass(frozen=True, slots=True)
class Case:
    """A request and the statuses that are right for it."""

    what: str
    method: str
    path: str
    body: dict[str, Any]
    statuses: tuple[int, ...]


async def test_card(target: Target) -> list[Figure]:
    """Every case once; the slowest answer counts."""
    await target.show(Card(compute_ms=0))
    viewer = Viewer(target.http)
    await viewer.start()
    await viewer.first_frame()
    figures = []
    slowest_ms = 0.0
    for case in _cases(viewer.session_id):
        status, took_ms, readable = await _ask(target.http, case)
        slowest_ms = max(slowest_ms, took_ms)
        right = status in case.statuses and readable
        figures.append(
            Figure(f"{case.what}: answered right", float(right), "", (">=", 1), f"{status}")
        )
    await viewer.close()
    figures.append(Figure("slowest answer to nonsense", slowest_ms, "ms", ("<=", 50)))
    return figures


def _cases(session_id: str) -> list[Case]:
    offer = "/api/v1/webrtc/offer"
    known, unknown = f"{offer}/{session_id}", f"{offer}/00000000-0000-0000-0000-000000000000"
    many = [{"candidate": CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0}] * 5000
    refused = (400, 413, 422)
    return [
        Case("offer, garbage", "POST", offer, {"sdp": "garbage", "type": "offer"}, (400,)),
        Case("offer, empty", "POST", offer, {"sdp": "", "type": "offer"}, (400,)),
        Case("offer, audio only", "POST", offer, {"sdp": AUDIO_ONLY, "type": "offer"}, (400,)),
        Case("offer, 1 MiB", "POST", offer, {"sdp": "v" * 2**20, "type": "offer"}, refused),
        Case("PATCH, unknown session", "PATCH", unknown, {"candidates": []}, (404,)),
        Case("PATCH, 5,000 candidates", "PATCH", known, {"candidates": many}, refused),
        Case(
            "PATCH, null candidate", "PATCH", known, {"candidates": [{"candidate": None}]}, (204,)
        ),
    ]


async def _ask(http: httpx2.AsyncClient, case: Case) -> tuple[int, float, bool]:
    start_s = time.monotonic()
    response = await http.request(case.method, case.path, json=case.body)
    took_ms = 1000 * (time.monotonic() - start_s)
    if response.status_code == 204:
        return 204, took_ms, True
    return response.status_code, took_ms, bool(response.json().get("detail"))
