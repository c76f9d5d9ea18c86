"""The frames of one stream on their way out, and how they are numbered.

Decides the numbers of frames and chunks, and that an update is confirmed with the first
frame made with it. Knows nothing of pipelines or of when a chunk is made.
"""

from collections.abc import Callable
from dataclasses import dataclass

from scope.engine.outlet import Outlet
from scope.events import EngineEvent, UpdateApplied
from scope.frames import Chunk, Pixels


@dataclass(frozen=True, slots=True)
class Place:
    """first_index, chunk: of the chunk in progress, or of the next one.

    handed: frames of that chunk that are out already.
    """

    first_index: int = 0
    chunk: int = 0
    handed: int = 0

    @property
    def next_index(self) -> int:
        """Of the frame that goes out next."""
        return self.first_index + self.handed


class Handing:
    """first_index, number, handed: see `Place`."""

    def __init__(
        self, *, stream_id: str, outlet: Outlet, tell: Callable[[EngineEvent], None]
    ) -> None:
        self.first_index = 0
        self.number = 0
        self.handed = 0
        self.frames_made = 0
        self.chunks_made = 0
        self._stream_id = stream_id
        self._outlet = outlet
        self._tell = tell
        self._unconfirmed: tuple[int, ...] = ()

    @property
    def next_index(self) -> int:
        """Of the frame that goes out next."""
        return self.first_index + self.handed

    @property
    def place(self) -> Place:
        """Where the stream is."""
        return Place(self.first_index, self.number, self.handed)

    @place.setter
    def place(self, place: Place) -> None:
        """Number on from there."""
        self.first_index, self.number, self.handed = place.first_index, place.chunk, place.handed

    def expect(self, revisions: tuple[int, ...]) -> None:
        """The coming frames are made with these updates too."""
        self._unconfirmed += revisions

    def put(
        self, pixels: Pixels, *, revision: int, seconds: float, now_s: float, last_piece: bool
    ) -> None:
        """Hand out a piece of the chunk in progress."""
        chunk = Chunk(
            pixels=pixels,
            first_index=self.next_index,
            revision=revision,
            seconds=seconds,
            chunk=self.number,
            last_piece=last_piece,
            produced_s=now_s,
        )
        if len(pixels):
            self._confirm()
        self.handed += len(pixels)
        self.frames_made += len(pixels)
        self._outlet.put(chunk)

    def complete(self) -> None:
        """The chunk in progress is whole."""
        self.first_index += self.handed
        self.handed = 0
        self.number += 1
        self.chunks_made += 1

    def _confirm(self) -> None:
        for revision in self._unconfirmed:
            self._tell(UpdateApplied(self._stream_id, revision, self.number, self.first_index))
        self._unconfirmed = ()
