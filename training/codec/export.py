"""Write the codec as ONNX: `python -m training.codec.export --out DIR`.

Two graphs, batch 1, one picture size a file (the networks are convolutions, so any size in steps
of 32 can be exported):

- `decoder.onnx`: `latent` [1, C, h, w] (normalised) and `memory` [1, M, h, w] (zeros at the start)
  to `pictures` [1, 4, 3, H, W] in 0…1 and `next_memory`;
- `encoder.onnx`: `pictures` [1, 4, 3, H, W] in 0…1 to `latent`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from training.codec.measure import load
from training.codec.model import PICTURES, SPACE, Codec


class Decoding(nn.Module):
    def __init__(self, codec: Codec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, latent: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        return self.codec.decode(latent, memory)


class Encoding(nn.Module):
    def __init__(self, codec: Codec) -> None:
        super().__init__()
        self.codec = codec

    def forward(self, pictures: Tensor) -> Tensor:
        return self.codec.encode(pictures)


def export(codec: Codec, out: Path, *, height: int, width: int) -> float:
    """Write both graphs; give the largest difference to torch."""
    out.mkdir(parents=True, exist_ok=True)
    shape = (1, codec.shape.latent, height // SPACE, width // SPACE)
    latent = torch.randn(shape)
    memory = torch.randn_like(codec.empty_memory(latent))
    pictures = torch.rand(1, PICTURES, 3, height, width)
    decoder = (Decoding(codec), {"latent": latent, "memory": memory}, ["pictures", "next_memory"])
    encoder = (Encoding(codec), {"pictures": pictures}, ["latent"])
    worst = 0.0
    for name, (module, given, outputs) in (("decoder", decoder), ("encoder", encoder)):
        path = out / f"{name}.onnx"
        torch.onnx.export(
            module.eval(), tuple(given.values()), path, dynamo=True, external_data=False,
            input_names=list(given), output_names=outputs,
        )  # fmt: skip
        worst = max(worst, _difference(module, given, path))
    return worst


@torch.no_grad()
def _difference(module: nn.Module, given: dict[str, Tensor], path: Path) -> float:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(None, {name: value.numpy() for name, value in given.items()})
    wanted = module(*given.values())
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    return max(
        float(np.abs(one - two.numpy()).max()) for one, two in zip(found, wanted, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--out", type=Path, default=Path("training/runs/codec/onnx"))
    parser.add_argument("--height", type=int, default=192)
    parser.add_argument("--width", type=int, default=320)
    options = parser.parse_args()
    codec = load(options.codec).to(memory_format=torch.contiguous_format)
    worst = export(codec, options.out, height=options.height, width=options.width)
    print(f"largest difference between torch and ONNX: {worst:.2e}")


if __name__ == "__main__":
    main()
