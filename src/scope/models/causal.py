"""The causal video transformer of the Wan 2.1 family, large or small.

Decides the parameter names (those of the published checkpoints) and the two ways through: a whole
sequence under a mask over frames (training), and one block of frames against a cache (streaming).
Both agree. It does not know samplers, noise schedules or text encoders.

To stream: `text_kv` once a prompt, `modulation` once a noise level, `KvCache.begin_block` and
`view` once a block, then `advance` for every pass. `stream` does the same for one pass alone.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.attention import CachedAttention, MaskedAttention, SelfAttend
from scope.models.attention_backend import AttentionBackend
from scope.models.block import Block, Head, TextKv
from scope.models.cache_plan import BlockPlan
from scope.models.cache_policy import CachePolicy, Window
from scope.models.cache_view import CacheView
from scope.models.causal_config import CausalConfig, FrameLayout
from scope.models.kv_cache import CacheShape, KvCache
from scope.models.modulation import Modulation
from scope.models.patches import patchify, unpatchify
from scope.models.rope import rotary_tables

__all__ = ["CausalConfig", "CausalTransformer", "FrameLayout", "TextKv"]

_Layer = Callable[[Block, int, Tensor], Tensor]


class CausalTransformer(nn.Module):
    def __init__(self, config: CausalConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.patch_embedding = nn.Conv3d(config.in_channels, dim, config.patch, config.patch)
        self.text_embedding = nn.Sequential(
            nn.Linear(config.text_dim, dim), nn.GELU(approximate="tanh"), nn.Linear(dim, dim)
        )
        self.time_embedding = nn.Sequential(
            nn.Linear(config.freq_dim, dim), nn.SiLU(), nn.Linear(dim, dim)
        )
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(dim, 6 * dim))
        self.pooled_embedding = nn.Linear(config.pooled_dim, dim) if config.pooled_dim else None
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.head = Head(config)

    @property
    def dtype(self) -> torch.dtype:
        return self.head.modulation.dtype

    @property
    def device(self) -> torch.device:
        return self.head.modulation.device

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        text: Sequence[TextKv],
        *,
        layout: FrameLayout,
        pooled: Tensor | None = None,
    ) -> Tensor:
        """A whole sequence x [batch, channels, frames, height, width] at t [batch, frames]."""
        return self.with_hidden(x, t, text, layout=layout, pooled=pooled, layer=0)[0]

    def with_hidden(
        self,
        x: Tensor,
        t: Tensor,
        text: Sequence[TextKv],
        *,
        layout: FrameLayout,
        pooled: Tensor | None = None,
        layer: int,
    ) -> tuple[Tensor, Tensor]:
        """The flow, and the tokens after some layer [batch, frames, tokens, dim]."""
        grid = self.grid(x)
        tables = rotary_tables(layout.positions, grid, self.config.head_dim, x.device)
        mask = None
        if not bool(layout.visible.all()):
            size = grid[0] * grid[1]
            rows = layout.visible.to(x.device).repeat_interleave(size, 0)
            mask = rows.repeat_interleave(size, 1)
        attention = MaskedAttention(tables, mask, self._blocks()[0].attention)
        e, e0 = self.time(t, pooled)
        tokens = hidden = self.patchify(x)
        for index, block in enumerate(self._blocks()):
            tokens = block(tokens, e0, attention, text[index])
            if index == layer:
                hidden = tokens
        return unpatchify(self.head(tokens, e), grid, self.config.patch), hidden

    def stream(
        self,
        x: Tensor,
        t: Tensor,
        text: Sequence[TextKv],
        *,
        cache: KvCache,
        plan: BlockPlan,
        pooled: Tensor | None = None,
    ) -> Tensor:
        """One block of frames against the cache; its keys and values land in the plan's slots."""
        return self.advance(x, self.modulation(t, pooled), text, cache.view(plan))

    def advance(
        self, x: Tensor, level: Modulation, text: Sequence[TextKv], view: CacheView
    ) -> Tensor:
        """`stream` with everything that does not change between passes made before."""
        return self.run(
            x, level, text, lambda layer, block: CachedAttention(view, layer, block.attention)
        )

    def run(
        self,
        x: Tensor,
        level: Modulation,
        text: Sequence[TextKv],
        attention: Callable[[int, Block], SelfAttend],
    ) -> Tensor:
        """x [batch, channels, frames, height, width] through all layers to its flow."""
        tokens = self.patchify(x)
        for layer, block in enumerate(self._blocks()):
            tokens = block.run(tokens, level.rows(layer), attention(layer, block), text[layer])
        return unpatchify(
            self.head.run(tokens, level.head.unbind(0)), self.grid(x), self.config.patch
        )

    def text_kv(self, text: Tensor) -> list[TextKv]:
        """Keys and values of text states [batch, texts, tokens, text_dim], zero-padded before.

        One text serves every frame; otherwise give one for each frame.
        """
        states = self.text_embedding(text.to(self.dtype))
        return [TextKv(*block.cross_attn.keys_values(states)) for block in self._blocks()]

    def time(self, t: Tensor, pooled: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The time embedding [batch, frames, dim] and its projection [batch, frames, 6, dim].

        In float32 however the weights are kept: it is made once a level and steers every layer.
        """
        half = self.config.freq_dim // 2
        steps = torch.arange(half, dtype=torch.float64, device=t.device)
        angle = t.double()[..., None] * 10000.0 ** (-steps / half)
        sinusoid = torch.cat((angle.cos(), angle.sin()), dim=-1).float()
        e = _wide(self.time_embedding, sinusoid)
        if self.pooled_embedding is not None and pooled is not None:
            e = e + _wide([self.pooled_embedding], pooled)
        return e, _wide(self.time_projection, e).reshape(*e.shape[:-1], 6, -1)

    def modulation(self, t: Tensor, pooled: Tensor | None = None) -> Modulation:
        """Everything t [batch, frames] does to the layers; [1, 1] serves all frames at once."""
        e, e0 = self.time(t, pooled)
        tables = torch.cat([block.modulation for block in self._blocks()])
        return Modulation.of(tables.float(), self.head.modulation[0].float(), e, e0)

    def empty_cache(
        self,
        grid: tuple[int, int],
        *,
        frames: int = 0,
        sink: int = 0,
        batch: int = 1,
        policy: CachePolicy | None = None,
    ) -> KvCache:
        """A cache for a token grid of (rows, columns): a window of frames, or another policy."""
        config = self.config
        shape = CacheShape(config.layers, batch, grid, config.heads, config.head_dim)
        kept = policy or Window(frames, sink)
        return KvCache.empty(shape, kept, dtype=self.dtype, device=self.device)

    def fuse(self) -> None:
        """Make queries, keys and values in one product from now on; for weights that are done."""
        for block in self._blocks():
            block.self_attn.fuse()

    def use_attention(self, backend: AttentionBackend) -> None:
        for block in self._blocks():
            block.attention = backend

    def grid(self, x: Tensor) -> tuple[int, int]:
        return x.shape[-2] // self.config.patch[1], x.shape[-1] // self.config.patch[2]

    def patchify(self, x: Tensor) -> Tensor:
        """[batch, channels, frames, height, width] to tokens [batch, frames, tokens, dim]."""
        weight = self.patch_embedding.weight
        patches = patchify(x.to(weight.dtype), self.config.patch)
        return F.linear(patches, weight.flatten(1), self.patch_embedding.bias)

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]


def _wide(layers: "nn.Sequential | list[nn.Linear]", x: Tensor) -> Tensor:
    """Small layers in float32, whatever their weights are kept in."""
    for layer in layers:
        if isinstance(layer, nn.Linear) and layer.weight.dtype != torch.float32:
            x = F.linear(x.float(), layer.weight.float(), layer.bias.float())
        else:
            x = layer(x)
    return x
