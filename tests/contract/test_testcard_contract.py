"""The test card keeps what every pipeline promises."""

import numpy as np

from scope.frames import Pixels
from scope.pipelines.testcard import BLOCK, CardLoad, TestCard
from scope.pipelines.testing import PipelineContract


class TestCardContract(PipelineContract):
    """With a texture, compute time (so in several pieces) and an odd number of frames."""

    pipeline = TestCard

    def load_params(self) -> CardLoad:
        return CardLoad(width=512, height=128, frames=5, pattern="texture", compute_ms=0.4)

    def comparable(self, pixels: Pixels) -> Pixels:
        """Without the row of bars that is a clock."""
        return np.delete(pixels, np.s_[-BLOCK:], axis=1)
