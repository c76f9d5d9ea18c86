"""What a session writes down of its performance, so that it can be played again exactly.

Decides what is kept and when that is too much: a log that is full says so and where it ends.
It does not know how a timeline is replayed; that is `score`.
"""

import json
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from scope.control import ControlUpdate, PromptMix
from scope.engine.api import StreamHandle
from scope.events import ChunksUndone, UpdateTaken
from scope.protocol.timeline import Timeline, TimelineEvent, TimelinePipeline, messages_of

MOST_EVENTS = 10_000
MOST_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class LogLimits:
    """How much one session writes down."""

    events: int = MOST_EVENTS
    bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class _Kept:
    """One message as it took effect."""

    chunk: int
    first_frame: int
    message: dict[str, Any]
    size: int


class EventLog:
    """The updates of one session, each with the chunk that was the first to be made with it.

    initial: what the stream was opened with; default: the prompt it has without one.
    """

    def __init__(
        self,
        handle: StreamHandle,
        *,
        initial: ControlUpdate,
        default: PromptMix,
        made_with: str | None = None,
        limits: LogLimits | None = None,
    ) -> None:
        self._handle = handle
        self._made_with = made_with
        self._limits = limits or LogLimits()
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._rollbacks = 0
        self._full_from: tuple[int, int] | None = None  # chunk, frame
        if initial.prompts is None and default.items:
            initial = replace(initial, prompts=default)
        self._initial, *glide = messages_of(initial) or [{}]
        self._opening = [_Kept(0, 0, message, 0) for message in glide]

    def taken(self, event: UpdateTaken) -> None:
        """A chunk begins under an update; of one that begins again only the last time counts."""
        self._forget_from(event.chunk)
        for message in messages_of(event.update):
            self._keep(event.chunk, event.first_frame, message)

    def undone(self, event: ChunksUndone) -> None:
        """What began with that chunk or later did not happen."""
        self._rollbacks += 1
        self._forget_from(event.chunk)
        if self._full_from is not None:
            self._full_from = min(self._full_from, (event.chunk, event.first_frame))

    def timeline(self, *, frames: int, chunks: int) -> Timeline:
        """The performance so far: as many frames and chunks as were shown."""
        handle, identity = self._handle, self._handle.identity
        if self._full_from is not None:
            chunks, frames = min(chunks, self._full_from[0]), min(frames, self._full_from[1])
        return Timeline(
            made_with=self._made_with,
            pipeline=TimelinePipeline(
                id=identity.id,
                version=identity.version,
                load_params=dict(identity.load_params),
                facts=dict(identity.facts),
            ),
            seed=handle.seed,
            width=handle.format.width,
            height=handle.format.height,
            fps=handle.format.fps,
            chunk_frames=handle.chunk_frames,
            initial=self._initial,
            events=[self._event(kept) for kept in (*self._opening, *self._kept)],
            frames=frames,
            chunks=chunks,
            seconds=round(frames / handle.format.fps, 3),
            rollbacks=self._rollbacks,
            cut_off=None if self._full_from is None else self._full_from[0],
        )

    def _forget_from(self, chunk: int) -> None:
        while self._kept and self._kept[-1].chunk >= chunk:
            self._bytes -= self._kept.pop().size

    def _event(self, kept: _Kept) -> TimelineEvent:
        at_s = round(kept.first_frame / self._handle.format.fps, 3)
        return TimelineEvent(chunk=kept.chunk, at_s=at_s, **kept.message)

    def _keep(self, chunk: int, first_frame: int, message: dict[str, Any]) -> None:
        if self._full_from is not None:
            return
        size = len(json.dumps(message))
        if len(self._kept) >= self._limits.events or self._bytes + size > self._limits.bytes:
            self._full_from = chunk, first_frame
            return
        self._kept.append(_Kept(chunk, first_frame, message, size))
        self._bytes += size
