"""Streams of the shipped pipeline, and what is measured on them over time.

Decides what drift, a switch and a cut are. It does not know prompts or attributes.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scope.control import PromptItem, PromptMix, PromptStep
from scope.frames import VIDEO_CLOCK_HZ
from scope.media.bitrate import initial_bitrate_kbps
from scope.media.encoder import Picture, VideoEncoder
from scope.pipelines.vista.pipeline import Vista, VistaParams

Image = NDArray[np.uint8]
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def params_of(steps: tuple[int, ...]) -> VistaParams:
    """Without the limit on steps, so that many can serve as the reference."""
    return VistaParams.model_construct(denoising_step_list=steps, manage_cache=False)


def evenly(count: int) -> tuple[int, ...]:
    """A step list of evenly spaced nominal levels."""
    return tuple(round(1000 * (count - index) / count) for index in range(count))


def chunks(
    vista: Vista, prompts: list[str], steps: tuple[int, ...], seed: int
) -> Iterator[NDArray[np.uint8]]:
    """One chunk [4, H, W, 3] for every prompt in turn, one stream."""
    state, params = vista.open(seed), params_of(steps)
    key = 0
    for index, prompt in enumerate(prompts):
        key += index > 0 and prompt != prompts[index - 1]
        step = PromptStep(PromptMix((PromptItem(prompt),)), key=key)
        yield np.concatenate(list(vista.step(state, params, step)))


def last_picture(
    vista: Vista, prompt: str, steps: tuple[int, ...], length: int, seed: int
) -> Image:
    """The last picture of a short stream."""
    return list(chunks(vista, [prompt] * length, steps, seed))[-1][-1]


@dataclass(frozen=True, slots=True)
class Looks:
    """Averages over pictures: mean colour, contrast (deviation of luma), sharpness."""

    colour: NDArray[np.float32]
    contrast: float
    sharpness: float

    @classmethod
    def of(cls, pictures: list[Image]) -> "Looks":
        colours, contrasts, edges = [], [], []
        for picture in pictures:
            scaled = picture.astype(np.float32) / 255
            luma = scaled @ LUMA
            colours.append(scaled.mean((0, 1)))
            contrasts.append(luma.std())
            squared = np.square(np.diff(luma, axis=0)).mean() + np.square(np.diff(luma)).mean()
            edges.append(np.sqrt(squared))
        return cls(np.mean(colours, 0), float(np.mean(contrasts)), float(np.mean(edges)))

    def drift(self, later: "Looks") -> dict[str, float]:
        """Colour in shares of full scale, without a sign; the others in shares of what they were,
        above zero where there is more later."""
        return {
            "colour": float(np.abs(later.colour - self.colour).max()),
            "contrast": later.contrast / self.contrast - 1,
            "sharpness": later.sharpness / self.sharpness - 1,
        }


def is_cut(pictures: list[Image], before: Image, after: Image) -> bool:
    """Whether one step between pictures does most of the way from `before` to `after`."""
    steps = [distance(one, two) for one, two in pairwise(pictures)]
    return max(steps) > 0.6 * max(distance(before, after), 1e-6)


def distance(one: Image, two: Image) -> float:
    return float(np.abs(one.astype(np.float32) - two).mean())


def chunk_times(
    vista: Vista, prompt: str, steps: tuple[int, ...], count: int
) -> tuple[float, list[float]]:
    """Seconds to the first pictures of a new stream, and of each later chunk; made and encoded for
    a viewer (VP8) on one thread, though the server encodes while the next chunk is made."""
    video = vista.format
    encoder = VideoEncoder("VP8", format=video, bitrate_kbps=initial_bitrate_kbps(video))
    stream = chunks(vista, [prompt] * (count + 1), steps, 0)
    times: list[float] = []
    shown = 0
    for _ in range(count + 1):
        began = time.perf_counter()
        for pixels in next(stream):
            encoder.encode(Picture(pixels, round(shown * VIDEO_CLOCK_HZ / video.fps), shown, 0))
            shown += 1
        times.append(time.perf_counter() - began)
    encoder.close()
    return times[0], times[1:]
