"""What a client gives and gets, as values. Bodies of HTTP are those of `scope.protocol`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

StreamState = Literal["connecting", "connected", "streaming", "paused", "reconnecting", "closed"]
Method = Literal["linear", "slerp"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text with its weight; weights are divided by their sum."""

    text: str
    weight: float = 1.0


Prompts = str | Prompt | Sequence[str | Prompt]


@dataclass(frozen=True, slots=True)
class Applied:
    """A change is in the picture. chunk, first_frame: the first that were made with it.

    ms: from its arrival at the server to the encoder. elapsed_s: since the call, as seen here.
    """

    revision: int
    chunk: int
    first_frame: int
    ms: float
    elapsed_s: float
    rtp_timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame: uint8, [H, W, 3] for rgb24, [H * 3 / 2, W] for yuv420p.

    rtp_timestamp: 90 kHz, from the first frame of this connection. received_s: CLOCK_MONOTONIC.
    """

    pixels: NDArray[np.uint8]
    rtp_timestamp: int
    received_s: float


@dataclass(frozen=True, slots=True)
class Link:
    """Where somebody without a key may watch. expires_s: from now; uses: how many browsers it
    lets in; both None where the server needs no key.
    """

    url: str
    expires_s: float | None = None
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A message of the server, or a change of state (`kind` "state")."""

    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)


def wire_prompts(prompts: Prompts) -> list[dict[str, Any]]:
    """Prompts as the wire has them."""
    several = [prompts] if isinstance(prompts, str | Prompt) else prompts
    items = [Prompt(each) if isinstance(each, str) else each for each in several]
    return [{"text": item.text, "weight": item.weight} for item in items]
