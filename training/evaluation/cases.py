"""What is asked of the generator, and how answers are counted.

Decides which prompts are used and that only attributes a prompt names count. It does not know how
pictures come about.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.classifier.model import VALUES, Classifier, shrink

Picture = NDArray[np.uint8]
FREE = Path(__file__).parents[1] / "eval_prompts.txt"


@dataclass(frozen=True, slots=True)
class Case:
    prompt: str
    named: dict[str, str]
    render: Picture | None = None
    """[pictures, H, W, 3], what the renderer drew for it."""


def cases(folder: Path, count: int) -> list[Case]:
    """Held-out clips that keep their prompt."""
    found: list[Case] = []
    for record in sorted(folder.glob("shard_*.json")):
        clips = np.load(record.with_suffix(".npy"), mmap_mode="r")
        for row, each in enumerate(json.loads(record.read_text())):
            if each["change_frame"] is not None or len(found) >= count:
                continue
            attributes = each["attributes"][0]
            named = {key: attributes[key] for key in each["mentioned"][0] if key in VALUES}
            if named:
                found.append(Case(each["captions"][0], named, clips[row]))
    return found


def free_cases(path: Path = FREE) -> list[Case]:
    """Lines of `prompt | key=value key=value`."""
    found = []
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            prompt, _, said = line.partition("|")
            named = dict(pair.split("=") for pair in said.split())
            found.append(Case(prompt.strip(), named))
    return found


def seen(judge: Classifier, pictures: Sequence[Picture]) -> list[dict[str, str]]:
    """What the judge sees in each picture."""
    names: list[dict[str, str]] = []
    for start in range(0, len(pictures), 64):
        part = torch.from_numpy(np.stack(pictures[start : start + 64]))
        names += judge.names(shrink(part))
    return names


def score(judge: Classifier, pictures: Sequence[Picture], asked: list[Case]) -> dict[str, float]:
    """The share of named attributes found, by attribute and over all."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for case, names in zip(asked, seen(judge, pictures), strict=True):
        for key, value in case.named.items():
            hits[key].append(names[key] == value)
    shares = {key: round(float(np.mean(found)), 3) for key, found in sorted(hits.items())}
    return shares | {"all": round(float(np.mean([h for f in hits.values() for h in f])), 3)}


def relative(found: dict[str, float], best: dict[str, float]) -> dict[str, float]:
    """Shares of what a perfect generator would reach."""
    return {key: round(found[key] / max(best[key], 1e-6), 3) for key in found if key in best}
