"""From noise to a clean latent frame in a fixed list of steps.

Decides noise levels, where noise comes from, and how one step leads to the next. Noise depends on
(seed, chunk) only, drawn in a fixed order, so that a stream can be continued anywhere. It does
not know the model: that is a function from a noisy frame and a step's index to a flow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Flow = Callable[[Array, int], Array]
Method = Literal["euler", "renoise"]

TIMESTEPS = 1000.0
GUIDED_ABOVE = 0.8
"""Noise level above which a step decides what is to be seen rather than how it looks."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """Effective noise levels, highest first, and how to go from one to the next."""

    sigmas: tuple[float, ...]
    method: Method

    @classmethod
    def of(cls, steps: Sequence[int], *, shift: float, method: Method) -> "StepPlan":
        """Nominal timesteps as they travel on the wire, moved as the training levels were.

        A step at 0 would do nothing and is left out, unless it is the only one.
        """
        nominal = [step / TIMESTEPS for step in steps if step > 0] or [1.0]
        return cls(tuple(shift * s / (1 + (shift - 1) * s) for s in nominal), method)

    def timesteps(self) -> tuple[float, ...]:
        """What the model is told for each level."""
        return tuple(TIMESTEPS * sigma for sigma in self.sigmas)


def noise_source(seed: int, chunk: int) -> np.random.Generator:
    """The noise of one chunk of one stream."""
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, chunk, 0]))


def sinusoid(t: float, width: int) -> Array:
    """The encoding of a timestep that the time embedding starts from: [1, width]."""
    half = width // 2
    angle = t * 10000.0 ** (-np.arange(half, dtype=np.float64) / half)
    return np.concatenate((np.cos(angle), np.sin(angle)))[None].astype(np.float32)


def guided(flow: Flow, other: Flow, strength: float, plan: StepPlan) -> Flow:
    """A flow away from where `other` leads, in the steps above `GUIDED_ABOVE`.

    Classifier-free guidance (Ho and Salimans, 2022) against other words instead of none.
    """

    def both(x: Array, index: int) -> Array:
        velocity = flow(x, index)
        if plan.sigmas[index] <= GUIDED_ABOVE:
            return velocity
        return velocity + np.float32(strength) * (velocity - other(x, index))

    return both


def denoise(
    flow: Flow, shape: tuple[int, ...], plan: StepPlan, noise: np.random.Generator
) -> Iterator[Array]:
    """Yields the current guess of the clean frame after every step; the last one is the result."""
    x = noise.standard_normal(shape, np.float32)
    last = len(plan.sigmas) - 1
    for index, sigma in enumerate(plan.sigmas):
        velocity = flow(x, index)
        x0 = x - np.float32(sigma) * velocity
        yield x0
        if index == last:
            return
        lower = np.float32(plan.sigmas[index + 1])
        if plan.method == "euler":
            x = x0 + lower * (x + np.float32(1 - sigma) * velocity - x0)
        else:
            x = (1 - lower) * x0 + lower * noise.standard_normal(shape, np.float32)
