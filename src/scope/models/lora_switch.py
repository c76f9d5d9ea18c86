"""Changes beside the weights, whose scales can change between two blocks.

Decides where a change lives: next to a linear layer of a block, where all of them share one path
(two thin products on every pass), or, for what is small (biases, norms, what stands outside the
blocks), in the weights themselves, which are written anew for new scales. Who does not need to
change scales merges (`lora.merged`) and pays nothing. It knows no streams: who has scales of its
own sets them before every pass.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.fp8 import Fp8Linear
from scope.models.lora import Change, Difference, Lora, LowRank
from scope.models.staging import staged

Beside = Callable[[str], bool]
"""Whether the changes of the layer of that name stand beside it."""


class LoraLinear(nn.Module):
    """A linear layer, its low-rank changes as one pair of matrices, and its whole ones."""

    def __init__(self, base: nn.Module, changes: Sequence[Change], *, like: Tensor) -> None:
        """like: a tensor of the device and type the layer computes in."""
        super().__init__()
        self.base = base
        thin = [each for each in changes if isinstance(each, LowRank)]
        down = [pair.down.read().to(like) for pair in thin] or [like.new_empty(0, 0)]
        up = [pair.up.read().to(like) for pair in thin] or [like.new_empty(0, 0)]
        self.down = nn.Parameter(torch.cat(down), requires_grad=False)
        self.up = nn.Parameter(torch.cat(up, dim=1), requires_grad=False)
        whole = [each.difference.read() for each in changes if isinstance(each, Difference)]
        self.whole = nn.ParameterList(
            nn.Parameter(matrix.to(like), requires_grad=False) for matrix in whole
        )
        self.gains: Tensor
        self.register_buffer("gains", like.new_zeros(len(self.down) + len(whole)))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.base(x)
        rank = len(self.down)
        if rank:
            out = out + F.linear(F.linear(x, self.down) * self.gains[:rank], self.up)
        for place, matrix in enumerate(self.whole, start=rank):
            out = out + F.linear(x, matrix) * self.gains[place]
        return out


class LoraSwitch:
    """The changes attached to one model, one scale for each."""

    def __init__(
        self, layers: Sequence[tuple[LoraLinear, Tensor]], written: Sequence["_Written"], count: int
    ) -> None:
        """layers: each with its table, gains = table @ scales."""
        self._table = torch.cat([table for _, table in layers] or [torch.zeros(0, count)])
        self._written = written
        self._scales: tuple[float, ...] = (0.0,) * count
        self._gains: Tensor | None = None
        if layers:
            self._gains = layers[0][0].gains.new_zeros(len(self._table))
            pieces = torch.split(self._gains, [len(table) for _, table in layers])
            for (layer, _), piece in zip(layers, pieces, strict=True):
                layer.gains = piece

    @property
    def scales(self) -> tuple[float, ...]:
        return self._scales

    def set_scales(self, scales: Sequence[float]) -> None:
        """One for each of the changes; 0 leaves the model as it was, exactly.

        Written in place and in the order of the device's work, so that recorded passes see them.
        """
        if len(scales) != len(self._scales):
            raise ValueError(f"{len(self._scales)} scales are needed, not {len(scales)}")
        if tuple(scales) == self._scales:
            return
        self._scales = tuple(scales)
        if self._gains is not None:
            gains = self._table @ torch.tensor(self._scales, dtype=self._table.dtype)
            self._gains.copy_(staged(gains.to(self._gains.dtype), self._gains.device))
        for place in self._written:
            place.write(self._scales)


class _Written:
    """A parameter that is its own value plus so much of each change."""

    def __init__(self, owner: nn.Module, leaf: str, changes: Sequence[Change | None]) -> None:
        self._owner, self._leaf = owner, leaf
        now = self._now
        self._base = now.clone()
        self._deltas = [
            None if change is None else change.delta(1.0, now.device) for change in changes
        ]

    @property
    def _now(self) -> Tensor:
        """Looked up each time: fused layers get other parameters."""
        found: Tensor = getattr(self._owner, self._leaf)
        return found.detach()

    def write(self, scales: Sequence[float]) -> None:
        value = self._base.float()
        for scale, delta in zip(scales, self._deltas, strict=True):
            if delta is not None and scale:
                value = value + scale * delta
        self._now.copy_(value)


def attach(
    model: nn.Module,
    loras: Sequence[Lora],
    *,
    scales: Sequence[float],
    dtype: torch.dtype,
    beside: Beside = lambda _: True,
) -> LoraSwitch:
    """Give a model the changes; before its layers are fused. dtype: what it computes in."""
    layers: list[tuple[LoraLinear, Tensor]] = []
    written: list[_Written] = []
    for name in sorted({name for lora in loras for name in lora}):
        path, _, leaf = name.rpartition(".")
        owner, changes = model.get_submodule(path), [lora.get(name) for lora in loras]
        base = owner.base if isinstance(owner, LoraLinear) else owner
        if leaf == "weight" and isinstance(base, nn.Linear | Fp8Linear) and beside(path):
            place = next(tensor.device for tensor in base.state_dict().values())
            present = [change for change in changes if change is not None]
            layer = LoraLinear(base, present, like=torch.empty(0, device=place, dtype=dtype))
            above, _, last = path.rpartition(".")
            setattr(model.get_submodule(above), last, layer)
            layers.append((layer, _table(changes)))
        else:
            written.append(_Written(base, leaf, changes))
    switch = LoraSwitch(layers, written, len(loras))
    switch.set_scales(scales)
    return switch


def _table(changes: Sequence[Change | None]) -> Tensor:
    """How the gains of a layer follow from the scales [gains, changes]: thin ones come first."""
    thin, whole = [], []
    for place, change in enumerate(changes):
        row = torch.zeros(len(changes), dtype=torch.float64)
        if isinstance(change, LowRank):
            row[place] = change.factor
            thin += [row] * change.down.shape[0]
        elif change is not None:
            row[place] = 1.0
            whole.append(row)
    return torch.stack(thin + whole)
