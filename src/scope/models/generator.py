"""Endless video in latents, block by block: one stream's cache, text and noise put together.

    generator = BlockGenerator(model, GeneratorSettings(...), latent=(height // 8, width // 8))
    state = generator.open(seed)
    for made in generator.step(state, text=embedding, steps=(1000, 750, 500, 250)):
        ...  # None: a point where the step may be abandoned; a tensor: the finished block

Decides the order of passes of a block: new text, making the past again if asked (`recache`,
`reencode`), denoising, hand-over of the block, then one clean pass that writes what later blocks
see. Closing the iterator early leaves the stream bit for bit as it was. It does not know prompts,
pixels or decoders. All latents are [1, channels, frames, height, width] in float32.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from scope.models.cache_policy import CachePolicy, MemoryBank, Window
from scope.models.cache_view import CacheView
from scope.models.causal import CausalTransformer, TextKv
from scope.models.flow import add_noise, levels
from scope.models.generator_state import Schedule, StreamState, TextState
from scope.models.modulation import Modulation
from scope.models.sampler import BlockNoise, denoise
from scope.models.tensor_bytes import AnyArray

Advance = Callable[[Tensor, Modulation, Sequence[TextKv], CacheView], Tensor]


@dataclass(frozen=True, slots=True)
class GeneratorSettings:
    block: int = 3
    """Latent frames made at once."""
    policy: CachePolicy = field(default_factory=lambda: Window(12, sink=3))
    shift: float = 5.0
    warp: bool = True
    """Step lists are nominal and moved as in training; False tells the model the raw numbers."""
    first_steps: tuple[int, ...] | None = None
    """A step list for the first block of a stream, where there is no past to lean on."""
    clean_pass: bool = True
    """False: what the last denoising pass wrote is what later blocks see."""
    context_t: float = 0.0
    """What the clean pass is told."""
    recache: Literal["at once", "block by block"] = "at once"
    """How the past is made again for a new prompt: in one pass in which all its frames see each
    other (as published), or in the order they were made in."""
    keep_sink: bool = True
    """Whether the sink stays as the old prompt made it."""
    reencode: int = 0
    """So many frames of context are made again before every block, and nothing else is kept."""


class BlockGenerator:
    """Weights and settings; what changes is in the state."""

    def __init__(
        self,
        model: CausalTransformer,
        settings: GeneratorSettings,
        *,
        latent: tuple[int, int],
        advance: Advance | None = None,
    ) -> None:
        """latent: rows and columns of a latent frame. advance: a compiled `model.advance`."""
        patch = model.config.patch
        if latent[0] % patch[1] or latent[1] % patch[2]:
            raise ValueError(f"a latent of {latent} is no whole number of patches {patch[1:]}")
        self.model = model
        self.settings = settings
        self.latent = latent
        self._grid = (latent[0] // patch[1], latent[1] // patch[2])
        self._advance = advance or model.advance

    def open(self, seed: int) -> StreamState:
        """A stream before its first block."""
        cache = self.model.empty_cache(self._grid, policy=self.settings.policy)
        return StreamState(seed, cache)

    @torch.no_grad()
    def step(
        self,
        state: StreamState,
        *,
        text: Tensor,
        steps: Sequence[float],
        recache: bool = False,
        anchor: Tensor | None = None,
        start: Tensor | None = None,
        noise_scale: float = 1.0,
    ) -> Iterator[Tensor | None]:
        """Make the next block; yields None between passes and the clean block once.

        text: states [1, tokens, text_dim], zero-padded; the same tensor again costs nothing.
        recache: the prompt changed, make the past again with it. anchor: for `reencode`, the
        frame that stands first; None takes the first frame made. start: clean latents to begin
        from, covered with `noise_scale` of noise.
        """
        point = state.cache.point()
        before = state.remember()
        try:
            yield from self._block(state, text, steps, recache, anchor, start, noise_scale)
        except GeneratorExit:
            # A rollback in between has gone further back already.
            if state.cache.abandon(point):
                state.recall(before)
            raise
        state.cache.forget(point)

    def mark(self, state: StreamState) -> int:
        """Remember this boundary between blocks; two marks are kept."""
        return state.mark()

    def rollback(self, state: StreamState, mark: int) -> None:
        """Back to a mark, bit for bit. Raises ValueError when it is too old."""
        state.rollback(mark)

    def reset(self, state: StreamState, seed: int) -> None:
        """A hard cut: the next block is the first of a stream with that seed."""
        state.restart(seed)

    def dump(self, state: StreamState) -> dict[str, AnyArray]:
        """What has to be kept to go on exactly, as named arrays; marks do not survive."""
        return state.dump()

    def load(self, arrays: Mapping[str, AnyArray]) -> StreamState:
        """A stream continued from `dump`; other names are not looked at. Raises ValueError."""
        config = self.model.config
        state = self.open(0)
        state.load(arrays, frame=(config.in_channels, *self.latent))
        return state

    def _block(
        self,
        state: StreamState,
        text: Tensor,
        steps: Sequence[float],
        recache: bool,
        anchor: Tensor | None,
        start: Tensor | None,
        noise_scale: float,
    ) -> Iterator[Tensor | None]:
        settings, words = self.settings, self._text(state, text)
        schedule = self._schedule(state, steps)
        if state.frame and settings.reencode:
            self._reencode(state, words, schedule, anchor)
        elif state.frame and recache:
            self._recache(state, words, schedule)
        bank = isinstance(settings.policy, MemoryBank)
        plan = state.cache.begin_block(settings.block, words.summary if bank else None)
        view = state.cache.view(plan)
        noise = BlockNoise(state.seed, state.frame)
        x = noise.draw(self._blank())
        if start is not None:
            x = add_noise(start.to(x), x, noise_scale)

        def flow(noisy: Tensor, index: int) -> Tensor:
            return self._advance(noisy, schedule.passes[index], words.layers, view)

        guesses = denoise(flow, x, schedule.levels, noise.draw)
        for index, guess in enumerate(guesses):
            x0 = guess
            if index + 1 < len(schedule.levels):
                yield None
        yield x0
        if settings.clean_pass:
            self._advance(x0, schedule.clean, words.layers, view)
        state.cache.commit(plan)
        state.add(x0, keep=max(settings.policy.window, settings.reencode))

    def _text(self, state: StreamState, text: Tensor) -> TextState:
        """The prompt's keys and values, made again when the tensor is another one."""
        if state.text is None or state.text.states is not text:
            moved = text.to(self.model.device, self.model.dtype)[:, None]
            state.text = TextState(text, tuple(self.model.text_kv(moved)))
        return state.text

    def _schedule(self, state: StreamState, steps: Sequence[float]) -> Schedule:
        """Levels and modulation of a step list, kept until another list is asked for."""
        settings = self.settings
        wanted = tuple(settings.first_steps or steps) if state.frame == 0 else tuple(steps)
        if state.schedule is None or state.schedule.steps != wanted:
            listed = levels(wanted, shift=settings.shift, warp=settings.warp)
            passes = tuple(self._modulation(level.t) for level in listed)
            clean = self._modulation(settings.context_t)
            state.schedule = Schedule(wanted, listed, passes, clean)
        return state.schedule

    def _modulation(self, t: float) -> Modulation:
        return self.model.modulation(torch.full((1, 1), t, device=self.model.device))

    def _recache(self, state: StreamState, words: TextState, schedule: Schedule) -> None:
        """Make the cached past again with the text now in force."""
        cache, settings = state.cache, self.settings
        held = min(len(cache.order), state.recent.shape[2])
        if settings.recache == "at once":
            view = cache.view(cache.begin_replay(held, keep_sink=settings.keep_sink))
            self._advance(state.recent[:, :, -held:], schedule.clean, words.layers, view)
            return
        kept = min(settings.policy.sink, held) if settings.keep_sink else 0
        cache.rewind(kept)
        if held > kept:
            self._again(state, state.recent[:, :, kept - held :], words, schedule)

    def _reencode(
        self, state: StreamState, words: TextState, schedule: Schedule, anchor: Tensor | None
    ) -> None:
        """A cache of nothing but the anchor and the last frames, made with the present text."""
        count = min(self.settings.reencode, state.recent.shape[2])
        first = state.first if anchor is None else anchor.to(state.first)
        context = torch.cat((first, state.recent[:, :, state.recent.shape[2] - count + 1 :]), 2)
        state.cache.reset()
        self._again(state, context, words, schedule)

    def _again(
        self, state: StreamState, frames: Tensor, words: TextState, schedule: Schedule
    ) -> None:
        """Frames into the cache block by block, a short block first if they do not divide."""
        block, count = self.settings.block, frames.shape[2]
        sizes = [count % block] * bool(count % block) + [block] * (count // block)
        for part in torch.split(frames, sizes, dim=2):
            view = state.cache.view(state.cache.begin_again(part.shape[2]))
            self._advance(part, schedule.clean, words.layers, view)

    def _blank(self) -> Tensor:
        size = (1, self.model.config.in_channels, self.settings.block, *self.latent)
        return torch.empty(size, device=self.model.device)
