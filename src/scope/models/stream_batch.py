"""Several blocks in flight at once, each one step further: every pass advances all of them.

    generator = StreamBatch(model, settings, latent=(height // 8, width // 8))
    state = generator.open(seed)
    made = generator.step(state, text=embedding, steps=(700, 500), start=latents, noise_scale=0.8)
    # None while the first blocks are on their way, then a finished block every time.

Decides which row of a batch works on which block (StreamDiffusionV2). Row n denoises at level n and
has a past of its own, made at that level; there is no clean pass. A block comes out as many calls
after it went in as there are levels, less one. Numbers are those of the rows run one after another.
It does not know pixels. All latents are [1, channels, frames, height, width] in float32.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from scope.models.batch_state import BatchState, Flight
from scope.models.batch_view import CacheRows
from scope.models.block import TextKv
from scope.models.causal import CausalTransformer
from scope.models.flow import add_noise, levels, x0_from_flow
from scope.models.generator import Advance, GeneratorSettings
from scope.models.generator_state import TextState
from scope.models.kv_cache import CacheShape
from scope.models.sampler import BlockNoise
from scope.models.staging import staged
from scope.models.tensor_bytes import AnyArray


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Weights and settings; what changes is in the state.

    Of the settings, those about clean passes and making the past again mean nothing here.
    """

    model: CausalTransformer
    settings: GeneratorSettings
    latent: tuple[int, int]
    advance: Advance | None = None
    """A compiled `model.advance`."""

    def open(self, seed: int) -> BatchState:
        """A stream before its first block."""
        return BatchState(seed, self._rows(0))

    @torch.no_grad()
    def step(
        self,
        state: BatchState,
        *,
        text: Tensor,
        steps: Sequence[float],
        start: Tensor | None = None,
        noise_scale: float = 1.0,
    ) -> Tensor | None:
        """Let a block in, advance all blocks, and return the one that is finished.

        Another number of steps than before is a hard cut. The other arguments are those of
        `BlockGenerator.step`.
        """
        if len(steps) != len(state.rows.caches):
            state.restart(state.seed, self._rows(len(steps)))
        listed = levels(steps, shift=self.settings.shift, warp=self.settings.warp)
        blocks = (self._enter(state, start, noise_scale), *state.flights)
        caches = state.rows.caches[: len(blocks)]
        view = state.rows.view([cache.begin_block(self.settings.block) for cache in caches])
        t = staged(torch.tensor([[level.t] for level in listed[: len(blocks)]]), self.model.device)
        x = torch.cat([block.x for block in blocks])
        advance = self.advance or self.model.advance
        flow = advance(x, self.model.modulation(t), self._text(state, text, len(blocks)), view)
        sigma = torch.tensor([level.sigma for level in listed[: len(blocks)]], dtype=torch.float64)
        wide = staged(sigma, x.device).view(-1, 1, 1, 1, 1)
        x0 = x0_from_flow(x.double(), flow.double(), wide).float()
        onward = [
            replace(block, x=add_noise(guess, self._noise(state, block, row + 1), level.sigma))
            for row, (block, guess, level) in enumerate(
                zip(blocks, torch.split(x0, 1), listed[1:], strict=False)
            )
        ]
        state.flights = tuple(onward)
        state.frame += self.settings.block
        return x0[-1:] if len(blocks) == len(listed) else None

    def mark(self, state: BatchState) -> int:
        """Remember this boundary between calls; two marks are kept."""
        return state.mark()

    def rollback(self, state: BatchState, mark: int) -> None:
        """Back to a mark, bit for bit. Raises ValueError when it is too old."""
        state.rollback(mark)

    def reset(self, state: BatchState, seed: int) -> None:
        """A hard cut: blocks in flight are dropped."""
        state.restart(seed, self._rows(len(state.rows.caches)))

    def dump(self, state: BatchState) -> dict[str, AnyArray]:
        """What has to be kept to go on exactly, as named arrays; marks do not survive."""
        return state.dump()

    def load(self, arrays: Mapping[str, AnyArray]) -> BatchState:
        """A stream continued from `dump`; other names are not looked at. Raises ValueError."""
        state = self.open(0)
        state.load(arrays, blank=self._blank(), rows=self._rows)
        return state

    def _rows(self, count: int) -> CacheRows:
        config, patch = self.model.config, self.model.config.patch
        grid = (self.latent[0] // patch[1], self.latent[1] // patch[2])
        shape = CacheShape(config.layers, 1, grid, config.heads, config.head_dim)
        like = torch.empty(0, dtype=self.model.dtype, device=self.model.device)
        return CacheRows(shape, self.settings.policy, like, rows=count)

    def _enter(self, state: BatchState, start: Tensor | None, noise_scale: float) -> Flight:
        block = Flight(self._blank(), state.frame)
        x = self._noise(state, block, 0)
        if start is not None:
            x = add_noise(start.to(x), x, noise_scale)
        return replace(block, x=x)

    def _noise(self, state: BatchState, block: Flight, draw: int) -> Tensor:
        """The n-th noise of a block, however many calls ago its first was drawn."""
        source = BlockNoise(state.seed, block.frame)
        return [source.draw(block.x) for _ in range(draw + 1)][-1]

    def _text(self, state: BatchState, text: Tensor, rows: int) -> tuple[TextKv, ...]:
        """The prompt for every row, the same object while prompt and rows are the same."""
        if state.text is None or state.text.states is not text:
            moved = text.to(self.model.device)[:, None]
            state.text, state.spread = TextState(text, tuple(self.model.text_kv(moved))), ()
        if not state.spread or len(state.spread[0].keys) != rows:
            state.spread = tuple(
                TextKv(*(x.expand(rows, -1, -1, -1, -1) for x in (layer.keys, layer.values)))
                for layer in state.text.layers
            )
        return state.spread

    def _blank(self) -> Tensor:
        size = (1, self.model.config.in_channels, self.settings.block, *self.latent)
        return torch.empty(size, device=self.model.device)
