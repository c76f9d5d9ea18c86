"""Passes replayed as CUDA graphs: one launch instead of a thousand.

    generator = BlockGenerator(model, settings, latent=..., advance=made_fast(model))

Decides which passes are alike enough to share a recording: same cache, same shapes. Everything that
differs between them (the noisy block, the level, positions, slots, the prompt) is copied into
buffers of the recording before it is replayed. It does not know what a pass computes.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from scope.models.attention_backend import attention_for
from scope.models.block import TextKv
from scope.models.cache_view import CacheView, SparseView
from scope.models.causal import CausalTransformer
from scope.models.generator import Advance
from scope.models.modulation import Modulation
from scope.models.rope import RotaryTables

MOST_GRAPHS = 16
"""Shapes of a stream are few: while the window fills, in steady state, a replay."""

Signature = tuple[object, ...]


def made_fast(model: CausalTransformer, *, compiled: bool = False) -> Advance:
    """Settle a model whose weights are in place, and return the quickest way through it."""
    model.fuse()
    model.use_attention(attention_for(model.device, model.dtype))
    return fast_advance(model, compiled=compiled)


def fast_advance(model: CausalTransformer, *, compiled: bool = False) -> Advance:
    """The quickest way through a model where it lies: compiled if asked, recorded on a GPU."""
    advance: Advance = torch.compile(model.advance, fullgraph=True) if compiled else model.advance
    return PassGraphs(advance) if model.device.type == "cuda" else advance


def signature(x: Tensor, level: Modulation, view: CacheView) -> Signature:
    """What two passes must have in common to share a recording."""
    stores = tuple(store.data_ptr() for store in (view.keys, view.values, view.rotated))
    shapes = (x.shape, x.dtype, level.layers.shape, view.keys.shape, view.slots.shape)
    kind: Signature = (view.reads, view.bias is None, view.runs)
    if view.sparse is not None:
        kind += (view.sparse.candidates.shape, view.sparse.rest.shape, view.sparse.keep)
    return (*stores, *shapes, *kind)


@dataclass(slots=True)
class _Recording:
    graph: torch.cuda.CUDAGraph
    x: Tensor
    level: Modulation
    text: tuple[TextKv, ...]
    view: CacheView
    flow: Tensor
    said: Sequence[TextKv]
    """The prompt whose keys are in the buffers."""

    def replay(
        self, x: Tensor, level: Modulation, text: Sequence[TextKv], view: CacheView
    ) -> Tensor:
        self.x.copy_(x)
        self.level.layers.copy_(level.layers)
        self.level.head.copy_(level.head)
        if self.said is not text:
            for kept, fresh in zip(self.text, text, strict=True):
                kept.keys.copy_(fresh.keys)
                kept.values.copy_(fresh.values)
            self.said = text
        for kept_tensor, fresh_tensor in zip(_small(self.view), _small(view), strict=True):
            kept_tensor.copy_(fresh_tensor)
        self.graph.replay()
        return self.flow.clone()


class PassGraphs:
    """An `advance` that records each kind of pass the first time and replays it afterwards."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._recordings: OrderedDict[Signature, _Recording] = OrderedDict()
        self._pool: Any = None

    def __call__(
        self, x: Tensor, level: Modulation, text: Sequence[TextKv], view: CacheView
    ) -> Tensor:
        key = signature(x, level, view)
        known = self._recordings.get(key)
        if known is None:
            known = self._record(x, level, text, view)
            self._recordings[key] = known
            if len(self._recordings) > MOST_GRAPHS:
                self._recordings.popitem(last=False)
        self._recordings.move_to_end(key)
        return known.replay(x, level, text, view)

    def _record(
        self, x: Tensor, level: Modulation, text: Sequence[TextKv], view: CacheView
    ) -> _Recording:
        """Run the pass outside a recording first: it is safe to run it any number of times."""
        x, level, view = x.clone(), Modulation(level.layers.clone(), level.head.clone()), _own(view)
        words = tuple(TextKv(layer.keys.clone(), layer.values.clone()) for layer in text)
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(2):
                self._advance(x, level, words, view)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Nothing of a recording lives on after its replay, so all may work in the same memory; and
        # a decoder may be busy on a stream of its own meanwhile.
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            flow = self._advance(x, level, words, view)
        return _Recording(graph, x, level, words, view, flow, text)


def _own(view: CacheView) -> CacheView:
    """The same plan with small tensors of its own; the cache stays the cache."""
    sparse = view.sparse
    if sparse is not None:
        sparse = SparseView(sparse.candidates.clone(), sparse.rest.clone(), sparse.keep)
    return replace(
        view,
        slots=view.slots.clone(),
        queries=RotaryTables(view.queries.table.clone()),
        bias=None if view.bias is None else view.bias.clone(),
        sparse=sparse,
    )


def _small(view: CacheView) -> list[Tensor]:
    """The tensors of a plan that differ from block to block."""
    found = [view.slots, view.queries.table]
    if view.bias is not None:
        found.append(view.bias)
    if view.sparse is not None:
        found += [view.sparse.candidates, view.sparse.rest]
    return found
