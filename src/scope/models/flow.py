"""Flow matching arithmetic: noise levels, step lists and the conversions between x0, noise, flow.

Decides what a noise level means. A picture at level sigma is (1 - sigma) * x0 + sigma * noise; the
model predicts flow = noise - x0 and is told t = 1000 * sigma. It does not know any model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

TIMESTEPS = 1000.0


def shift_sigma(sigma: float, shift: float) -> float:
    """Move a noise level towards noise, as training with a shifted schedule does."""
    return shift * sigma / (1.0 + (shift - 1.0) * sigma)


def sigma_table(shift: float, entries: int = 1000) -> tuple[float, ...]:
    """The levels a trained schedule knows, from pure noise downwards; zero is not among them."""
    return tuple(shift_sigma(1.0 - index / entries, shift) for index in range(entries))


def nearest_sigma(t: float, table: Sequence[float]) -> float:
    """The level of the entry next to t (so t = 0 maps to the last entry, which is not zero)."""
    return min(table, key=lambda sigma: abs(sigma * TIMESTEPS - t))


def warp_steps(steps: Sequence[float], shift: float) -> tuple[float, ...]:
    """The effective timesteps behind the nominal ones that travel on the wire."""
    return tuple(TIMESTEPS * shift_sigma(step / TIMESTEPS, shift) for step in steps)


@dataclass(frozen=True, slots=True)
class Level:
    """A noise level of a step list: what the model is told, and what the arithmetic uses."""

    t: float
    sigma: float


def levels(steps: Sequence[float], *, shift: float = 5.0, warp: bool = True) -> tuple[Level, ...]:
    """The levels behind a nominal step list, each sigma looked up in the trained table.

    Raw steps (warp=False) are told to the model as they are.
    """
    table = sigma_table(shift)
    told = warp_steps(steps, shift) if warp else tuple(float(step) for step in steps)
    return tuple(Level(t, nearest_sigma(t, table)) for t in told)


def add_noise(x0: Tensor, noise: Tensor, sigma: Tensor | float) -> Tensor:
    return (1.0 - sigma) * x0 + sigma * noise


def flow_target(x0: Tensor, noise: Tensor) -> Tensor:
    return noise - x0


def x0_from_flow(x: Tensor, flow: Tensor, sigma: Tensor | float) -> Tensor:
    return x - sigma * flow


def noise_from_flow(x: Tensor, flow: Tensor, sigma: Tensor | float) -> Tensor:
    return x + (1.0 - sigma) * flow
