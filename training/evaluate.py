"""What the shipped pipeline can do, in figures. Each part prints one line of JSON.

    python -m training.evaluate --parts attributes,free --count 100 [--assets folder]

attributes: the share of attributes named in held-out prompts, combinations and phrasings that the
judge sees in the generated picture, beside what it sees in the renders of the same prompts after a
round trip through the codec, which is the most a perfect generator reaches. free: the same for
prompts people wrote. distance: Fréchet distance to held-out renders with 4 and with 32 steps.
drift: long streams. switch: a new prompt in the middle. speed: times, memory, and what a pass does
a second of the most that a float32 product of matrices reaches on as many threads (efficiency).

On several cores run several of these at once: `--splits` and `--skip` share the work.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from scope.pipelines.vista.pipeline import ASSETS, Vista, VistaLoad, vista_of
from scope.pipelines.vista.self_test import Setup
from training.classifier.model import Classifier
from training.codec.measure import load
from training.codec.model import Codec
from training.evaluation.cases import Case, Picture, cases, free_cases, relative, score, seen
from training.evaluation.measures import (
    best_product,
    features,
    flops_of_a_pass,
    frechet,
    seconds_of_a_pass,
    worker_memory_mb,
)
from training.evaluation.streams import (
    Looks,
    chunk_times,
    chunks,
    evenly,
    is_cut,
    last_picture,
)

SPLITS = ("valid", "combos", "phrases")
RENDER_MOMENT = 9
MANY_STEPS = 32
IN_TIME = 2.0
"""Seconds a prompt may take to show."""
LASTING = 4
"""A picture or two in which it is seen may be the judge's luck."""
Found = dict[str, object]


@dataclass(frozen=True)
class Bench:
    """What is evaluated, with what."""

    vista: Vista
    judge: Classifier
    runs: Path
    args: argparse.Namespace

    def steps(self) -> tuple[int, ...]:
        return evenly(self.args.steps)

    @cached_property
    def codec(self) -> Codec:
        """Only some parts need one."""
        return load(self.args.codec)

    def pictures(self, asked: list[Case], steps: tuple[int, ...]) -> list[Picture]:
        """The picture of a stream of its own for each case; the seed is the case's number."""
        return [
            last_picture(self.vista, case.prompt, steps, self.args.chunks, seed)
            for seed, case in enumerate(asked)
        ]


@torch.no_grad()
def through_codec(codec: Codec, render: NDArray[np.uint8]) -> Picture:
    clip = torch.from_numpy(render[:12].copy()).permute(0, 3, 1, 2)[None] / 255
    made = codec.decode_clip(codec.encode_clip(clip.float()))[0, RENDER_MOMENT]
    pixels: Picture = (made.permute(1, 2, 0) * 255).round().byte().numpy()
    return pixels


def attributes(bench: Bench) -> Iterator[Found]:
    for split in bench.args.splits.split(","):
        asked = cases(bench.runs / f"clips_{split}", bench.args.count)
        found = score(bench.judge, bench.pictures(asked, bench.steps()), asked)
        drawn = [each.render for each in asked if each.render is not None]
        best = score(bench.judge, [through_codec(bench.codec, each) for each in drawn], asked)
        line: Found = {"split": split, "prompts": len(asked), "steps": bench.args.steps}
        yield line | {"vista": found, "codec": best, "relative": relative(found, best)}


def free(bench: Bench) -> Iterator[Found]:
    asked = free_cases()
    found = score(bench.judge, bench.pictures(asked, bench.steps()), asked)
    yield {"prompts": len(asked), "steps": bench.args.steps, "vista": found}


def fidelity(bench: Bench) -> Iterator[Found]:
    asked = cases(bench.runs / "clips_valid", bench.args.count)
    drawn = [each.render[RENDER_MOMENT] for each in asked if each.render is not None]
    renders = features(bench.judge, drawn)
    found: dict[str, float] = {}
    for count in (bench.args.steps, MANY_STEPS):
        made = features(bench.judge, bench.pictures(asked, evenly(count)))
        found[str(count)] = round(frechet(made, renders), 3)
    few, many = found[str(bench.args.steps)], found[str(MANY_STEPS)]
    yield {"prompts": len(asked), "distance": found, "ratio": round(few / many, 3)}


def drift(bench: Bench) -> Iterator[Found]:
    """The first and the last minute of long streams."""
    vista, skip = bench.vista, bench.args.skip
    per_minute = round(60 * vista.format.fps / vista.chunk_frames)
    total = round(bench.args.minutes * per_minute)
    edge = min(per_minute, total // 3)
    asked = cases(bench.runs / "clips_valid", skip + bench.args.streams)
    for seed, case in list(enumerate(asked))[skip:]:
        kept: list[Picture] = [
            chunk[-1] for chunk in chunks(vista, [case.prompt] * total, bench.steps(), seed)
        ]
        first, last = kept[4:edge:8], kept[-edge::8]
        line: Found = dict(Looks.of(first).drift(Looks.of(last)))
        for name, part in (("accuracy_first", first), ("accuracy_last", last)):
            line[name] = score(bench.judge, part, [case] * len(part))["all"]
        yield {"prompt": case.prompt, "minutes": bench.args.minutes} | line


def switch(bench: Bench) -> Iterator[Found]:
    """Two seconds of one prompt, then another: how soon its attributes are seen, and any cut;
    and in how many of its streams they are seen where the other prompt was never shown.
    Pairs whose second prompt names nothing new are left out."""
    vista, skip = bench.vista, bench.args.skip
    asked = cases(bench.runs / "clips_valid", 2 * (skip + bench.args.streams))
    second = round(vista.format.fps / vista.chunk_frames)
    alone, waits, cut = 0, list[float](), list[int]()
    for pair, (one, two) in list(enumerate(zip(asked[::2], asked[1::2], strict=True)))[skip:]:
        new = {key: value for key, value in two.named.items() if one.named.get(key) != value}
        if not new:
            continue
        prompts = [one.prompt] * (2 * second) + [two.prompt] * (4 * second)
        pictures = np.concatenate(list(chunks(vista, prompts, bench.steps(), pair)))
        start = 2 * second * vista.chunk_frames
        waits.append(seconds_until(bench, pictures[start:], new))
        unswitched = chunks(vista, [two.prompt] * (4 * second), bench.steps(), pair)
        alone += seconds_until(bench, np.concatenate(list(unswitched)), new) <= IN_TIME
        around = list(pictures[start - 4 : start + 2 * second * vista.chunk_frames])
        if is_cut(around, around[0], around[-1]):
            cut.append(pair)
    in_time, middle = sum(wait <= IN_TIME for wait in waits), float(np.median(waits))
    line: Found = {"switches": len(waits), "within_2_s": in_time, "alone_within_2_s": alone}
    yield line | {"cuts": cut, "median_s": middle}


def seconds_until(bench: Bench, pictures: NDArray[np.uint8], named: dict[str, str]) -> float:
    """When most of what is named begins to be seen for `LASTING` pictures on end."""
    lasted = 0
    for index, shown in enumerate(seen(bench.judge, list(pictures))):
        most = np.mean([shown[key] == value for key, value in named.items()]) > 0.5
        lasted = lasted + 1 if most else 0
        if lasted == LASTING:
            return (index + 1 - LASTING) / bench.vista.format.fps
    return float("inf")


def speed(bench: Bench) -> Iterator[Found]:
    first, times = chunk_times(bench.vista, "a calm sea at sunset", bench.steps(), bench.args.timed)
    p50, p95 = (float(np.quantile(times, share)) * 1000 for share in (0.5, 0.95))
    length = 1000 * bench.vista.chunk_frames / bench.vista.format.fps
    line: Found = {"first_ms": round(first * 1000), "p50_ms": round(p50)}
    line |= {"p95_ms": round(p95), "p95_share_of_chunk": round(p95 / length, 3)}
    threads = int(bench.vista.facts()["threads"] or 1)
    work, most = flops_of_a_pass(bench.vista.manifest), best_product(threads)
    for precision in bench.vista.manifest.precisions:
        passed_s = seconds_of_a_pass(bench.args.assets, Setup(threads, precision))
        line |= {f"{precision}_pass_ms": round(passed_s * 1000, 2)}
        line |= {f"{precision}_efficiency": round(work / passed_s / most, 3)}
    yield line | {"f32_gflops": round(most / 1e9, 1), "memory_mb": round(worker_memory_mb())}


PARTS: dict[str, Callable[[Bench], Iterator[Found]]] = {
    "attributes": attributes,
    "free": free,
    "distance": fidelity,
    "drift": drift,
    "switch": switch,
    "speed": speed,
}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--runs", type=Path, default=Path("training/runs"))
    parser.add_argument("--codec", type=Path, default=Path("training/runs/shipped/codec"))
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--precision", choices=("f32", "int8"))
    parser.add_argument("--threads", type=int, help="chosen by the self-test otherwise")
    parser.add_argument("--splits", default=",".join(SPLITS), help="for attributes")
    parser.add_argument("--skip", type=int, default=0, help="left out, for drift and switch")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--count", type=int, default=100, help="prompts of a split")
    parser.add_argument("--chunks", type=int, default=3, help="of a stream whose end is judged")
    parser.add_argument("--streams", type=int, default=10, help="for drift and switch")
    parser.add_argument("--minutes", type=float, default=10.0, help="of a stream for drift")
    parser.add_argument("--timed", type=int, default=60, help="chunks")
    return parser.parse_args()


def main() -> None:
    args = parse()
    load_params = VistaLoad(precision=args.precision, threads=args.threads)
    vista = vista_of(args.assets)(load_params, device="cpu", progress=lambda *said: None)
    judge = Classifier.load()
    bench = Bench(vista, judge, args.runs, args)
    for part in args.parts.split(","):
        for line in PARTS[part](bench):
            print(json.dumps({"part": part, "runs_as": vista.facts()} | line), flush=True)


if __name__ == "__main__":
    main()
