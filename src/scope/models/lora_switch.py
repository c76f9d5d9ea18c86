"""Low-rank changes beside the weights, whose scales can change between two blocks.

Decides how several of them share one path next to a linear layer. It costs two thin matrix
products on every pass; who does not need to change scales merges (`lora.merged`) and pays nothing.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.lora import Lora, LowRank


class LoraLinear(nn.Module):
    """A linear layer, and all its low-rank changes as one pair of matrices."""

    def __init__(self, base: nn.Module, pairs: Sequence[LowRank | None], *, like: Tensor) -> None:
        """like: a tensor of the device and type the layer computes in."""
        super().__init__()
        self.base = base
        present = [pair for pair in pairs if pair is not None]
        down = torch.cat([pair.down.read().to(like) for pair in present])
        up = torch.cat([pair.up.read().to(like) for pair in present], dim=1)
        self.down = nn.Parameter(down, requires_grad=False)
        self.up = nn.Parameter(up, requires_grad=False)
        self.gains: Tensor
        self.register_buffer("gains", torch.zeros(len(down), device=like.device, dtype=like.dtype))
        self._pairs = [(pair.factor, pair.down.shape[0]) if pair else (0.0, 0) for pair in pairs]

    def set_scales(self, scales: Sequence[float]) -> None:
        """Written in place, so that a captured graph sees them."""
        gains = [
            scale * factor
            for scale, (factor, rank) in zip(scales, self._pairs, strict=True)
            for _ in range(rank)
        ]
        self.gains.copy_(torch.tensor(gains))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.base(x) + F.linear(F.linear(x, self.down) * self.gains, self.up)
        return out


class LoraSwitch:
    """The changes attached to one model, one scale for each."""

    def __init__(self, layers: Sequence[LoraLinear], scales: Sequence[float]) -> None:
        self._layers = layers
        self._scales = tuple(scales)
        self.set_scales(scales)

    @property
    def scales(self) -> tuple[float, ...]:
        return self._scales

    def set_scales(self, scales: Sequence[float]) -> None:
        """One for each of the changes; 0 leaves the model as it was, exactly."""
        if len(scales) != len(self._scales):
            raise ValueError(f"{len(self._scales)} scales are needed, not {len(scales)}")
        self._scales = tuple(scales)
        for layer in self._layers:
            layer.set_scales(scales)


def attach(
    model: nn.Module, loras: Sequence[Lora], *, scales: Sequence[float], dtype: torch.dtype
) -> LoraSwitch:
    """Put the changes beside the layers they are for. dtype: what the model computes in."""
    layers = []
    for name in sorted({name for lora in loras for name in lora}):
        base = model.get_submodule(name)
        device = next(tensor.device for tensor in base.state_dict().values())
        like = torch.empty(0, device=device, dtype=dtype)
        layer = LoraLinear(base, [lora.get(name) for lora in loras], like=like)
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, layer)
        layers.append(layer)
    return LoraSwitch(layers, scales)
