"""One layer of the causal transformer, and its head.

Decides the arithmetic of a layer and its parameter names. It does not know how self-attention
finds its keys (a mask or a cache): that is handed in.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.attention import RMSNorm, SelfAttend, attend
from scope.models.causal_config import CausalConfig


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

    def split(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:-1], self.heads, -1)

    def query(self, x: Tensor) -> Tensor:
        return self.split(self.norm_q(self.q(x)))

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.split(self.norm_k(self.k(x))), self.split(self.v(x))


class Block(nn.Module):
    def __init__(self, config: CausalConfig) -> None:
        super().__init__()
        self.eps = config.eps
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
        table = (self.modulation + e0)[:, :, :, None].unbind(2)
        y = self._modulated(x, table[0], table[1]).flatten(1, 2)
        q, (k, v) = self.self_attn.query(y), self.self_attn.keys_values(y)
        y = self.self_attn.o(self_attend(q, k, v).flatten(2))
        x = x + table[2] * y.reshape(x.shape)
        x = x + self._cross(self.norm3(x), text)
        y = self._modulated(x, table[3], table[4])
        out: Tensor = x + table[5] * self.ffn(y)
        return out

    def _modulated(self, x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], eps=self.eps) * (1 + scale) + shift

    def _cross(self, x: Tensor, text: TextKv) -> Tensor:
        """Each frame reads its own text; no mask: the zero pads take part, as in training."""
        batch, frames, tokens, _ = x.shape
        q = self.cross_attn.query(x)
        if text.keys.shape[1] == 1:
            q, k, v = q.flatten(1, 2), text.keys[:, 0], text.values[:, 0]
        else:
            q, k, v = q.flatten(0, 1), text.keys.flatten(0, 1), text.values.flatten(0, 1)
        y = attend(q, k, v).reshape(batch, frames, tokens, -1)
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
        y = F.layer_norm(x, x.shape[-1:], eps=self.eps) * (1 + scale) + shift
        out: Tensor = self.head(y)
        return out
