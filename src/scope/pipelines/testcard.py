"""A picture that says what it is: which prompt, which frame, made when.

No model. A client can measure delay, order, loss and the effect of a prompt from the
decoded picture alone, also after a lossy codec:

- x in [0, W/4), y in [0, H/2): one flat colour, the first three bytes of the SHA-256 of the
  heaviest prompt, each as 40 + byte % 176; in a transition it switches at t = 0.5.
- y from H - 32: 32 blocks of 16 x 16, white 235 = 1, black 16 = 0, most significant first:
  the 16-bit number of the frame, then its inverse.
- y from H - 16: the same with CLOCK_MONOTONIC in milliseconds modulo 2^32, stamped when the
  pixels leave `step`.
- elsewhere grey, or a texture that is back where it was after one chunk.
"""

import hashlib
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationInfo, field_validator

from scope.control import PromptStep
from scope.frames import Pixels, VideoFormat
from scope.pipelines import contract

BLOCK = 16  # pixels; the side of one bit
BITS = 32  # blocks in a row
WHITE, BLACK, GREY = 235, 16, 96
MAX_FRAME_PIXELS = 3840 * 2160
MAX_CHUNK_PIXELS = 64 * 2**20
SLICES = 4  # points inside a chunk's compute time where it may be abandoned

_STATE = struct.Struct("<8sQ")
_MAGIC = b"TESTCARD"


class CardLoad(contract.LoadParams):
    """Size and speed of the card."""

    width: int = Field(default=576, ge=512, le=4096, multiple_of=2, description="Pixels.")
    height: int = Field(default=320, ge=128, le=4096, multiple_of=2, description="Pixels.")
    fps: float = Field(default=30, ge=1, le=120, description="Nominal frames per second.")
    frames: int = Field(default=12, ge=1, le=240, description="Frames per chunk.")
    compute_ms: float = Field(
        default=0, ge=0, le=120_000, description="Time a chunk takes, as if a device worked."
    )
    pattern: Literal["flat", "texture"] = Field(
        default="flat", description="What fills the rest: grey, or a moving texture."
    )

    @field_validator("height")
    @classmethod
    def _fits_a_frame(cls, height: int, info: ValidationInfo) -> int:
        if info.data.get("width", 0) * height > MAX_FRAME_PIXELS:
            raise ValueError(f"width x height must be at most {MAX_FRAME_PIXELS} pixels")
        return height

    @field_validator("frames")
    @classmethod
    def _fits_a_chunk(cls, frames: int, info: ValidationInfo) -> int:
        if info.data.get("width", 0) * info.data.get("height", 0) * frames > MAX_CHUNK_PIXELS:
            raise ValueError(f"a chunk must hold at most {MAX_CHUNK_PIXELS} pixels")
        return frames


@dataclass(slots=True)
class CardState:
    """Number of the next frame."""

    frame: int = 0


class TestCard(contract.Pipeline[CardState, int]):
    """Shows the hash colour of the prompt, the frame number and the time as bars."""

    __test__ = False  # a name that test collectors would otherwise take for theirs

    id: ClassVar[str] = "testcard"
    title: ClassVar[str] = "Test card"
    description: ClassVar[str] = (
        "No model: prompt colour, frame number and clock as a bar code, to measure with."
    )
    LoadParams: ClassVar[type[contract.LoadParams]] = CardLoad

    def __init__(self, load: CardLoad, *, device: str, progress: contract.Progress) -> None:
        self.format = VideoFormat(load.width, load.height, load.fps)
        self.chunk_frames = load.frames
        self._compute_s = load.compute_ms / 1000
        self._offsets = tuple(
            -(load.width * n // load.frames) % load.width for n in range(load.frames)
        )
        self._tiled = None if load.pattern == "flat" else _tiled_texture(load.width, load.height)
        progress("ready", 1.0)

    def open(self, seed: int) -> CardState:
        """A stream at frame 0; nothing of the card is random."""
        return CardState()

    def step(
        self, state: CardState, params: contract.Params, prompt: PromptStep
    ) -> Iterator[Pixels]:
        """One chunk in one piece, after the compute time in `SLICES` abandonable slices."""
        colour = colour_of(prompt.dominant().heaviest())
        yield from self._compute()
        pixels = self._background(state.frame)
        pixels[:, : self.format.height // 2, : self.format.width // 4] = colour
        numbers = (state.frame + np.arange(self.chunk_frames)) & 0xFFFF
        self._draw_row(pixels, 2, (numbers << 16) | (numbers ^ 0xFFFF))
        state.frame += self.chunk_frames
        clock_ms = time.monotonic_ns() // 1_000_000 % 2**32
        self._draw_row(pixels, 1, np.full(self.chunk_frames, clock_ms))
        yield pixels

    def mark(self, state: CardState) -> int:
        """The frame number is all there is to remember."""
        return state.frame

    def rollback(self, state: CardState, mark: int) -> None:
        """Count on from `mark`."""
        state.frame = mark

    def dump(self, state: CardState) -> bytes:
        """The frame number as bytes."""
        return _STATE.pack(_MAGIC, state.frame)

    def load(self, dumped: bytes) -> CardState:
        """A stream that counts on. Raises ValueError on bytes that are not from `dump`."""
        if len(dumped) != _STATE.size:
            raise ValueError("not a dumped test card")
        magic, frame = _STATE.unpack(dumped)
        if magic != _MAGIC:
            raise ValueError("not a dumped test card")
        return CardState(frame)

    def _compute(self) -> Iterator[Pixels]:
        """Sleep where a device would work; one point to abandon at between two slices."""
        if not self._compute_s:
            return
        for n in range(SLICES):
            if n:
                yield np.empty((0, self.format.height, self.format.width, 3), np.uint8)
            time.sleep(self._compute_s / SLICES)

    def _background(self, first: int) -> Pixels:
        height, width = self.format.height, self.format.width
        shape = (self.chunk_frames, height, width, 3)
        if self._tiled is None:
            return np.full(shape, GREY, np.uint8)
        pixels = np.empty(shape, np.uint8)
        for n in range(self.chunk_frames):
            start = self._offsets[(first + n) % self.chunk_frames]
            pixels[n] = self._tiled[:, start : start + width]
        return pixels

    def _draw_row(self, pixels: Pixels, row: int, values: NDArray[np.int64]) -> None:
        """Write one 32-bit value per frame into row `row` (1: the lowest) of blocks."""
        bits = values[:, None] >> np.arange(BITS - 1, -1, -1) & 1
        levels = np.where(bits, WHITE, BLACK).astype(np.uint8)
        top = self.format.height - row * BLOCK
        bars = np.repeat(np.repeat(levels, BLOCK, axis=1)[:, None, :, None], 3, axis=3)
        pixels[:, top : top + BLOCK, : BITS * BLOCK] = bars


def colour_of(text: str) -> tuple[int, int, int]:
    """The RGB colour a prompt is shown as."""
    red, green, blue = hashlib.sha256(text.encode()).digest()[:3]
    return 40 + red % 176, 40 + green % 176, 40 + blue % 176


def _tiled_texture(width: int, height: int) -> Pixels:
    """A periodic picture with a 1/f spectrum, twice side by side, so that a roll is a slice."""
    random = np.random.default_rng(1)
    distance = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    distance[0, 0] = 1

    def wave() -> NDArray[np.float64]:
        phase = np.exp(2j * np.pi * random.random(distance.shape))
        picture = np.fft.irfft2(phase / distance, s=(height, width))
        return np.asarray((picture - picture.mean()) / picture.std())

    light = 36 * wave()
    channels = [np.clip(128 + light + 14 * wave(), 16, 235) for _ in range(3)]
    picture = np.stack(channels, axis=2).astype(np.uint8)
    return np.concatenate([picture, picture], axis=1)
