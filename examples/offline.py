"""Make pictures without a server: load a pipeline, step it, write an animation.

    python examples/offline.py "a desert at noon" --seconds 3 --out desert.gif

The same seed and prompt give the same pictures. `daydream-scope render` does more, faster.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scope.control import PromptItem, PromptMix, PromptSchedule
from scope.pipelines.registry import catalog, discover


def pictures(pipeline: Any, *, prompt: str, seed: int) -> Iterator[np.ndarray]:
    """Pictures of `prompt`, without end."""
    schedule = PromptSchedule().with_prompts(PromptMix((PromptItem(prompt),)))
    state, params = pipeline.open(seed), type(pipeline).Params()
    while True:
        pipeline.mark(state)
        for piece in pipeline.step(state, params, schedule.step()):
            yield from piece


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("prompt")
    parser.add_argument("--pipeline", default="vista")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path, default=Path("out.gif"))
    asked = parser.parse_args()

    kind = catalog(discover())[asked.pipeline].kind
    if kind is None:
        raise SystemExit(f"{asked.pipeline} can not run here; see: daydream-scope pipelines")
    pipeline = kind(kind.LoadParams(), device="cpu", progress=lambda stage, share: print(stage))
    wanted = round(asked.seconds * pipeline.format.fps)
    endless = pictures(pipeline, prompt=asked.prompt, seed=asked.seed)
    frames = [Image.fromarray(next(endless)) for _ in range(wanted)]
    frames[0].save(
        asked.out,
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 / pipeline.format.fps),
        loop=0,
    )
    print(f"{len(frames)} pictures → {asked.out}")


if __name__ == "__main__":
    main()
