"""The pieces of one chunk as a pipeline yields them, held to its promises.

Decides what a pipeline may yield. Knows nothing of streams, buffers or time.
"""

from collections.abc import Generator
from typing import Any

import numpy as np

from scope.control import PromptStep
from scope.errors import GenerationFailed
from scope.frames import Pixels, VideoFormat
from scope.pipelines.contract import Params, Pipeline


def pieces_of_step(
    pipeline: Pipeline[Any, Any], state: Any, params: Params, prompt: PromptStep, *, skip: int
) -> Generator[Pixels, None, None]:
    """Run a step; its pieces, without the first `skip` frames, which are out already.

    Closing this iterator ends the step. Raises GenerationFailed on a piece of a wrong kind.
    """
    pieces = pipeline.step(state, params, prompt)
    made = 0
    try:
        for piece in pieces:
            _require(piece, pipeline.format)
            made += len(piece)
            if made > pipeline.chunk_frames:
                raise GenerationFailed(
                    f"A step yielded more than the {pipeline.chunk_frames} frames of a chunk."
                )
            fresh = piece[skip:]
            skip = max(0, skip - len(piece))
            yield fresh
    finally:
        close = getattr(pieces, "close", None)  # a plain iterator has nothing to end
        if close is not None:
            close()


def no_frames(size: VideoFormat) -> Pixels:
    """A piece without frames."""
    return np.empty((0, size.height, size.width, 3), np.uint8)


def _require(piece: Pixels, size: VideoFormat) -> None:
    if piece.dtype != np.uint8 or piece.shape[1:] != (size.height, size.width, 3):
        raise GenerationFailed(
            f"A step yielded {piece.dtype} {list(piece.shape)}, not uint8 "
            f"[T, {size.height}, {size.width}, 3]."
        )
