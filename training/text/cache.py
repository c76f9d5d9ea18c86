"""Caption embeddings of latent shards, made once by the very encoder that ships.

    python -m training.text.cache --latents training/runs/latents

writes `shard_00000.texts.npy` next to each `shard_00000.json`: float16 [N, 6, 2, 33, 384], for each
clip its caption and five fresh ones of the same scene; the second text is the first again where a
clip has only one. Shards that have it are skipped.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scope.pipelines.vista.text import ROWS, TEXT_WIDTH, TextEncoder
from training.world.attributes import Attributes
from training.world.captions import write

VARIANTS = 6


def embed_shard(records: list[dict[str, Any]], encoder: TextEncoder) -> NDArray[np.float16]:
    out = np.zeros((len(records), VARIANTS, 2, ROWS, TEXT_WIDTH), np.float16)
    for row, record in enumerate(records):
        for variant in range(VARIANTS):
            texts = [encoder.encode(caption) for caption in captions_of(record, variant)]
            out[row, variant, 0], out[row, variant, 1] = texts[0], texts[-1]
    return out


def captions_of(record: dict[str, Any], variant: int) -> list[str]:
    """The clip's own captions, or others that say as true things about it."""
    if variant == 0 or "attributes" not in record:
        return list(record["captions"])
    rng = np.random.default_rng((record["seed"], variant))
    return [write(Attributes(**known), rng)[0] for known in record["attributes"]]


def cache_path(shard: Path) -> Path:
    """Where the embeddings of `shard_00000.json` are."""
    return shard.with_suffix(".texts.npy")


def fill(latents: Path, encoder: TextEncoder | None = None) -> int:
    """Embed every complete shard that has no embeddings yet; returns how many were done."""
    done = 0
    for shard in sorted(latents.glob("shard_*.json")):
        target = cache_path(shard)
        if target.exists():
            continue
        encoder = encoder or TextEncoder()
        made = embed_shard(json.loads(shard.read_text()), encoder)
        partial = target.with_name(target.name + ".partial")
        with partial.open("wb") as file:
            np.save(file, made)
        partial.rename(target)
        done += 1
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, default=Path("training/runs/latents"))
    count = fill(parser.parse_args().latents)
    print(f"embedded {count} shards")


if __name__ == "__main__":
    main()
