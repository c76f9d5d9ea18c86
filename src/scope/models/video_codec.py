"""Latents to pictures and back while a stream runs: what every decoder here offers.

Decides the state of a stream in a codec and how pixels are told. Latents are always those of the
transformer, [1, 16, F, H/8, W/8]; the first of a stream is one picture, each later one is four.
It does not know networks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from scope.models.tensor_bytes import AnyArray, array_of, tensor_of

VaeType = Literal["wan", "lightvae", "tae", "lighttae"]

PICTURES_PER_LATENT = 4

_NOTHING, _MARK, _TENSOR = range(3)


@dataclass(slots=True)
class CodecState:
    """What one stream's decoder (or encoder) remembers of the latents before.

    The tensors are never written to, so `copy` is cheap and good as a mark.
    memory: a tensor, nothing yet, or a word of the network's own. latents: how many went through.
    """

    memory: list[Tensor | str | None] = field(default_factory=list)
    latents: int = 0

    def copy(self) -> "CodecState":
        return CodecState(list(self.memory), self.latents)

    def become(self, other: "CodecState") -> None:
        """Continue from `other`, a copy taken before."""
        self.memory, self.latents = list(other.memory), other.latents

    def dump(self, prefix: str = "codec") -> dict[str, AnyArray]:
        """Named arrays that `load` continues from, bit for bit."""
        kinds = [
            _NOTHING if part is None else _MARK if isinstance(part, str) else _TENSOR
            for part in self.memory
        ]
        arrays: dict[str, AnyArray] = {
            f"{prefix}.latents": np.array(self.latents, dtype=np.int64),
            f"{prefix}.kinds": np.array(kinds, dtype=np.uint8),
        }
        for index, part in enumerate(self.memory):
            if isinstance(part, Tensor):
                arrays[f"{prefix}.{index}"] = array_of(part)
        return arrays

    @classmethod
    def load(
        cls,
        arrays: Mapping[str, AnyArray],
        *,
        like: "CodecState",
        sample: Tensor,
        mark: str = "",
        prefix: str = "codec",
    ) -> "CodecState":
        """A state from `dump`; other names are not looked at. Raises ValueError.

        like: a fresh state of the same codec. sample: a tensor of its type and device. mark: the
        network's own word.
        """
        latents, kinds = arrays.get(f"{prefix}.latents"), arrays.get(f"{prefix}.kinds")
        if latents is None or latents.shape != () or not np.issubdtype(latents.dtype, np.integer):
            raise ValueError("a decoder's state lacks its counter")
        if kinds is None or kinds.shape != (len(like.memory),) or int(latents) < 0:
            raise ValueError("a decoder's state is that of another decoder")
        memory: list[Tensor | str | None] = []
        for index, kind in enumerate(kinds.tolist()):
            if kind == _TENSOR:
                array = arrays.get(f"{prefix}.{index}")
                shape = () if array is None else array.shape
                wanted = torch.empty(shape, dtype=sample.dtype, device="meta")
                memory.append(tensor_of(array, wanted).to(sample.device))
            else:
                memory.append(mark if kind == _MARK else None)
        return cls(memory, int(latents))


class VideoCodec(Protocol):
    """A decoder and its encoder. Weights only: what changes is in the states."""

    def open(self) -> CodecState:
        """A stream before its first latent."""

    def decode(self, latents: Tensor, state: CodecState) -> Iterator[Tensor]:
        """Pictures as uint8 [T, H, W, 3] on the device, each piece as soon as it is decoded."""

    def open_encoder(self) -> CodecState:
        """A stream before its first picture."""

    def encode(self, pixels: Tensor, state: CodecState) -> Tensor:
        """Latents of uint8 [T, H, W, 3]: T is 1 + 4n at the start of a stream, then 4n."""

    def load(self, arrays: Mapping[str, AnyArray], *, prefix: str = "codec") -> CodecState:
        """A decoder's state from its `dump`. Raises ValueError."""

    def load_encoder(self, arrays: Mapping[str, AnyArray], *, prefix: str = "codec") -> CodecState:
        """An encoder's state from its `dump`. Raises ValueError."""


def check_latents(latents: Tensor, channels: int) -> None:
    if latents.ndim != 5 or latents.shape[0] != 1 or latents.shape[1] != channels:
        raise ValueError(f"latents are [1, {channels}, F, H, W], not {list(latents.shape)}")


def latents_of(pixels: Tensor, state: CodecState) -> int:
    """How many latents the pictures become. Raises ValueError."""
    if pixels.ndim != 4 or pixels.shape[-1] != 3 or pixels.dtype != torch.uint8:
        raise ValueError(f"pictures are uint8 [T, H, W, 3], not {list(pixels.shape)}")
    if pixels.shape[1] % 8 or pixels.shape[2] % 8:
        raise ValueError("height and width of pictures must be multiples of 8")
    first = 0 if state.latents else 1
    later, left_over = divmod(pixels.shape[0] - first, PICTURES_PER_LATENT)
    if left_over or pixels.shape[0] == 0:
        wanted = "4n" if state.latents else "1 + 4n"
        raise ValueError(f"{pixels.shape[0]} pictures do not fill latents: {wanted} are needed")
    return first + later


def pictures(values: Tensor) -> Tensor:
    """uint8 [T, H, W, 3] of values in 0..1, [T, 3, H, W]."""
    scaled = values.float().clamp(0, 1).mul(255).round()
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def values(pixels: Tensor, like: Tensor) -> Tensor:
    """0..1 as [T, 3, H, W], of the type and on the device of `like`."""
    return pixels.to(like.device).permute(0, 3, 1, 2).to(like.dtype).div(255)
