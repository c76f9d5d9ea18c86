"""What tells the published models of the Wan 2.1 family apart, as values.

Decides sizes, step lists, windows and what a new prompt does to the past; figures are those the
models were trained with. It imports no model library, so that models can be listed without one.
"""

from dataclasses import dataclass
from typing import Literal

STEPS = (1000, 750, 500, 250)
FPS = 16.0


@dataclass(frozen=True, slots=True)
class WanProfile:
    """key: where in its file the weights are. window, sink, block: in latent frames."""

    window: int
    sink: int = 0
    block: int = 3
    key: str | None = None
    has_lora: bool = False
    """A second file changes the first, and only both together are the model."""
    steps: tuple[int, ...] = STEPS
    shift: float = 5.0
    warp: bool = True
    """Steps are nominal and moved as in training."""
    clean_pass: bool = True
    recaches: bool = False
    """The past is made again when the prompt changes."""
    reencode: int = 0
    """The past is made again before every block, from this many frames."""
    kv_bias: float = 1.0
    fading_sink: float | None = None
    """Frames that leave fade into the sink, of which this share stays."""
    bank: int = 0
    """Frames kept between sink and window because they answer the prompt."""

    @property
    def pass_frames(self) -> int:
        """The most frames that go through the transformer at once."""
        return self.window if self.recaches else max(self.block, self.reencode)


LONGLIVE = WanProfile(12, sink=3, key="generator", has_lora=True, recaches=True)
SELF_FORCING = WanProfile(21, key="generator_ema")
REWARD_FORCING = WanProfile(9, sink=3, key="generator_ema", fading_sink=0.999)
MEMFLOW = WanProfile(12, sink=3, key="generator", has_lora=True, recaches=True, bank=3)
CAUSAL_FORCING = WanProfile(21, key="generator")
STREAMDIFFUSION_V2 = WanProfile(21, key="generator", shift=8.0, warp=False)
KREA = WanProfile(6, clean_pass=False, reencode=3, kv_bias=0.3)

Quantization = Literal["fp8_e4m3fn"]
