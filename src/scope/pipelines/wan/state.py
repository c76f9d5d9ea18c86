"""Everything of one stream of a large model that changes over time.

Decides what a mark remembers and what a dump holds; cache and decoder bring their own. It does not
know how blocks are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from scope.models.generator_state import StreamState
from scope.models.tensor_bytes import AnyArray
from scope.models.video_codec import CodecState
from scope.pipelines.blending import Embedding
from scope.pipelines.conditioning import Conditioner, ConditionerMark
from scope.pipelines.wan.adapters import Scales

ANCHOR_PICTURES = 9
"""How far back the picture lies that a model which makes its past again starts from."""


@dataclass(frozen=True, slots=True)
class WanMark:
    """A stream between two blocks. video: the number of the cache's own mark."""

    video: int
    conditioning: ConditionerMark
    codec: CodecState
    embedding: Embedding | None
    text: Tensor | None
    stale: bool
    scales: Scales | None
    pictures: Tensor


@dataclass(slots=True)
class WanState:
    """embedding, text: the prompt in force, as arrays and as the transformer takes it. scales: of
    the adapters, in force; read_with: those that prompt and levels were read with last, which no
    way back undoes. stale: the past was made with another prompt, or other scales. pictures: the
    last ones, if the model needs them.
    """

    conditioner: Conditioner
    video: StreamState
    codec: CodecState
    pictures: Tensor
    embedding: Embedding | None = None
    text: Tensor | None = None
    stale: bool = False
    scales: Scales | None = None
    read_with: Scales | None = None

    def adapt(self, scales: Scales) -> None:
        """Take the scales of the next block; what was read with others is read anew."""
        if self.scales is not None and scales != self.scales:
            self.stale = self.stale or self.video.frame > 0
        self.scales = scales
        if self.read_with != scales:
            self.video.forget_readings()
            self.read_with = scales

    def prompted(self, embedding: Embedding) -> Tensor:
        """The prompt of the next block as the transformer takes it, the same while it is."""
        if self.text is None or embedding is not self.embedding:
            self.stale = self.stale or self.video.frame > 0
            self.embedding, self.text = embedding, torch.tensor(embedding)[None]
        return self.text

    def remember(self, pieces: list[Tensor]) -> None:
        """Keep the newest pictures."""
        self.pictures = torch.cat((self.pictures, *pieces))[-ANCHOR_PICTURES:].clone()

    def mark(self, video: int) -> WanMark:
        return WanMark(
            video,
            self.conditioner.mark(),
            self.codec.copy(),
            self.embedding,
            self.text,
            self.stale,
            self.scales,
            self.pictures,
        )

    def rollback(self, mark: WanMark) -> None:
        """Everything but the cache, which has its own way back."""
        self.conditioner.rollback(mark.conditioning)
        self.codec.become(mark.codec)
        self.embedding, self.text = mark.embedding, mark.text
        self.stale, self.scales, self.pictures = mark.stale, mark.scales, mark.pictures

    def dump(self) -> dict[str, AnyArray]:
        """All but the cache, as named arrays."""
        return {
            **self.codec.dump(),
            **self.conditioner.dump(),
            "wan.stale": np.array(self.stale, np.bool_),
            "wan.scales": np.array(self.scales or (), np.float64),
            "wan.pictures": self.pictures.cpu().numpy(),
        }

    def restore(self, arrays: Mapping[str, AnyArray], *, adapters: int) -> None:
        """Go on from `dump`; the codec is loaded elsewhere. adapters: how many have scales.

        Raises ValueError.
        """
        stale, pictures = arrays.get("wan.stale"), arrays.get("wan.pictures")
        if stale is None or stale.shape or stale.dtype != np.bool_:
            raise ValueError("the dumped stream does not say what its past was made with")
        size = tuple(self.pictures.shape[1:])
        if pictures is None or pictures.dtype != np.uint8 or pictures.shape[1:] != size:
            raise ValueError("the dumped stream's pictures are missing or of another size")
        if len(pictures) > ANCHOR_PICTURES:
            raise ValueError("the dumped stream holds more pictures than are kept")
        scales = arrays.get("wan.scales")
        if scales is None or scales.dtype != np.float64 or scales.shape not in {(0,), (adapters,)}:
            raise ValueError("the dumped stream was made with other adapters")
        self.conditioner.load(arrays)
        embedding = self.conditioner.in_force
        if embedding is not None:
            self.embedding, self.text = embedding, torch.tensor(embedding)[None]
        self.stale, self.scales = bool(stale), tuple(scales.tolist()) or None
        self.pictures = torch.from_numpy(pictures).to(self.pictures.device)
