"""Caption embeddings of latent shards, made once by the very encoder that ships.

    python -m training.text.cache --latents training/runs/latents

writes `shard_00000.text.npy` next to each `shard_00000.json`: float16 [N, 2, 33, 384], the second
text being the first again where a clip has only one. Shards that have it are skipped.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scope.pipelines.vista.text import ROWS, TEXT_WIDTH, TextEncoder


def embed_shard(records: list[dict[str, object]], encoder: TextEncoder) -> NDArray[np.float16]:
    out = np.zeros((len(records), 2, ROWS, TEXT_WIDTH), np.float16)
    for index, record in enumerate(records):
        captions = record["captions"]
        assert isinstance(captions, list)
        out[index, 0] = encoder.encode(captions[0])
        out[index, 1] = encoder.encode(captions[1]) if len(captions) > 1 else out[index, 0]
    return out


def cache_path(shard: Path) -> Path:
    """Where the embeddings of `shard_00000.json` are."""
    return shard.with_suffix(".text.npy")


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
