"""A small picture classifier: which attributes of the world a picture shows.

It judges the generator, so it is trained on renders only and never sees generated pictures.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.world.attributes import BIOMES, SKIES, STYLES, TIMES, WEATHERS

VALUES = {"biome": BIOMES, "time": TIMES, "weather": WEATHERS, "sky": SKIES, "style": STYLES}
SIZE = (96, 160)
JUDGE = Path(__file__).parent / "judge.safetensors"
"""The judge of version 6 and later, kept so that their figures can be compared."""


class Classifier(nn.Module):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        coarse, coarsest = 3 * width // 2, 2 * width
        self.layers = nn.Sequential(
            *stage(3, width, kernel=5, stride=4),
            *stage(width, width),
            *stage(width, coarse, stride=2),
            *stage(coarse, coarse),
            *stage(coarse, coarsest, stride=2),
            *stage(coarsest, coarsest),
        )
        self.heads = nn.ModuleDict(
            {key: nn.Linear(2 * coarsest, len(values)) for key, values in VALUES.items()}
        )

    def features(self, pictures: Tensor) -> Tensor:
        """[N, 3, 96, 160] in 0..1 to mean and maximum over the picture."""
        y = self.layers(pictures * 2 - 1)
        return torch.cat((y.mean((2, 3)), y.amax((2, 3))), 1)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        features = self.features(pictures)
        return {key: head(features) for key, head in self.heads.items()}

    @torch.no_grad()
    def names(self, pictures: Tensor) -> list[dict[str, str]]:
        """The likeliest value of every attribute."""
        picks = {key: logits.argmax(1).tolist() for key, logits in self(pictures).items()}
        return [
            {key: VALUES[key][picks[key][row]] for key in VALUES} for row in range(len(pictures))
        ]

    def save(self, path: Path) -> None:
        """As float16: what is kept in the repository stays small."""
        half = {
            name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
            for name, tensor in self.state_dict().items()
        }
        save_file(half, path)

    @classmethod
    def load(cls, path: Path = JUDGE) -> "Classifier":
        model = cls()
        model.load_state_dict(load_file(path))
        return model.eval().requires_grad_(False)


def stage(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> list[nn.Module]:
    """A convolution of the same size, or `stride` times smaller, and what follows it."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.SiLU()]


def shrink(pixels: Tensor) -> Tensor:
    """uint8 [N, H, W, 3] to [N, 3, 96, 160] in 0..1."""
    return F.interpolate(pixels.permute(0, 3, 1, 2).float() / 255, SIZE, mode="area")


def labels(attributes: list[dict[str, str]]) -> dict[str, Tensor]:
    return {
        key: torch.tensor([values.index(each[key]) for each in attributes])
        for key, values in VALUES.items()
    }


def shard_pictures(record: Path, moment: int) -> tuple[Tensor, list[dict[str, str]]]:
    """One picture of every clip that keeps its prompt, with its attributes."""
    records = json.loads(record.read_text())
    kept = [row for row, each in enumerate(records) if each["change_frame"] is None]
    clips = np.load(record.with_suffix(".npy"), mmap_mode="r")
    pixels = torch.from_numpy(np.ascontiguousarray(clips[kept, moment]))
    return shrink(pixels), [records[row]["attributes"][0] for row in kept]
