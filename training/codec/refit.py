"""The decoder's last layer moved towards the least squares: less grain, less error.

    python -m training.codec.refit --codec training/runs/codec --out training/runs/codec_refit

The losses of training ask for sharpness and pay for it with error. The last layer is linear in its
weights, so what would have the least error on what the layers before it make now can be solved for
(the decoder's memory of its last picture will be another by a little).
Any share of the way there can be taken: error, grain and seams change smoothly with it. The first
picture of a chunk also learns a part of the error of the picture before it: borders show less.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.codec.measure import held_out, load, save
from training.codec.model import PICTURES, Codec
from training.precision import mixed

CELLS = 3000
"""Places of a chunk that count, drawn at random; of 15,360 at the training size."""
KERNEL = 3
RIDGE = 1e-5


def last_layer(codec: Codec) -> nn.Conv2d:
    """What makes pixels of features."""
    return [layer for layer in codec.decoder.layers if isinstance(layer, nn.Conv2d)][-1]


@torch.no_grad()
def least_squares(
    codec: Codec, clips: Tensor, *, carried: float, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Weight and bias of the last layer with the least square error on clips [N, P, 3, H, W] uint8.

    carried: share of a picture's error that the first picture of the next chunk should have too.
    """
    layer = last_layer(codec)
    rows = layer.weight[0].numel() + 1
    squares = torch.zeros(rows, rows, dtype=torch.float64)
    products = torch.zeros(rows, len(layer.weight), dtype=torch.float64)
    for features, wanted in chunks(codec, clips, carried):
        cells = functional.unfold(features, KERNEL, padding=KERNEL // 2)[0].T
        values = functional.pixel_unshuffle(wanted * 2 - 1, 2)[0].flatten(1).T
        drawn = torch.randperm(len(cells), generator=random)[:CELLS]
        inputs = functional.pad(cells[drawn], (0, 1), value=1.0).double()
        squares += inputs.T @ inputs
        products += inputs.T @ values[drawn].double()
    squares += torch.eye(rows) * RIDGE * squares.diagonal().mean()
    solved = torch.linalg.solve(squares, products).float()
    return solved[:-1].T.reshape(layer.weight.shape), solved[-1]


def chunks(codec: Codec, clips: Tensor, carried: float) -> Iterator[tuple[Tensor, Tensor]]:
    """What the last layer sees, [1, C, H/2, W/2], and the pictures it should make of it,
    [1, 12, H, W] in about 0…1, streamed as at inference."""
    seen: list[Tensor] = []
    hook = last_layer(codec).register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        for clip in clips.split(1):
            pictures, error = clip.float() / 255, torch.zeros(())
            with mixed():
                latents = codec.encode_clip(pictures).float()
            memory = codec.empty_memory(latents[:, 0])
            for latent, wanted in zip(latents.unbind(1), pictures.split(PICTURES, 1), strict=True):
                with mixed():
                    made, memory = codec.decode(latent, memory)
                memory, goal = memory.float(), wanted.clone()
                goal[:, 0] += carried * error
                error = made[:, -1].float() - wanted[:, -1]
                yield seen.pop().float(), goal.flatten(1, 2)
    finally:
        hook.remove()


@torch.no_grad()
def move(codec: Codec, weight: Tensor, bias: Tensor, share: float) -> None:
    """Take `share` of the way, 0 to 1, to a last layer."""
    layer = last_layer(codec)
    layer.weight.lerp_(weight, share)
    assert layer.bias is not None
    layer.bias.lerp_(bias, share)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--clips", type=Path, default=Path("training/runs/clips"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=120, help="clips")
    parser.add_argument("--share", type=float, default=0.15)
    parser.add_argument("--carried", type=float, default=0.5)
    return parser.parse_args()


def main() -> None:
    args = parse()
    codec, random = load(args.codec), torch.Generator().manual_seed(0)
    clips = held_out(args.clips, args.count)
    weight, bias = least_squares(codec, clips, carried=args.carried, random=random)
    move(codec, weight, bias, args.share)
    save(codec, args.out)
    print(json.dumps({"clips": len(clips), "share": args.share}))


if __name__ == "__main__":
    main()
