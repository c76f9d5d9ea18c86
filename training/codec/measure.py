"""How good a codec is on held-out clips: `python -m training.codec.measure`.

Whole pictures, streamed as at inference. Also gives the latents, for their statistics.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.codec.losses import gradient_energy, psnr, ssim
from training.codec.model import PICTURES, Codec, CodecShape
from training.precision import mixed


def load(folder: Path) -> Codec:
    """The exported codec of a run."""
    shape = json.loads((folder / "codec.json").read_text())
    model = Codec(
        CodecShape(**{k: tuple(v) if isinstance(v, list) else v for k, v in shape.items()})
    )
    model.load_state_dict(load_file(folder / "codec.safetensors"))
    return model.eval().to(memory_format=torch.channels_last)


def save(model: Codec, folder: Path) -> None:
    """A codec that `load` finds."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "codec.safetensors")
    (folder / "codec.json").write_text(json.dumps(asdict(model.shape), indent=1))


def held_out(folder: Path, clips: int) -> Tensor:
    """Clips spread over the shards of a folder, [N, P, 3, H, W] uint8."""
    shards = [np.load(record.with_suffix(".npy"), mmap_mode="r")
              for record in sorted(folder.glob("shard_*.json"))]  # fmt: skip
    each = -(-clips // len(shards))
    chosen = np.concatenate([shard[:each] for shard in shards])[:clips]
    return torch.from_numpy(np.ascontiguousarray(chosen.transpose(0, 1, 4, 2, 3)))


@torch.no_grad()
def measure(model: Codec, folder: Path, *, clips: int) -> tuple[dict[str, float], Tensor]:
    """Mean scores, and the raw latents [N, T, C, h, w] that they were made from."""
    scores: list[Tensor] = []
    latents: list[Tensor] = []
    for clip in held_out(folder, clips).split(1):
        wanted = clip.float() / 255
        with mixed():
            latent = model.encode_clip(wanted).float()
            made = model.decode_clip(latent).float()
        latents.append(latent * model.latent_std + model.latent_mean)
        energy = gradient_energy(made) / gradient_energy(wanted).clamp(min=1e-6)
        scores.append(torch.stack([psnr(made, wanted), ssim(made, wanted), energy,
                                   _seam(made, wanted)]))  # fmt: skip
    table = torch.stack(scores)[..., 0]
    names = ("psnr_db", "ssim", "gradient_energy", "seam")
    found = {name: round(float(value), 4) for name, value in zip(names, table.mean(0), strict=True)}
    found["psnr_db_worst_tenth"] = round(float(table[:, 0].quantile(0.1)), 2)
    return found, torch.cat(latents)


def _seam(made: Tensor, wanted: Tensor) -> Tensor:
    """Error of picture-to-picture change at chunk borders over that inside chunks; 1 is no seam."""
    error = made - wanted
    change = (error[:, 1:] - error[:, :-1]).abs().flatten(2).mean(dim=2)
    border = torch.arange(1, made.shape[1]) % PICTURES == 0
    return change[:, border].mean(dim=1) / change[:, ~border].mean(dim=1).clamp(min=1e-6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--clips", type=Path, default=Path("training/runs/clips_valid"))
    parser.add_argument("--count", type=int, default=80)
    options = parser.parse_args()
    print(json.dumps(measure(load(options.codec), options.clips, clips=options.count)[0]))


if __name__ == "__main__":
    main()
