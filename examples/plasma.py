"""A whole pipeline: plasma in the colours of the prompt's words."""

import colorsys
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from scope.control import PromptStep
from scope.frames import Pixels, VideoFormat
from scope.pipelines.conditioning import Conditioner, ConditionerMark, TextCache
from scope.pipelines.contract import LoadParams, Params, Pipeline, Progress
from scope.pipelines.state_bytes import pack, unpack

HUES = {"embers": 0.03, "sun": 0.1, "forest": 0.35, "sea": 0.55, "night": 0.68, "rose": 0.93}


def palette(text: str) -> np.ndarray:
    """The "text encoder": five colours from dark to light; the words share one hue."""
    words = text.lower().split() or ["night"]
    hues = [HUES[word] for word in words if word in HUES]
    hues = hues or [hashlib.sha256(word.encode()).digest()[0] / 256 for word in words]
    hue = np.angle(np.exp(2j * np.pi * np.array(hues)).sum()) / (2 * np.pi)
    shades = [(0.1, 0.9, 0.05), (-0.1, 0.9, 0.3), (0, 0.9, 0.8), (0.07, 0.7, 1), (0.12, 0.15, 1)]
    return np.array([colorsys.hsv_to_rgb((hue + h) % 1, s, v) for h, s, v in shades], np.float32)


class PlasmaParams(Params):
    speed: float = Field(default=1.0, ge=0, le=5, description="How fast it flows.")
    detail: float = Field(default=3.0, ge=0.5, le=10, description="How fine the folds are.")


@dataclass
class State:
    waves: np.ndarray
    conditioner: Conditioner
    time: float = 0.0


class Plasma(Pipeline[State, tuple[float, ConditionerMark]]):
    id, title, default_prompt = "plasma", "Plasma", "glowing embers"
    Params = PlasmaParams

    def __init__(self, load: LoadParams, *, device: str, progress: Progress) -> None:
        self.format, self.chunk_frames = VideoFormat(384, 216, fps=24), 6
        self.encode = TextCache(palette)
        self.grid = np.mgrid[:216, :384].astype(np.float32) / 216

    def open(self, seed: int) -> State:
        waves = np.random.default_rng(seed).uniform(0.6, 2.0, (4, 4)).astype(np.float32)
        return State(waves, Conditioner(self.encode))

    def step(self, state: State, params: PlasmaParams, prompt: PromptStep) -> Iterator[Pixels]:
        colours = state.conditioner.at(prompt)
        ramps = [np.interp(np.linspace(0, 4, 256), range(5), channel) for channel in colours.T]
        table = (255 * np.stack(ramps, axis=1)).clip(0, 255).astype(np.uint8)
        for _ in range(self.chunk_frames):
            state.time += params.speed / self.format.fps
            v, u = self.grid * params.detail
            for a, b, c, d in state.waves:
                u, v = u + np.sin(a * v + c * state.time), v + np.sin(b * u - d * state.time)
            yield table[(127.5 + 127.5 * np.sin(u + v)).astype(np.uint8)][None]

    def mark(self, state: State) -> tuple[float, ConditionerMark]:
        return state.time, state.conditioner.mark()

    def rollback(self, state: State, mark: tuple[float, ConditionerMark]) -> None:
        state.time = mark[0]
        state.conditioner.rollback(mark[1])

    def dump(self, state: State) -> bytes:
        return pack({"t": np.array(state.time), "w": state.waves} | state.conditioner.dump())

    def load(self, dumped: bytes) -> State:
        kept, conditioner = unpack(dumped), Conditioner(self.encode)
        conditioner.load(kept)
        return State(kept["w"], conditioner, float(kept["t"]))
