"""A loaded large model at play: blocks of latents, their prompt, their pictures.

Decides when the past is made again for a new prompt, and the order of a step: passes, hand-over to
the decoder, clean pass. It does not know files.
"""

import contextlib
import logging
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import Tensor

from scope.control import PromptStep
from scope.frames import Pixels
from scope.models.cache_policy import Window
from scope.models.generator import BlockGenerator, GeneratorSettings
from scope.models.umt5 import TextEncoder
from scope.pipelines.blending import Embedding
from scope.pipelines.conditioning import Conditioner, TextCache
from scope.pipelines.state_bytes import pack, unpack
from scope.pipelines.wan.adapters import Scales
from scope.pipelines.wan.handover import Handover
from scope.pipelines.wan.loading import WanParts
from scope.pipelines.wan.params import BiasedParams, WanParams
from scope.pipelines.wan.profile import WanProfile
from scope.pipelines.wan.state import ANCHOR_PICTURES, WanMark, WanState

TEXTS_BYTES = 256 * 2**20

_log = logging.getLogger(__name__)


class WanRuntime:
    """Weights and settings; what changes is in the states."""

    def __init__(
        self,
        parts: WanParts,
        profile: WanProfile,
        settings: GeneratorSettings,
        *,
        size: tuple[int, int],
        device: torch.device,
    ) -> None:
        """size: rows and columns of a picture."""
        height, width = size
        self.texts = TextCache(lambda text: _encoded(parts.texts, text), limit_bytes=TEXTS_BYTES)
        self._codec = parts.codec
        self._switch = parts.switch
        self._profile = profile
        self._size = size
        self._device = device
        self._generator = BlockGenerator(
            parts.model, settings, latent=(height // 8, width // 8), advance=parts.advance
        )
        self._handover = Handover(parts.codec, device)
        self._text_shape = (512, parts.model.config.text_dim)

    def open(self, seed: int) -> WanState:
        return WanState(
            Conditioner(self.texts),
            self._generator.open(seed),
            self._codec.open(),
            torch.empty(0, *self._size, 3, dtype=torch.uint8, device=self._device),
        )

    def step(
        self, state: WanState, params: WanParams, prompt: PromptStep, *, scales: Scales = ()
    ) -> Iterator[Pixels]:
        """An empty piece after each pass but the last, then the pictures of the block.

        scales: of the adapters that stay apart.
        """
        state.adapt(scales)
        text = state.prompted(state.conditioner.at(prompt))
        # While a prompt glides the past would be made again for every block; its end is enough.
        recache = self._profile.recaches and state.stale and prompt.t >= 1
        state.stale = state.stale and not recache
        self._bias(state, params)
        step = self._generator.step(
            state.video,
            text=text,
            steps=params.denoising_step_list,
            recache=recache,
            anchor=self._anchor(state),
        )
        blocks = self._scaled(cast("Generator[Tensor | None]", step), scales)
        try:
            for made in blocks:
                if made is None:
                    yield np.empty((0, *self._size, 3), np.uint8)
                    continue
                seen: list[Tensor] = []
                pictures = self._handover.start(made, state.codec, seen)
                if self._handover.runs_beside:
                    next(blocks, None)  # the clean pass, behind the passes and beside the decoder
                yield from pictures
                if self._profile.reencode:
                    state.remember(seen)
        finally:
            blocks.close()  # an abandoned step undoes what it wrote

    def mark(self, state: WanState) -> WanMark:
        return state.mark(self._generator.mark(state.video))

    def rollback(self, state: WanState, mark: WanMark) -> None:
        self._generator.rollback(state.video, mark.video)
        state.rollback(mark)

    def dump(self, state: WanState) -> bytes:
        self._handover.finish()
        return pack({**self._generator.dump(state.video), **state.dump()})

    def load(self, dumped: bytes) -> WanState:
        """Raises ValueError."""
        arrays = unpack(dumped)
        for name in ("conditioner.start", "conditioner.current"):
            if name in arrays and arrays[name].shape != self._text_shape:
                raise ValueError("an embedding of the dumped stream has another shape")
        state = self.open(0)
        state.video = self._generator.load(arrays)
        state.codec = self._codec.load(arrays)
        state.restore(arrays, adapters=len(self._switch.scales) if self._switch else 0)
        return state

    def _scaled(self, blocks: Generator[Tensor | None], scales: Scales) -> Generator[Tensor | None]:
        """The same, with these scales: the weights are everybody's, so before each pass."""
        with contextlib.closing(blocks):
            while True:
                if self._switch is not None:
                    self._switch.set_scales(scales)
                try:
                    made = next(blocks)
                except StopIteration:
                    return
                yield made

    def _bias(self, state: WanState, params: WanParams) -> None:
        """How much the past counts can change from block to block."""
        policy = state.video.cache.policy
        if isinstance(params, BiasedParams) and isinstance(policy, Window):
            state.video.cache.policy = replace(policy, kv_bias=params.kv_cache_attention_bias)

    def _anchor(self, state: WanState) -> Tensor | None:
        """The oldest picture kept, as the first latent of a stream that begins with it."""
        if not self._profile.reencode or len(state.pictures) < ANCHOR_PICTURES:
            return None
        self._handover.finish()
        return self._codec.encode(state.pictures[:1], self._codec.open_encoder())


def _encoded(texts: TextEncoder, text: str) -> Embedding:
    encoded = texts.encode(text)
    if encoded.cut:
        # What a prompt says is nobody's business here, how much of it was lost is.
        _log.warning("a prompt is too long: its last %d characters are not read", len(encoded.cut))
    states: Embedding = encoded.states.numpy()
    return states
