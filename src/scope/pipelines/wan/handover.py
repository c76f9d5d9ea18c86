"""A finished block to pictures in memory, at once or beside the next passes.

Decides that a GPU decodes on a stream of its own, so that the clean pass and the next block need
not wait for it; a processor decodes when asked. Pieces come one latent at a time.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from scope.frames import Pixels
from scope.models.video_codec import CodecState, VideoCodec

_CUDA: Any = torch.cuda  # not typed throughout


class Handover:
    """Of one loaded model; what changes is in the codec's state."""

    def __init__(self, codec: VideoCodec, device: torch.device) -> None:
        self._codec = codec
        self._beside: Any = _CUDA.Stream(device) if device.type == "cuda" else None

    @property
    def runs_beside(self) -> bool:
        """Whether `start` returns before anything is decoded, so that more can be queued."""
        return self._beside is not None

    def start(self, latents: Tensor, state: CodecState, seen: list[Tensor]) -> Iterator[Pixels]:
        """Pictures as they are decoded; each is put into `seen` too, where it was decoded."""
        if self._beside is None:
            return self._now(latents, state, seen)
        return iter(self._queued(latents, state, seen))

    def finish(self) -> None:
        """Until everything queued is done: before a state is read."""
        if self._beside is not None:
            self._beside.synchronize()

    def _now(self, latents: Tensor, state: CodecState, seen: list[Tensor]) -> Iterator[Pixels]:
        for piece in self._codec.decode(latents, state):
            seen.append(piece)
            yield piece.numpy().copy()

    def _queued(self, latents: Tensor, state: CodecState, seen: list[Tensor]) -> "_Queue":
        ready = _CUDA.Event()
        ready.record()
        queue = _Queue()
        with _CUDA.stream(self._beside):
            self._beside.wait_event(ready)
            latents.record_stream(self._beside)
            for piece in self._codec.decode(latents, state):
                seen.append(piece)
                host = torch.empty(piece.shape, dtype=piece.dtype, pin_memory=True)
                host.copy_(piece, non_blocking=True)
                done = _CUDA.Event()
                done.record()
                queue.add(host, done)
        return queue


class _Queue:
    """Pieces on their way to memory."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Tensor, Any]] = []

    def add(self, host: Tensor, done: Any) -> None:
        self._waiting.append((host, done))

    def __iter__(self) -> Iterator[Pixels]:
        for host, done in self._waiting:
            done.synchronize()
            yield host.numpy()
