"""The world's interface: draw a scene, render it as a clip.

Decides how attributes, captions, pictures and targets belong together. Everything follows from
the seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.world import attributes as world
from training.world.attributes import Attributes
from training.world.captions import write
from training.world.stage import Stage, picture_of, set_up
from training.world.tokens import TokenSum

FPS = 16
PICTURES_PER_LATENT = 4
CROSS_FADE = 8
HEIGHT, WIDTH, PICTURES = 192, 320, 20
_CHANGING = 0.1


@dataclass(frozen=True, slots=True)
class Scene:
    """One or two parts; the second begins to replace the first at `change_frame`."""

    seed: int
    parts: tuple[Attributes, ...]
    captions: tuple[str, ...]
    mentioned: tuple[tuple[str, ...], ...]
    change_frame: int | None

    def record(self) -> dict[str, object]:
        return {
            "captions": list(self.captions),
            "change_frame": self.change_frame,
            "seed": self.seed,
            "attributes": [part.as_dict() for part in self.parts],
            "mentioned": [list(keys) for keys in self.mentioned],
        }


@dataclass(frozen=True, slots=True)
class Clip:
    pixels: NDArray[np.uint8]  # [pictures, height, width, 3]
    targets: NDArray[np.float16]  # [latent frames, tokens, TARGETS]
    scene: Scene


def sample_scene(
    seed: int, *, split: str = "train", pictures: int = PICTURES, changing: float = _CHANGING
) -> Scene:
    """The scene of a seed. Splits draw from separate streams, so none repeats another's scenes."""
    rng = np.random.default_rng([seed, world.SPLITS.index(split)])
    parts: tuple[Attributes, ...] = (world.sample(rng, split=split),)
    change = None
    if rng.random() < changing:
        parts = (*parts, world.vary(parts[0], rng, split=split))
        change = int(rng.integers(1, max(2, (pictures - CROSS_FADE) // PICTURES_PER_LATENT + 1)))
        change *= PICTURES_PER_LATENT
    written = [write(part, rng, split=split) for part in parts]
    return Scene(
        seed=int(rng.integers(2**31)),
        parts=parts,
        captions=tuple(text for text, _ in written),
        mentioned=tuple(keys for _, keys in written),
        change_frame=change,
    )


def render(
    scene: Scene, *, pictures: int = PICTURES, height: int = HEIGHT, width: int = WIDTH
) -> Clip:
    """All pictures of a scene; targets are taken at the third picture of every four."""
    stages = [
        set_up(part, scene.seed, pictures=pictures, height=height, width=width)
        for part in scene.parts
    ]
    pixels = np.empty((pictures, height, width, 3), np.uint8)
    targets: list[NDArray[np.float16]] = []
    for picture in range(pictures):
        wanted = picture % PICTURES_PER_LATENT == 2
        tokens = [TokenSum(height, width) for _ in stages] if wanted else [None] * len(stages)
        canvas, seen = _blend(scene, stages, tokens, picture)
        planes = np.clip(canvas * 255 + 0.5, 0, 255).astype(np.uint8)
        pixels[picture] = planes.transpose(1, 2, 0)
        if seen is not None:
            targets.append(seen)
    return Clip(pixels, np.stack(targets), scene)


def _blend(
    scene: Scene, stages: list[Stage], tokens: list[TokenSum] | list[None], picture: int
) -> tuple[NDArray[np.float32], NDArray[np.float16] | None]:
    share = _share_of_second(scene, picture)
    canvas: NDArray[np.float32] | None = None
    seen: NDArray[np.float32] | None = None
    for stage, token_sum, weight in zip(stages, tokens, (1 - share, share), strict=False):
        if weight <= 0:
            continue
        part = picture_of(stage, picture, token_sum) * np.float32(weight)
        canvas = part if canvas is None else canvas + part
        if token_sum is not None:
            targets = token_sum.targets() * np.float32(weight)
            seen = targets if seen is None else seen + targets
    if canvas is None:
        raise RuntimeError("a picture without any scene")
    return canvas, None if seen is None else seen.astype(np.float16)


def _share_of_second(scene: Scene, picture: int) -> float:
    if scene.change_frame is None:
        return 0.0
    done = float(np.clip((picture - scene.change_frame + 1) / CROSS_FADE, 0, 1))
    return done * done * (3 - 2 * done)
