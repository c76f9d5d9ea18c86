"""The causal video transformer of the Wan 2.1 family, large or small.

Decides the parameter names (those of the published checkpoints) and the two ways through: a whole
sequence under a mask over frames (training), and one block of frames against a cache (streaming).
Both agree. It does not know samplers, noise schedules or text encoders.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.attention import CachedAttention, MaskedAttention, SelfAttend
from scope.models.block import Block, Head, TextKv
from scope.models.causal_config import CausalConfig, FrameLayout
from scope.models.kv_cache import BlockPlan, CacheShape, KvCache
from scope.models.rope import rotary_tables

__all__ = ["CausalConfig", "CausalTransformer", "FrameLayout", "TextKv"]


class _AttendFactory(Protocol):
    def __call__(self, layer: int) -> SelfAttend: ...


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
        attention = MaskedAttention(tables, mask)
        return self._run(x, t, text, pooled, lambda _: attention, layer)

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
        grid, width = self.grid(x), self.config.head_dim
        queries = rotary_tables(plan.query_positions, grid, width, x.device)
        keys = rotary_tables(plan.key_positions, grid, width, x.device)

        def attention(layer: int) -> SelfAttend:
            return CachedAttention(cache, plan, layer, queries, keys)

        return self._run(x, t, text, pooled, attention, 0)[0]

    def text_kv(self, text: Tensor) -> list[TextKv]:
        """Keys and values of text states [batch, texts, tokens, text_dim], zero-padded before.

        One text serves every frame; otherwise give one for each frame.
        """
        states = self.text_embedding(text)
        return [TextKv(*block.cross_attn.keys_values(states)) for block in self._blocks()]

    def time(self, t: Tensor, pooled: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The time embedding [batch, frames, dim] and its projection [batch, frames, 6, dim]."""
        half = self.config.freq_dim // 2
        steps = torch.arange(half, dtype=torch.float64, device=t.device)
        angle = t.double()[..., None] * 10000.0 ** (-steps / half)
        sinusoid = torch.cat((angle.cos(), angle.sin()), dim=-1).to(self.head.modulation.dtype)
        e = self.time_embedding(sinusoid)
        if self.pooled_embedding is not None and pooled is not None:
            e = e + self.pooled_embedding(pooled)
        e0: Tensor = self.time_projection(e)
        return e, e0.reshape(*e.shape[:-1], 6, -1)

    def empty_cache(
        self, grid: tuple[int, int], *, frames: int, sink: int = 0, batch: int = 1
    ) -> KvCache:
        """A cache for a token grid of (rows, columns)."""
        weight = self.head.modulation
        config = self.config
        size = grid[0] * grid[1]
        shape = CacheShape(config.layers, batch, frames, size, config.heads, config.head_dim, sink)
        return KvCache.empty(shape, dtype=weight.dtype, device=weight.device)

    def grid(self, x: Tensor) -> tuple[int, int]:
        return x.shape[-2] // self.config.patch[1], x.shape[-1] // self.config.patch[2]

    def patchify(self, x: Tensor) -> Tensor:
        """[batch, channels, frames, height, width] to tokens [batch, frames, tokens, dim]."""
        depth, height, width = self.config.patch
        (rows, columns), frames = self.grid(x), x.shape[2] // depth
        x = x.reshape(*x.shape[:2], frames, depth, rows, height, columns, width)
        x = x.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4).flatten(2, 3)
        weight = self.patch_embedding.weight.flatten(1)
        return F.linear(x, weight, self.patch_embedding.bias)

    def unpatchify(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        depth, height, width = self.config.patch
        x = x.reshape(*x.shape[:2], *grid, depth, height, width, -1)
        # The eight axes are batch, frame, row, column, and within the patch p, q, r, channel.
        x = x.permute(0, 7, 1, 4, 2, 5, 3, 6)
        return x.flatten(6, 7).flatten(4, 5).flatten(2, 3)

    def _run(
        self,
        x: Tensor,
        t: Tensor,
        text: Sequence[TextKv],
        pooled: Tensor | None,
        attention: _AttendFactory,
        tap: int,
    ) -> tuple[Tensor, Tensor]:
        grid = self.grid(x)
        e, e0 = self.time(t, pooled)
        tokens = self.patchify(x)
        hidden = tokens
        for layer, block in enumerate(self._blocks()):
            tokens = block(tokens, e0, attention(layer), text[layer])
            if layer == tap:
                hidden = tokens
        return self.unpatchify(self.head(tokens, e), grid), hidden

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]
