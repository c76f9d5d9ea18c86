"""One rendering from beginning to end: load, play, encode, report.

Decides that an interrupted rendering keeps what it has made, as a file that plays, and that
nothing is left of one that failed. It knows no options and no exit codes.
"""

import asyncio
import contextlib
import hashlib
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scope.cli.showing import MovingLine
from scope.cli.wish import Wish
from scope.clock import MonotonicClock
from scope.frames import VideoFormat
from scope.media.video_file import VideoFile
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.registry import PipelineRef
from scope.protocol.timeline import Timeline
from scope.sessions.offline import Performance, Stage, stage
from scope.sessions.score import Score, differences

LoadParams = Callable[[Wish, PipelineSpec], dict[str, Any]]


@dataclass(slots=True)
class Report:
    """What became of a rendering. sha256: of all pixels, RGB, in order; took_s: without the
    load.
    """

    file: str
    frames: int = 0
    seconds: float = 0.0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    seed: int = 0
    pipeline: str = ""
    version: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    load_params: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    took_s: float = 0.0
    complete: bool = False
    warnings: list[str] = field(default_factory=list)


async def rendered(wish: Wish, refs: Sequence[PipelineRef], *, load_params: LoadParams) -> Report:
    """Render. Raises ScopeError and OSError; an interruption ends it early instead."""
    making = _Making(wish)
    with _terminated_like_interrupted(), contextlib.ExitStack() as stack:
        stack.callback(making.line.end)
        with contextlib.suppress(asyncio.CancelledError):
            async with stage(refs, device=wish.device) as place:
                making.line.show(f"loading {place.spec.id}")
                await place.load(load_params(wish, place.spec))
                await making.run(place)
    return making.report


class _Making:
    """One rendering under way."""

    def __init__(self, wish: Wish) -> None:
        self.report = Report(str(wish.out))
        self.line = MovingLine()
        self._wish = wish
        self._clock = MonotonicClock()

    async def run(self, place: Stage) -> None:
        """Play the score to its end into the file."""
        wish, timeline = self._wish, self._wish.timeline or Timeline()
        score = place.score(timeline, wish.parameters(place.spec))
        count = wish.frames(score.frames, fps=place.video.fps, chunk_frames=place.chunk_frames)
        async with place.perform(score) as performance:
            _describe(self.report, performance.head, score, timeline)
            await self._write(performance, count=count, video=place.video)

    async def _write(self, performance: Performance, *, count: int, video: VideoFormat) -> None:
        report, digest, kept = self.report, hashlib.sha256(), False
        title, comment = self._wish.prompt or "", _comment(report)
        file = VideoFile(self._wish.out, video=video, title=title, comment=comment)
        began_s = self._clock.now()
        try:
            async for pixels in performance.frames(count):
                digest.update(pixels.tobytes())
                file.add(pixels)
                words = _words(
                    file.frames, count, fps=video.fps, spent_s=self._clock.now() - began_s
                )
                self.line.show(words, fraction=file.frames / count)
            report.complete = kept = True
        except asyncio.CancelledError:
            kept = file.frames > 0
            raise
        finally:
            report.took_s = round(self._clock.now() - began_s, 3)
            if kept:
                file.close()
                report.frames, report.sha256 = file.frames, digest.hexdigest()
                report.seconds = round(file.frames / video.fps, 3)
            else:
                file.discard()


def _describe(report: Report, head: Timeline, score: Score, timeline: Timeline) -> None:
    made = head.pipeline
    report.width, report.height = head.width or 0, head.height or 0
    report.fps, report.seed = head.fps or 0.0, head.seed or 0
    if made is not None:
        report.pipeline, report.version = made.id, made.version
        report.facts, report.load_params = made.facts, made.load_params
    report.warnings = [f"{key} means nothing here; it was ignored." for key in score.ignored]
    report.warnings += differences(timeline, here=head)


def _comment(report: Report) -> str:
    facts = " ".join(f"{key}={value}" for key, value in report.facts.items())
    return f"daydream-scope {report.pipeline} {report.version} seed={report.seed} {facts}".strip()


def _words(done: int, count: int, *, fps: float, spent_s: float) -> str:
    spent_s = max(spent_s, 1e-6)
    left_s = (count - done) * spent_s / done
    made = f"rendering {done / fps:.1f} of {count / fps:.1f} s"
    return f"{made}, {done / fps / spent_s:.2g}× real time, {left_s:.0f} s left"


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A SIGTERM ends the rendering as Ctrl-C does: with a file that plays."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    try:
        loop.add_signal_handler(signal.SIGTERM, lambda: task.cancel() if task else None)
    except (NotImplementedError, RuntimeError, ValueError):  # not here, or not on this thread
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
