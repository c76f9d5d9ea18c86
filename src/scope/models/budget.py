"""How much memory a model of the family takes at a size, before anything is loaded.

Decides the sum (weights, text encoder, cache, work, decoding) from shapes alone, and the largest
size that fits. The figures for decoding are counted on the networks themselves (a test counts
again); room for what a device's libraries take is added. It does not know devices.
"""

from dataclasses import dataclass, replace
from typing import Literal

from scope.errors import OutOfMemory
from scope.models.causal_config import CausalConfig
from scope.models.video_codec import VaeType

GRID = 16
"""Height and width are multiples of it."""

TEXT_TOKENS = 512
TEXT_ENCODER_BYTES = {"bf16": 11_361_000_000, "fp8": 6_735_000_000}
"""Of the published files."""

CODEC_BYTES: dict[VaeType, int] = {
    "wan": 254_000_000,
    "lightvae": 16_000_000,
    "tae": 23_000_000,
    "lighttae": 23_000_000,
}
DECODE_BYTES_PER_PIXEL: dict[VaeType, int] = {
    "wan": 14_100,
    "lightvae": 3_550,
    "tae": 1_375,
    "lighttae": 1_375,
}
"""At the peak of one latent, the stream's memory included, in sixteen bits."""

CODEC_STATE_BYTES_PER_PIXEL: dict[VaeType, int] = {
    "wan": 4_730,
    "lightvae": 1_185,
    "tae": 170,
    "lighttae": 170,
}
LIBRARIES_BYTES = 700_000_000
"""What a device's own libraries take before the first tensor."""

SLACK = 1.15
"""Work is never packed tightly."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be loaded. cache_frames, block: in latent frames. pass_frames: the most frames
    that go through the transformer at once (a window that is made again for a new prompt).
    element_bytes: of a number, 2 on a GPU and 4 on a processor; weight_bits: 8 if the layers'
    matrices have so few, whatever the rest has. text_encoder_bytes: as it will lie there, 0 if it
    lives elsewhere. adapter_bytes: of changes that are not merged. streams: that play at a time.
    """

    config: CausalConfig
    height: int
    width: int
    vae: VaeType
    cache_frames: int
    block: int = 3
    pass_frames: int = 3
    element_bytes: Literal[2, 4] = 2
    weight_bits: Literal[8, 16] = 16
    text_encoder_bytes: int = TEXT_ENCODER_BYTES["bf16"]
    adapter_bytes: int = 0
    streams: int = 1

    @property
    def frame_tokens(self) -> int:
        return (self.height // GRID) * (self.width // GRID)


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes, by what they are for."""

    transformer: int
    text_encoder: int
    codec: int
    cache: int
    work: int
    decode: int
    libraries: int = LIBRARIES_BYTES

    @property
    def total(self) -> int:
        held = self.transformer + self.text_encoder + self.codec + self.cache + self.libraries
        # Decoding runs beside the next block's passes, so both are there at once.
        return held + round(SLACK * (self.work + self.decode))


def parameters(config: CausalConfig) -> int:
    """The number of weights."""
    dim, ffn, cells = config.dim, config.ffn, config.patch[0] * config.patch[1] * config.patch[2]
    attention = 4 * (dim * dim + dim) + 2 * dim
    feed_forward = 2 * dim * ffn + ffn + dim
    block = 2 * attention + feed_forward + 2 * dim + 6 * dim
    text = (config.text_dim + dim + 2) * dim
    time = (config.freq_dim + dim + 2) * dim + 6 * dim * (dim + 1)
    patches = (config.in_channels * cells + 1) * dim
    head = config.out_channels * cells * (dim + 1) + 2 * dim
    pooled = (config.pooled_dim + 1) * dim if config.pooled_dim else 0
    return config.layers * block + text + time + patches + head + pooled


def footprint(plan: Plan) -> Footprint:
    config, pixels = plan.config, plan.height * plan.width
    tokens, dim = plan.frame_tokens, config.dim
    # The figures of the codecs are for two bytes a number.
    size, wider = plan.element_bytes, plan.element_bytes // 2
    token_bytes = 2 * config.layers * dim * size
    # Keys are there twice, un-rotated and as the block reads them; and two marks to go back to
    # keep the slots of a block each.
    frames = plan.cache_frames * 1.5 + 2 * plan.block
    text_bytes = TEXT_TOKENS * token_bytes
    # A layer's inputs, projections and hidden units; the window's keys while they are turned.
    passing = plan.pass_frames * tokens * (8 * dim + 2 * config.ffn) * size
    turning = plan.cache_frames * tokens * dim * 3 * 4
    other_streams = (plan.streams - 1) * CODEC_STATE_BYTES_PER_PIXEL[plan.vae]
    return Footprint(
        transformer=_weight_bytes(plan) + plan.adapter_bytes,
        text_encoder=plan.text_encoder_bytes,
        codec=wider * CODEC_BYTES[plan.vae],
        cache=plan.streams * round(frames * tokens * token_bytes + text_bytes),
        work=passing + turning,
        decode=wider * pixels * (DECODE_BYTES_PER_PIXEL[plan.vae] + other_streams),
    )


def largest_size(plan: Plan, room_bytes: int) -> tuple[int, int] | None:
    """Height and width of about the plan's shape, at most its size, that fit; or None."""
    for height in range(plan.height, GRID - 1, -GRID):
        width = max(GRID, round(plan.width * height / plan.height / GRID) * GRID)
        if footprint(replace(plan, height=height, width=width)).total <= room_bytes:
            return height, width
    return None


def require_room(plan: Plan, room_bytes: int) -> Footprint:
    """The footprint, if it fits. Raises OutOfMemory, which names the largest size that would."""
    need = footprint(plan)
    if need.total <= room_bytes:
        return need
    fitting = largest_size(plan, room_bytes)
    advice = (
        f"the largest size that fits is {fitting[1]}×{fitting[0]}"
        if fitting is not None
        else "no size fits"
    )
    raise OutOfMemory(
        f"{plan.width}×{plan.height} needs about {need.total / 1e9:.1f} GB and "
        f"{room_bytes / 1e9:.1f} GB are free; {advice}",
        field="height",
    )


def _weight_bytes(plan: Plan) -> int:
    config, count = plan.config, parameters(plan.config)
    if plan.weight_bits == 16:
        return plan.element_bytes * count
    matrices = config.layers * (8 * config.dim**2 + 2 * config.dim * config.ffn)
    return plan.element_bytes * (count - matrices) + matrices
