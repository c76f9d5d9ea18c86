"""A stream left alone: rate, evenness, clock, frames kept, age on the wire."""

import asyncio

from bench.figures import Figure, clock_ratio, gaps_s, percentile
from bench.pictures import number_and_clock
from bench.target import Card, Target
from bench.viewer import Picture, Viewer

SETTLE_S = 2.0
WATCH_S = 12.0


async def test_card(target: Target) -> list[Figure]:
    """At 16, 30 and 60 fps with chunks that take 0.75 of their duration to make."""
    figures = []
    for fps in (16, 30, 60):
        card = Card(fps=fps, compute_ms=0.75 * 1000 * 12 / fps)
        await target.show(card)
        figures += await _watch(target, card)
    return figures


class Reader:
    """Reads every picture's card: which number it has and how old it was on the wire."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.ages_s: list[float] = []
        self.unreadable = 0

    def take(self, picture: Picture) -> None:
        """One decoded picture."""
        card = number_and_clock(picture.frame)
        if card is None:
            self.unreadable += 1
            return
        self.numbers.add(card.number)
        self.ages_s.append(card.age_ms(picture.wire.arrival_s) / 1000)


async def _watch(target: Target, card: Card) -> list[Figure]:
    viewer = Viewer(target.http, decode=True)
    await viewer.start()
    await viewer.first_picture()
    await asyncio.sleep(SETTLE_S)
    reader = Reader()
    first = len(viewer.frames)
    viewer.on_picture(reader.take)
    await asyncio.sleep(WATCH_S)
    frames = viewer.frames[first:]
    await viewer.close()
    span_s = frames[-1].arrival_s - frames[0].arrival_s
    gaps = [gap * card.fps for gap in gaps_s(frames)]
    label = f"{card.fps:g} fps"
    return [
        Figure(f"delivered, {label}", (len(frames) - 1) / span_s, "fps"),
        Figure(
            f"distinct frames kept, {label}",
            len(reader.numbers) / (card.fps * span_s + 1),
            "of those due",
            (">=", 0.995),
            f"{reader.unreadable} unreadable",
        ),
        *_clock(label, clock_ratio(frames)),
        Figure(f"gap p50, {label}", percentile(gaps, 50), "periods"),
        Figure(f"gap p95, {label}", percentile(gaps, 95), "periods"),
        Figure(f"gap p99, {label}", percentile(gaps, 99), "periods", ("<=", 1.4)),
        Figure(f"worst gap, {label}", max(gaps), "periods"),
        Figure(
            f"produced → on the wire p50, {label}",
            percentile(reader.ages_s, 50),
            "s",
            ("<=", 0.30) if card.fps == 30 else None,
            f"p99 {percentile(reader.ages_s, 99):.3f}",
        ),
        Figure(
            f"bitrate, {label}", sum(frame.size for frame in frames) * 8 / span_s / 1e6, "Mbit/s"
        ),
    ]


def _clock(label: str, ratio: float) -> list[Figure]:
    return [
        Figure(f"RTP clock ÷ wall clock, {label}", ratio),
        Figure(f"RTP clock off by, {label}", abs(ratio - 1), "", ("<=", 0.002)),
    ]
