"""Small pipelines of numpy that fail on request, for the engine's contract."""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal
from zlib import crc32

import numpy as np
from pydantic import Field

from scope.control import PromptStep
from scope.errors import InvalidParameters
from scope.frames import Pixels, VideoFormat
from scope.pipelines import contract


class NoiseParams(contract.Params):
    """Parameters of `Noise`. fault: what goes wrong in a step."""

    gain: int = Field(default=1, ge=0, le=10)
    denoising_step_list: contract.StepList = (1000, 500)
    manage_cache: bool = True
    fault: Literal["", "raise once", "raise", "oom", "hang", "kill", "exit", "shape", "judge"] = ""


class NoiseLoad(contract.LoadParams):
    """Load parameters of `Noise`. fault: what goes wrong in the load, or in what it names."""

    width: int = Field(default=64, ge=16, le=1024)
    frames: int = 4
    fps: float = 40
    compute_ms: float = 0
    pieces: int = 2
    tail_ms: float = 0
    words: bool = False
    most_gain: int = 10
    fault: Literal[
        "",
        "raise",
        "oom",
        "kill",
        "hang",
        "judge",
        "stranger",
        "hold",
        "exit",
        "dump",
        "slow judge",
    ] = ""


class Precision(str):
    """What a pipeline may well have of its own; no other process can import it."""

    __slots__ = ()


class OwnFormat(VideoFormat):
    """The same where it must not be."""


class Words:
    """Texts that have to be made ready. "gate:PATH" is once somebody writes to that pipe;
    "bad" never is.
    """

    def __init__(self) -> None:
        self.known: set[str] = set()

    def __contains__(self, text: str) -> bool:
        return text in self.known

    def unused(self, text: str) -> str:
        return text[200:]

    def prepare(self, text: str) -> None:
        if text == "bad":
            raise RuntimeError("no words for this")
        if text.startswith("gate:"):
            Path(text.removeprefix("gate:")).read_bytes()
        self.known.add(text)


@dataclass
class NoiseState:
    seed: int
    frame: int = 0
    attempts: int = 0
    past: list[int] = field(default_factory=list)


class Noise(contract.Pipeline[NoiseState, tuple[int, tuple[int, ...]]]):
    """Noise that depends on the seed, the frame and every prompt so far."""

    id: ClassVar[str] = "noise"
    title: ClassVar[str] = "Noise"
    default_prompt: ClassVar[str] = "dust"
    Params: ClassVar[type[contract.Params]] = NoiseParams
    LoadParams: ClassVar[type[contract.LoadParams]] = NoiseLoad

    def __init__(self, load: NoiseLoad, *, device: str, progress: contract.Progress) -> None:
        progress("building", 0.5)
        if load.fault == "raise":
            raise RuntimeError("the weights are torn")
        if load.fault == "oom":
            raise MemoryError("no room for the weights")
        if load.fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if load.fault == "hang":
            while True:
                time.sleep(0.05)
                progress("hanging", 0.5)
        if load.fault == "exit":
            threading.Thread(target=time.sleep, args=(3600,)).start()
            raise SystemExit(3)
        if load.fault == "hold":
            ctypes.PyDLL(None).sleep(3)  # and no other thread runs
        size = OwnFormat if load.fault == "stranger" else VideoFormat
        self.format = size(load.width, 32, load.fps)
        self.chunk_frames = load.frames
        self.texts = Words() if load.words else None
        self._load = load

    def check(self, params: Any) -> None:
        if params.gain == 7 and self._load.fault == "slow judge":
            time.sleep(3600)
        if params.fault == "judge":
            raise OSError("the judge is out")
        if params.gain > self._load.most_gain:
            raise InvalidParameters("gain: is more than was loaded", field="gain")

    @classmethod
    def check_load(cls, load: Any) -> None:
        if load.fault == "judge":
            raise OSError("the judge is out")
        if load.most_gain > 10:
            raise InvalidParameters("most_gain: is not on this disk", field="most_gain")

    def facts(self) -> dict[str, Any]:
        return {"precision": Precision("whole"), "bits": np.int64(8), "home": Path("/"), "x": None}

    def open(self, seed: int) -> NoiseState:
        return NoiseState(seed)

    def step(self, state: NoiseState, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        self._fail(state, params.fault)
        time.sleep(self._load.compute_ms / 1000)
        if self.texts is not None and prompt.mix.heaviest() not in self.texts:
            if prompt.mix.heaviest().startswith("gate:"):
                raise RuntimeError("a step met words that are not ready")
            self.texts.prepare(prompt.mix.heaviest())
        text = f"{prompt.dominant().heaviest()}|{prompt.t:.3f}|{params.gain}"
        state.past.append(crc32(text.encode()))
        for piece in np.array_split(np.arange(self.chunk_frames), self._load.pieces):
            yield self._draw(state, len(piece))
        if params.fault == "raise once" and state.attempts == 1:
            state.attempts += 1
            raise RuntimeError("a cosmic ray, late")
        time.sleep(self._load.tail_ms / 1000)

    def _draw(self, state: NoiseState, frames: int) -> Pixels:
        shape = (frames, self.format.height, self.format.width, 3)
        pixels = np.empty(shape, np.uint8)
        for n in range(frames):
            random = np.random.default_rng([state.seed, state.frame, *state.past])
            pixels[n] = random.integers(0, 256, shape[1:], np.uint8)
            state.frame += 1
        return pixels

    def _fail(self, state: NoiseState, fault: str) -> None:
        if fault == "raise" or (fault == "raise once" and state.attempts == 0):
            state.attempts += 1
            raise RuntimeError("a cosmic ray")
        if fault == "oom":
            raise type("OutOfMemoryError", (RuntimeError,), {})("tried to allocate 8 GiB")
        if fault == "hang":
            time.sleep(3600)
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "exit":
            raise SystemExit(3)

    def mark(self, state: NoiseState) -> tuple[int, tuple[int, ...]]:
        return state.frame, tuple(state.past)

    def rollback(self, state: NoiseState, mark: tuple[int, tuple[int, ...]]) -> None:
        state.frame, state.past = mark[0], list(mark[1])

    def dump(self, state: NoiseState) -> bytes:
        if self._load.fault == "dump":
            time.sleep(3600)
        return np.array([state.seed, state.frame, *state.past], np.int64).tobytes()

    def load(self, dumped: bytes) -> NoiseState:
        if len(dumped) % 8 or len(dumped) < 16:
            raise ValueError("not a dumped noise")
        seed, frame, *past = np.frombuffer(dumped, np.int64).tolist()
        return NoiseState(seed, frame, past=past)


class Other(Noise):
    """The same under another name."""

    id: ClassVar[str] = "other"
    title: ClassVar[str] = "Other noise"
