"""Every pipeline on this machine's accelerator: speed, steadiness, memory, prompt to picture.

    python -m bench.gpu [--pipelines longlive,self-forcing] [--blocks 60] [--json FILE]

Runs pipelines in this process through their own interface, without a server: what is measured is
the model. `bench.live` measures the rest. A pipeline that cannot be loaded here is a line that says
why, and costs the others nothing.
"""

import argparse
import contextlib
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from bench.figures import Figure, percentile
from bench.live import show
from scope.control import PromptItem, PromptMix, PromptStep
from scope.errors import ScopeError
from scope.pipelines.registry import AnyPipeline, Listed, catalog, discover

WARM_UP_BLOCKS = 6


def prompt(text: str, key: int) -> PromptStep:
    return PromptStep(mix=PromptMix((PromptItem(text),)), key=key)


class Run:
    """One stream of one pipeline."""

    def __init__(self, pipeline: AnyPipeline) -> None:
        self.pipeline = pipeline
        self.state = pipeline.open(0)
        self.params = pipeline.Params()

    def block(self, step: PromptStep) -> tuple[float, float, int]:
        """Seconds to the first picture and to the end, and how many pictures."""
        self.pipeline.mark(self.state)
        start_s, first_s, count = time.perf_counter(), math.nan, 0
        for piece in self.pipeline.step(self.state, self.params, step):
            if len(piece) and not count:
                first_s = time.perf_counter() - start_s
            count += len(piece)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return first_s, time.perf_counter() - start_s, count


def measure(pipeline: AnyPipeline, blocks: int) -> Iterator[Figure]:
    """A stream in full swing, then prompt changes; a figure for each thing worth knowing."""
    run, calm = Run(pipeline), prompt(pipeline.default_prompt or "a calm sea", 1)
    name, period_s = pipeline.id, 1 / pipeline.format.fps
    opening_s, _, _ = run.block(calm)
    yield Figure(f"{name}: prompt to first picture of a stream", opening_s, "s")
    for _ in range(WARM_UP_BLOCKS):
        run.block(calm)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    runs = [run.block(calm) for _ in range(blocks)]
    times_s = [whole_s for _, whole_s, _ in runs]
    pictures = sum(count for _, _, count in runs)
    playing_s = pictures / blocks * period_s
    yield Figure(f"{name}: pictures a second", pictures / sum(times_s), "fps", (">=", 1 / period_s))
    yield Figure(f"{name}: block, p50", percentile(times_s, 50), "s")
    yield Figure(f"{name}: block, p99", percentile(times_s, 99), "s", ("<=", playing_s))
    changed = [run.block(prompt(f"a storm at sea, {n}", 2 + n))[0] for n in range(5)]
    yield Figure(f"{name}: new prompt to its first picture, p50", float(np.median(changed)), "s")
    if torch.cuda.is_available():
        yield Figure(f"{name}: memory, peak", torch.cuda.max_memory_allocated() / 2**30, "GiB")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pipelines", default="", help="comma-separated ids; empty means all")
    parser.add_argument("--blocks", type=int, default=60)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--load", default="{}", help="load parameters as JSON, for all of them")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def row(name: str, listed: Listed, options: argparse.Namespace) -> list[Figure]:
    """All figures of one pipeline, or the reason why there are none."""
    if listed.kind is None:
        return [Figure(f"{name}: not measured", math.nan, note=listed.spec.unavailable or "")]
    try:
        load = listed.kind.LoadParams.model_validate_json(options.load)
        pipeline = listed.kind(load, device=options.device, progress=lambda _stage, _share: None)
        with contextlib.closing(pipeline):
            return list(measure(pipeline, options.blocks))
    except (ScopeError, ValueError, RuntimeError, OSError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return [Figure(f"{name}: not measured", math.nan, note=reason[:300])]


def main() -> None:
    """Measure, print, write."""
    options = parse(sys.argv[1:])
    known = catalog(discover())
    wanted = [name for name in options.pipelines.split(",") if name] or sorted(known)
    command = " ".join(["python -m bench.gpu", *sys.argv[1:]])
    place = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    print(f"`{command}`, {place}, {datetime.now(UTC):%Y-%m-%d %H:%M}Z\n")
    print("| what | measured | bar | met | note |\n|---|---|---|---|---|")
    figures: list[Figure] = []
    for name in wanted:
        fresh = row(name, known[name], options)
        show(fresh)
        figures += fresh
    if options.json:
        lines = [{**asdict(figure), "met": figure.met()} for figure in figures]
        options.json.write_text(json.dumps(lines, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
