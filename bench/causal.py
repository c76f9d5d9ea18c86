"""The causal transformer with its cache against one that makes the whole window every time.

    python -m bench.causal [--dim 512] [--layers 4] [--grid 12x20] [--repeats 5] [--json FILE]

Both are timed in the same run, in turns, at the same sizes and in float32, in steady state: a
window of 12 latent frames of which a block is 3. The other side is diffusers' WanTransformer3DModel
over all 12 frames. A block costs the cache one pass more, the clean one; both sides take 4 steps.
Arithmetic is related to the best matrix product this machine does in the same run.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from bench.figures import Figure, percentile
from bench.live import show
from scope.models.attention_backend import attention_for
from scope.models.cache_policy import Window
from scope.models.causal import CausalTransformer
from scope.models.causal_config import CausalConfig
from scope.models.generator import BlockGenerator, GeneratorSettings

WINDOW = 12
SINK = 3
BLOCK = 3
STEPS = (1000, 750, 500, 250)
TEXT_TOKENS = 512

Model = TypeVar("Model", bound=torch.nn.Module)


@dataclass(frozen=True, slots=True)
class Sizes:
    config: CausalConfig
    grid: tuple[int, int]

    @property
    def frame_tokens(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def latent(self) -> tuple[int, int]:
        return 2 * self.grid[0], 2 * self.grid[1]

    def pass_flops(self, frames: int) -> float:
        """Multiplications and additions of one pass of some frames against the whole window."""
        config, tokens = self.config, frames * self.frame_tokens
        linear = 6 * config.dim**2 + 2 * config.dim * config.ffn
        keys = WINDOW * self.frame_tokens + TEXT_TOKENS
        layer = 2 * tokens * linear + 4 * tokens * keys * config.dim
        ends = 2 * tokens * config.dim * 4 * (config.in_channels + config.out_channels)
        return config.layers * layer + ends


class Bench:
    def __init__(self, sizes: Sizes, device: torch.device, dtype: torch.dtype) -> None:
        self.sizes, self.device, self.dtype = sizes, device, dtype
        torch.manual_seed(0)
        self.ours = self._placed(CausalTransformer(sizes.config))
        self.ours.use_attention(attention_for(device, dtype))
        self.ours.fuse()
        self.theirs = self._placed(_diffusers(sizes.config))
        self.text = torch.randn(1, TEXT_TOKENS, sizes.config.text_dim, device=device)
        settings = GeneratorSettings(block=BLOCK, policy=Window(WINDOW, SINK))
        self.generator = BlockGenerator(self.ours, settings, latent=sizes.latent)
        self.state = self.generator.open(0)
        for _ in range(WINDOW // BLOCK + 1):
            self.block()
        size = (1, sizes.config.in_channels, WINDOW, *sizes.latent)
        self.whole = torch.randn(size, device=device, dtype=dtype)
        self.t = torch.full((1,), 500.0, device=device)
        self._prepare_pass()

    def block(self) -> None:
        """Four steps and the clean pass, with everything a stream does around them."""
        for _ in self.generator.step(self.state, text=self.text, steps=STEPS):
            pass

    def one_pass(self) -> Tensor:
        return self.ours.advance(self.x, self.level, self.words, self.view)

    def whole_pass(self) -> Tensor:
        text = self.text.to(self.dtype)
        flow: Tensor = self.theirs(self.whole, self.t, text, return_dict=False)[0]
        return flow

    def _prepare_pass(self) -> None:
        """A block in steady state, opened and never finished: its passes are all alike."""
        text = self.state.text
        assert text is not None
        self.words = text.layers
        self.level = self.ours.modulation(torch.full((1, 1), 500.0, device=self.device))
        self.view = self.state.cache.view(self.state.cache.begin_block(BLOCK))
        self.x = self.whole[:, :, :BLOCK]

    def _placed(self, model: Model) -> Model:
        model.to(self.device).eval().requires_grad_(False)
        if self.dtype != torch.float32:
            model.to(self.dtype)
        return model


def _diffusers(config: CausalConfig) -> WanTransformer3DModel:
    return WanTransformer3DModel(
        num_attention_heads=config.heads,
        attention_head_dim=config.head_dim,
        in_channels=config.in_channels,
        out_channels=config.out_channels,
        text_dim=config.text_dim,
        freq_dim=config.freq_dim,
        ffn_dim=config.ffn,
        num_layers=config.layers,
    )


def timed_ms(work: Callable[[], object], device: torch.device) -> float:
    """Milliseconds until the device is done."""
    _wait(device)
    start_s = time.perf_counter()
    work()
    _wait(device)
    return 1000 * (time.perf_counter() - start_s)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def best_flops(device: torch.device, dtype: torch.dtype) -> float:
    """Of matrix products of several shapes, the fastest of several tries, a second."""
    edges = (4096, 8192) if device.type == "cuda" else (512, 1024, 2048)
    best = 0.0
    for edge in edges:
        one, other = (torch.randn(edge, edge, device=device, dtype=dtype) for _ in range(2))
        times_ms = [timed_ms(lambda a=one, b=other: a @ b, device) for _ in range(6)]
        best = max(best, 2 * edge**3 / (min(times_ms) / 1000))
    return best


def moved_bytes(bench: Bench) -> tuple[int, int, int]:
    """Bytes a block moves: of frames that stay, for turning keys, for being able to go back."""
    cache = bench.state.cache
    before = cache.keys.clone(), cache.values.clone()
    mark = bench.generator.mark(bench.state)
    bench.block()
    saved = cache.undo.saved_bytes
    written = set(cache.order[-BLOCK:])
    moved = 0
    for then, now in zip(before, (cache.keys, cache.values), strict=True):
        for slot in set(cache.order) - written:
            changed = not torch.equal(then[:, :, slot], now[:, :, slot])
            moved += changed * now[:, :, slot].nbytes
    bench.generator.rollback(bench.state, mark)
    return moved, cache.rotated.nbytes, saved


def measure(bench: Bench, repeats: int) -> list[Figure]:
    """The two sides in turns, so that a machine that slows down slows both."""
    device, times = bench.device, {"pass": [], "whole": [], "block": []}
    ceilings = [best_flops(device, bench.dtype)]
    bench.one_pass(), bench.whole_pass()
    for _ in range(repeats):
        times["whole"].append(timed_ms(bench.whole_pass, device))
        times["pass"].append(timed_ms(bench.one_pass, device))
    moved, turned, saved = moved_bytes(bench)
    for _ in range(repeats):
        times["block"].append(timed_ms(bench.block, device))
    ceilings.append(best_flops(device, bench.dtype))
    middle = {name: percentile(values, 50) for name, values in times.items()}
    ceiling = max(ceilings)
    theirs_block_ms = len(STEPS) * middle["whole"]
    share = bench.sizes.pass_flops(BLOCK) / (middle["pass"] / 1000) / ceiling
    whole_share = bench.sizes.pass_flops(WINDOW) / (middle["whole"] / 1000) / ceiling
    ratio, block_ratio = middle["whole"] / middle["pass"], theirs_block_ms / middle["block"]
    return [
        Figure("best matrix product", ceiling / 1e9, "GFLOP/s"),
        Figure("a pass of 3 frames over the cache", middle["pass"], "ms"),
        Figure("a pass of 12 frames, diffusers", middle["whole"], "ms"),
        Figure("faster per pass", ratio, "×", (">=", 3.0)),
        Figure("a block: 4 steps, clean pass, bookkeeping", middle["block"], "ms"),
        Figure("a block: 4 steps, diffusers", theirs_block_ms, "ms"),
        Figure("faster per block", block_ratio, "×", (">=", 2.4)),
        Figure("share of the best product, cache", 100 * share, "%"),
        Figure("share of the best product, diffusers", 100 * whole_share, "%"),
        Figure("moved per block by eviction", moved / 2**20, "MiB", ("<=", 0.0)),
        Figure("keys turned per block", turned / 2**20, "MiB"),
        Figure("copied per block to be able to go back", saved / 2**20, "MiB"),
    ]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--ffn", type=int, default=0, help="0: the published ratio, 35/6 of dim")
    parser.add_argument("--grid", default="12x20", help="token rows x columns of a frame")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main() -> None:
    options = parse(sys.argv[1:])
    rows, columns = (int(part) for part in options.grid.split("x"))
    config = CausalConfig(
        dim=options.dim,
        heads=options.dim // 128,
        layers=options.layers,
        ffn=options.ffn or 35 * options.dim // 6 // 64 * 64,
        text_dim=options.dim,
    )
    sizes = Sizes(config, (rows, columns))
    with torch.no_grad():
        bench = Bench(sizes, torch.device(options.device), getattr(torch, options.dtype))
        figures = measure(bench, options.repeats)
    print(
        f"`python -m bench.causal {' '.join(sys.argv[1:])}`, {datetime.now(UTC):%Y-%m-%d %H:%M}Z\n"
    )
    print("| what | measured | bar | met | note |\n|---|---|---|---|---|")
    show(figures)
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2))


if __name__ == "__main__":
    main()
