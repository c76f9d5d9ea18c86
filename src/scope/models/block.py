"""One layer of the causal transformer, and its head.

Decides the arithmetic of a layer and its parameter names. It does not know how self-attention
finds its keys (a mask or a cache): that is handed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.attention import RMSNorm, SelfAttend
from scope.models.attention_backend import AttentionBackend
from scope.models.causal_config import CausalConfig
from scope.models.modulation import gated, modulated


@dataclass(frozen=True, slots=True)
class TextKv:
    """Cross-attention keys and values of one layer: [batch, texts, tokens, heads, head_dim]."""

    keys: Tensor
    values: Tensor


class AttentionProjections(nn.Module):
    def __init__(self, config: CausalConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.q = nn.Linear(config.dim, config.dim)
        self.k = nn.Linear(config.dim, config.dim)
        self.v = nn.Linear(config.dim, config.dim)
        self.o = nn.Linear(config.dim, config.dim)
        self.norm_q = RMSNorm(config.dim, config.eps)
        self.norm_k = RMSNorm(config.dim, config.eps)
        self._joint: tuple[Tensor, Tensor] | None = None

    def split(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.heads, -1)

    def query(self, x: Tensor) -> Tensor:
        return self.split(self.norm_q(self.q(x)))

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.split(self.norm_k(self.k(x))), self.split(self.v(x))

    def all(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of the same tokens; one product when fused."""
        if self._joint is None:
            return self.query(x), *self.keys_values(x)
        q, k, v = F.linear(x, *self._joint).chunk(3, dim=-1)
        return self.split(self.norm_q(q)), self.split(self.norm_k(k)), self.split(v)

    def fuse(self) -> None:
        """Lay the three weights side by side; they stay parameters under their own names.

        Modules put in their place (adapters, other number formats) are left alone.
        """
        layers = (self.q, self.k, self.v)
        if self._joint is not None or any(type(layer) is not nn.Linear for layer in layers):
            return
        weight = torch.cat([layer.weight.detach() for layer in layers])
        bias = torch.cat([layer.bias.detach() for layer in layers])
        for layer, w, b in zip(layers, weight.chunk(3), bias.chunk(3), strict=True):
            layer.weight = nn.Parameter(w, requires_grad=False)
            layer.bias = nn.Parameter(b, requires_grad=False)
        self._joint = (weight, bias)

    def _load_from_state_dict(self, *arguments: Any) -> None:
        """Fresh weights may be put in place of the parameters: they are not the joint ones."""
        self._joint = None
        super()._load_from_state_dict(*arguments)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> "AttentionProjections":
        """Moving or converting the weights would part them from the joint ones: fuse again."""
        fused, self._joint = self._joint is not None, None
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if fused:
            self.fuse()
        return self


class Block(nn.Module):
    def __init__(self, config: CausalConfig) -> None:
        super().__init__()
        self.eps = config.eps
        self.attention = AttentionBackend()
        self.modulation = nn.Parameter(torch.randn(1, 6, config.dim) / config.dim**0.5)
        self.self_attn = AttentionProjections(config)
        self.cross_attn = AttentionProjections(config)
        self.norm3 = nn.LayerNorm(config.dim, eps=config.eps)
        self.ffn = nn.Sequential(
            nn.Linear(config.dim, config.ffn),
            nn.GELU(approximate="tanh"),
            nn.Linear(config.ffn, config.dim),
        )

    def forward(self, x: Tensor, e0: Tensor, self_attend: SelfAttend, text: TextKv) -> Tensor:
        """x is [batch, frames, tokens, dim]; e0 is [batch, frames, 6, dim]."""
        shift, scale, gate, *rest = (self.modulation + e0)[:, :, :, None].unbind(2)
        rows = (shift, 1 + scale, gate, rest[0], 1 + rest[1], rest[2])
        return self.run(x.to(torch.result_type(x, shift)), rows, self_attend, text)

    def run(
        self, x: Tensor, rows: Sequence[Tensor], self_attend: SelfAttend, text: TextKv
    ) -> Tensor:
        """rows: as in `Modulation`; x keeps its type through the layer."""
        y = modulated(x, rows[0], rows[1], self.eps).flatten(1, 2)
        y = self.self_attn.o(self_attend(*self.self_attn.all(y)).flatten(2))
        x = gated(x, y.reshape(x.shape), rows[2])
        x = x + self._cross(self.norm3(x), text)
        return gated(x, self.ffn(modulated(x, rows[3], rows[4], self.eps)), rows[5])

    def _cross(self, x: Tensor, text: TextKv) -> Tensor:
        """Each frame reads its own text; no mask: the zero pads take part, as in training."""
        batch, frames, tokens, _ = x.shape
        q = self.cross_attn.query(x)
        if text.keys.shape[1] == 1:
            q, k, v = q.flatten(1, 2), text.keys[:, 0], text.values[:, 0]
        else:
            q, k, v = q.flatten(0, 1), text.keys.flatten(0, 1), text.values.flatten(0, 1)
        y = self.attention(q, k, v).reshape(batch, frames, tokens, -1)
        out: Tensor = self.cross_attn.o(y)
        return out


class Head(nn.Module):
    def __init__(self, config: CausalConfig) -> None:
        super().__init__()
        self.eps = config.eps
        depth, height, width = config.patch
        self.head = nn.Linear(config.dim, config.out_channels * depth * height * width)
        self.modulation = nn.Parameter(torch.randn(1, 2, config.dim) / config.dim**0.5)

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        shift, scale = (self.modulation + e[:, :, None])[:, :, :, None].unbind(2)
        return self.run(x, (shift, 1 + scale))

    def run(self, x: Tensor, rows: Sequence[Tensor]) -> Tensor:
        out: Tensor = self.head(modulated(x, rows[0], rows[1], self.eps))
        return out
