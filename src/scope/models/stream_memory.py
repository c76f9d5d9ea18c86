"""What a stream and the weights of a causal transformer take, before anything is allocated.

Decides nothing: arithmetic over sizes, checked against real tensors by its test. Decoders and text
encoders are not in it.
"""

from dataclasses import dataclass

from scope.models.cache_policy import CachePolicy
from scope.models.causal_config import CausalConfig
from scope.models.undo_log import MARKS_KEPT


@dataclass(frozen=True, slots=True)
class StreamMemory:
    """Bytes. cache: keys, values and the keys as they are read. undo: what may be kept to go back.
    text: one prompt's keys and values. work: the largest tensors of a pass, roughly."""

    cache: int
    undo: int
    text: int
    work: int

    @property
    def total(self) -> int:
        return self.cache + self.undo + self.text + self.work


def weight_parameters(config: CausalConfig) -> int:
    """How many numbers the transformer's weights are."""
    dim, patch = config.dim, config.patch[0] * config.patch[1] * config.patch[2]
    attention = 4 * (dim * dim + dim) + 2 * dim
    feed_forward = 2 * dim * config.ffn + config.ffn + dim
    layer = 2 * attention + feed_forward + 2 * dim + 6 * dim
    text = config.text_dim * dim + dim + dim * dim + dim
    time = config.freq_dim * dim + dim + dim * dim + dim + 6 * (dim * dim + dim)
    ends = config.in_channels * patch * dim + dim
    ends += dim * config.out_channels * patch + config.out_channels * patch + 2 * dim
    pooled = config.pooled_dim * dim + dim if config.pooled_dim else 0
    return config.layers * layer + text + time + ends + pooled


def stream_memory(
    config: CausalConfig,
    policy: CachePolicy,
    *,
    latent: tuple[int, int],
    block: int,
    text_tokens: int = 512,
    bytes_each: int = 2,
) -> StreamMemory:
    """latent: rows and columns of a latent frame; bytes_each: of a number of the model's type."""
    tokens = (latent[0] // config.patch[1]) * (latent[1] // config.patch[2])
    frame = config.layers * tokens * config.dim * bytes_each
    # A block may overwrite its own frames, and besides them a sink that others fade into.
    overwritten = block + policy.sink
    widest = max(3 * config.dim, config.ffn) + 4 * config.dim
    return StreamMemory(
        cache=3 * policy.slots * frame,
        undo=2 * (MARKS_KEPT + 1) * overwritten * frame,
        text=2 * config.layers * text_tokens * config.dim * bytes_each,
        work=block * tokens * widest * max(bytes_each, 4),
    )
