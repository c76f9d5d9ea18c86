"""Are the attributes that a prompt names found in the picture? Through the shipped pipeline.

    python -m training.evaluate --count 200 [--assets folder] [--steps 1000,750,500,250]

For held-out prompts, held-out combinations and held-out phrasings: the share of named attributes
that the judge sees in the generated picture, beside the share it sees in the very renders of the
same prompts after a round trip through the codec, which is the most a perfect generator reaches.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.vista.pipeline import ASSETS, Vista, VistaLoad, VistaParams, vista_of
from training.classifier.model import VALUES, Classifier, shrink
from training.codec.measure import load
from training.codec.model import Codec

SPLITS = ("valid", "combos", "phrases")
PICTURE = 9
"""Which picture of a render is judged."""


@dataclass(frozen=True, slots=True)
class Case:
    prompt: str
    named: dict[str, str]
    render: NDArray[np.uint8]
    """[pictures, H, W, 3]"""


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


def generate(vista: Vista, prompt: str, steps: tuple[int, ...], chunks: int, seed: int) -> NDArray:
    """The last picture of a short stream."""
    state, params = vista.open(seed), VistaParams(denoising_step_list=steps)
    step = PromptStep(PromptMix((PromptItem(prompt),)))
    for _ in range(chunks):
        pieces = list(vista.step(state, params, step))
    return pieces[-1][-1]


@torch.no_grad()
def through_codec(codec: Codec, render: NDArray[np.uint8]) -> NDArray[np.uint8]:
    clip = torch.from_numpy(np.ascontiguousarray(render[:12])).permute(0, 3, 1, 2)[None] / 255
    made = codec.decode_clip(codec.encode_clip(clip.float()))[0, PICTURE]
    return (made.permute(1, 2, 0) * 255).round().byte().numpy()


def score(judge: Classifier, pictures: list[NDArray], asked: list[Case]) -> dict[str, float]:
    """The share of named attributes found, by attribute and over all."""
    hits: dict[str, list[bool]] = defaultdict(list)
    seen = judge.names(shrink(torch.from_numpy(np.stack(pictures))))
    for case, names in zip(asked, seen, strict=True):
        for key, value in case.named.items():
            hits[key].append(names[key] == value)
    shares = {key: round(float(np.mean(found)), 3) for key, found in sorted(hits.items())}
    return shares | {"all": round(float(np.mean([h for f in hits.values() for h in f])), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("training/runs"))
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--chunks", type=int, default=3)
    parser.add_argument("--steps", default="1000,750,500,250")
    args = parser.parse_args()
    judge = Classifier.load(args.runs / "classifier.pt")
    codec = load(args.runs / "codec")
    vista = vista_of(args.assets)(VistaLoad(), device="cpu", progress=lambda *said: None)
    steps = tuple(int(step) for step in args.steps.split(","))
    for split in SPLITS:
        asked = cases(args.runs / f"clips_{split}", args.count)
        made = [
            generate(vista, case.prompt, steps, args.chunks, seed)
            for seed, case in enumerate(asked)
        ]
        best = [through_codec(codec, case.render) for case in asked]
        line = {"split": split, "prompts": len(asked), "steps": len(steps)}
        line |= {"vista": score(judge, made, asked), "codec": score(judge, best, asked)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
