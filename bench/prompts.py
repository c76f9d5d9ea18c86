"""From sending a prompt to seeing it."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from bench.card import colour_of, distance
from bench.figures import Figure, percentile, slope
from bench.pictures import patch
from bench.target import Card, Target
from bench.viewer import Picture, Viewer
from bench.wire import WireFrame

TOLERANCE = 14  # of 255; what a lossy codec and colour subsampling leave of a flat patch
FAR = 60
PAUSE_S = (0.4, 1.2)
PATIENCE_S = 8.0
LONG_S = 120.0  # in less than this a trend is chance
CLOCK_HZ = 90_000


@dataclass(slots=True)
class Watch:
    """Waits for a colour of the patch."""

    wanted: tuple[int, int, int] = (0, 0, 0)
    shown: tuple[int, int, int] = (0, 0, 0)
    seen_s: float = 0.0
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, picture: Picture) -> None:
        """One decoded picture."""
        self.shown = patch(picture.frame)
        if not self.seen.is_set() and distance(self.shown, self.wanted) <= TOLERANCE:
            self.seen_s = picture.decoded_s
            self.seen.set()


async def test_card(target: Target, *, seconds: float) -> list[Figure]:
    """Prompt → visible change for `seconds`, at random moments of a chunk."""
    await target.show(Card())
    viewer = Viewer(target.http, decode=True)
    await viewer.start()
    await viewer.channel_open()
    await viewer.first_picture()
    watch = Watch()
    viewer.on_picture(watch.take)
    await asyncio.sleep(2)
    started_s = time.monotonic()
    at_min, delays_s = [], []
    missed = 0
    while time.monotonic() < started_s + seconds:
        try:
            delay_s = await asyncio.wait_for(_change(viewer, watch), PATIENCE_S)
        except TimeoutError:
            missed += 1
            continue
        at_min.append((time.monotonic() - started_s) / 60)
        delays_s.append(delay_s)
        await asyncio.sleep(random.uniform(*PAUSE_S))
    await viewer.close()
    return _figures(at_min, delays_s, missed)


def _figures(at_min: list[float], delays_s: list[float], missed: int) -> list[Figure]:
    note = f"{len(delays_s)} prompts, {missed} never seen"
    return [
        Figure("prompt → visible change p50", percentile(delays_s, 50), "s", ("<=", 0.65), note),
        Figure("prompt → visible change p95", percentile(delays_s, 95), "s", ("<=", 0.85)),
        Figure("prompt → visible change, worst", max(delays_s, default=float("nan")), "s"),
        _trend("prompt → visible change, trend", at_min, delays_s),
    ]


def _trend(what: str, at_min: list[float], delays_s: list[float]) -> Figure:
    """Whether delays grow; what chance makes of it in so many of them is allowed."""
    trend_s, error_s = slope(at_min, delays_s)
    note = f"± {1000 * error_s:.1f} standard error; bar: twice that, at least 1"
    bar_ms = max(1.0, 2000 * error_s)
    return Figure(what, 1000 * trend_s, "ms a minute", ("<=", bar_ms), note)


async def built_in(target: Target, *, seconds: float, now: bool = False) -> list[Figure]:
    """The same for the model that ships: `applied` names the first frame, the wire its arrival.

    now: prompts that do not wait for the chunk being made.
    """
    await target.load("vista")
    viewer = Viewer(target.http)
    await viewer.start()
    await viewer.channel_open()
    await viewer.first_frame()
    await asyncio.sleep(3)
    started_s = time.monotonic()
    at_min, delays_s = [], []
    number = 0
    while time.monotonic() < started_s + seconds:
        number += 1
        message: dict[str, Any] = {"prompts": [f"a calm sea {number}"], "_id": f"p{number}"}
        sent_s = time.monotonic()
        viewer.send(message | ({"apply": "now"} if now else {}))
        frame = await asyncio.wait_for(_applied(viewer, f"p{number}"), PATIENCE_S)
        at_min.append((time.monotonic() - started_s) / 60)
        delays_s.append(frame.arrival_s - sent_s)
        await asyncio.sleep(random.uniform(*PAUSE_S))
    await viewer.close()
    label = "vista, apply now" if now else "vista"
    what = "prompt → first frame of it on the wire"
    bar_s = 0.30 if now else 0.45
    note = f"{len(delays_s)} prompts"
    figures = [
        Figure(f"{what} p50, {label}", percentile(delays_s, 50), "s", ("<=", bar_s), note),
        Figure(f"{what} p95, {label}", percentile(delays_s, 95), "s"),
    ]
    if seconds >= LONG_S:
        figures.append(_trend(f"{what}, trend, {label}", at_min, delays_s))
    return figures


async def _applied(viewer: Viewer, message_id: str) -> WireFrame:
    """The frame on the wire that the notice to `message_id` names."""
    timestamp: int | None = None
    while True:
        for _, body in viewer.notices:
            if body.get("_id") == message_id and body["type"] == "applied":
                timestamp = body["rtp_timestamp"]
        for frame in reversed(viewer.frames) if timestamp is not None else ():
            if frame.timestamp % 2**32 == timestamp:
                return frame
        await asyncio.sleep(0.005)


async def _change(viewer: Viewer, watch: Watch) -> float:
    text, colour = _unlike(watch.shown)
    watch.wanted = colour
    watch.seen.clear()
    sent_s = time.monotonic()
    viewer.send({"prompts": [{"text": text, "weight": 1.0}]})
    await watch.seen.wait()
    return watch.seen_s - sent_s


def _unlike(colour: tuple[int, int, int]) -> tuple[str, tuple[int, int, int]]:
    """A prompt whose colour can not be mistaken for `colour`."""
    while True:
        text = f"prompt {random.getrandbits(48):x}"
        candidate = colour_of(text)
        if distance(candidate, colour) >= FAR:
            return text, candidate
