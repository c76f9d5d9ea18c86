"""The transformer of a load: its weights, the file that belongs to them, the client's adapters.

Decides their order: the model's own change first, then the adapters that are merged, then eight
bits, then the adapters that stay apart. It does not know where files come from or what memory
there is.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from scope.errors import LoadFailed
from scope.models.assign import BytesDone, assign, on_meta
from scope.models.attention_backend import attention_for
from scope.models.causal import CausalTransformer
from scope.models.checkpoint import Weights, open_weights
from scope.models.fp8 import has_fp8_products, in_fp8
from scope.models.lora import Lora, Shapes, merged, read_lora, shapes_of
from scope.models.lora_switch import LoraSwitch, attach
from scope.models.wan_names import config_of
from scope.pipelines.wan.adapters import Adapter, Adapters
from scope.pipelines.wan.profile import Quantization

_BLOCKS = "blocks."


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes the weights of a file. merged: in order, each with its scale. apart: those whose
    scales can change, with the ones they begin with.
    """

    merged: tuple[tuple[Lora, float], ...] = ()
    apart: tuple[Lora, ...] = ()
    scales: tuple[float, ...] = ()

    def bytes_apart(self, dtype: torch.dtype) -> int:
        """Memory for what is not merged."""
        changes = (change for lora in self.apart for change in lora.values())
        return dtype.itemsize * sum(change.numbers for change in changes)


def read_changes(weights: Weights, own: Path | None, adapters: Adapters) -> Changes:
    """own: a file without which the model is not whole. Raises LoadFailed naming the adapter."""
    shapes = shapes_of(weights)
    merging = [(_read(adapter, shapes), adapter.scale) for adapter in adapters.merged]
    if own is not None:
        merging.insert(0, (read_lora(open_weights(own, key="generator_lora"), shapes), 1.0))
    return Changes(
        tuple(merging),
        tuple(_read(adapter, shapes) for adapter in adapters.apart),
        tuple(adapter.scale for adapter in adapters.apart),
    )


def load_transformer(
    weights: Weights,
    changes: Changes,
    *,
    quantization: Quantization | None,
    device: torch.device,
    dtype: torch.dtype,
    progress: BytesDone,
) -> tuple[CausalTransformer, LoraSwitch | None]:
    """The model, ready to run, and what changes the scales of the adapters that stay apart."""
    config = config_of(weights)
    model = on_meta(lambda: CausalTransformer(config))
    for lora, scale in changes.merged:
        weights = merged(weights, lora, scale=scale, device=device)
    if quantization is not None:
        weights = in_fp8(
            model,
            weights,
            dtype=dtype,
            select=lambda name, _: name.startswith(_BLOCKS),
            products=has_fp8_products(device),
        )
    assign(model, weights, device=device, dtype=dtype, progress=progress)
    switch = None
    if changes.apart:
        # What stands outside the blocks is small, and partly computed in another type.
        switch = attach(
            model,
            changes.apart,
            scales=changes.scales,
            dtype=dtype,
            beside=lambda name: name.startswith(_BLOCKS),
        )
    model.use_attention(attention_for(device, dtype))
    model.fuse()
    return model, switch


def _read(adapter: Adapter, shapes: Shapes) -> Lora:
    try:
        return read_lora(open_weights(adapter.file.path), shapes)
    except LoadFailed as error:
        where = f"{adapter.field}: {adapter.file.name}"
        raise LoadFailed(f"{where}: {error.detail}", field=adapter.field) from error
