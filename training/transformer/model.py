"""The transformer of vista: its sizes, how its weights start, and the head that helps training."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scope.models.causal import CausalConfig, CausalTransformer

LATENT_GRID = (12, 20)
CLIP_FRAMES = 5
SEMANTIC_CLASSES = 8
SEMANTIC_TARGETS = 10


@dataclass(frozen=True, slots=True)
class Sizes:
    dim: int = 256
    layers: int = 8
    channels: int = 32
    """Of a latent."""
    semantic_layer: int = 3
    """The layer after which the semantic head listens."""

    def config(self) -> CausalConfig:
        return CausalConfig(
            dim=self.dim,
            heads=self.dim // 64,
            layers=self.layers,
            ffn=4 * self.dim,
            text_dim=384,
            freq_dim=256,
            in_channels=self.channels,
            out_channels=self.channels,
            pooled_dim=384,
        )


class SemanticHead(nn.Module):
    """Predicts from a noisy frame's tokens what the renderer knows about the clean one."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, SEMANTIC_TARGETS)
        )

    def loss(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of the shares plus the squared error of depth and light."""
        out = self.layers(hidden).float()
        shares = targets[..., :SEMANTIC_CLASSES]
        logs = out[..., :SEMANTIC_CLASSES].log_softmax(-1)
        rest = (out[..., SEMANTIC_CLASSES:] - targets[..., SEMANTIC_CLASSES:]).square()
        return -(shares * logs).sum(-1).mean() + 4.0 * rest.mean()


def start(sizes: Sizes, seed: int = 0) -> CausalTransformer:
    """Fresh weights: every branch starts silent, so that the first steps are stable."""
    torch.manual_seed(seed)
    model = CausalTransformer(sizes.config())
    silent = ("self_attn.o.weight", "cross_attn.o.weight", "ffn.2.weight", "head.head.weight")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(silent) or name.endswith("bias"):
                parameter.zero_()
        model.time_projection[1].weight.zero_()
        model.head.modulation.zero_()
        for block in model.blocks:
            block.modulation.zero_()
            block.modulation[:, 2::3] = 1.0
    return model
