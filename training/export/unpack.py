"""Turns shipped weights back into checkpoints, so that training goes on where no run was kept.

    python -m training.export.unpack --out training/runs

Writes `transformer/last.pt` (weights and average alike, fresh optimisers and semantic head) and
`codec/codec.safetensors` with `codec.json`. Weights come back as float16 left them; what training
needs besides them, momentum and the like, is gone. It never replaces a run that is there.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from safetensors.torch import save_file
from torch import Tensor

from scope.models.causal import CausalTransformer
from scope.pipelines.vista.manifest import Manifest, read_manifest
from training.codec.model import Codec, CodecShape
from training.transformer.model import Sizes, start
from training.transformer.state import Run

Arrays = dict[str, NDArray[np.float32]]
ASSETS = Path("src/scope/pipelines/vista/assets")


def stored(path: Path) -> Arrays:
    """Every tensor kept in a graph, as float32."""
    tensors = onnx.load(str(path)).graph.initializer
    return {each.name: numpy_helper.to_array(each).astype(np.float32) for each in tensors}


def transformer(folder: Path) -> CausalTransformer:
    """The transformer of a package. Raises KeyError for a package of other sizes."""
    manifest = read_manifest(folder)
    model = start(_sizes(manifest))
    found: Arrays = {}
    for name in ("step.onnx", "text.onnx", "time.onnx"):
        for key, array in stored(folder / name).items():
            found |= _parted(key, array)
    wanted = model.state_dict()
    tables = found["blocks.modulation"]
    tables[:, [1, 4]] -= 1.0
    for layer, table in enumerate(tables):
        found[f"blocks.{layer}.modulation"] = table[None]
    found["head.modulation"] = (found["head.modulation"] - np.array([[0.0], [1.0]]))[None]
    state = {name: _shaped(found[name], like) for name, like in wanted.items()}
    model.load_state_dict(state)
    return model


def _sizes(manifest: Manifest) -> Sizes:
    return Sizes(dim=manifest.dim, layers=manifest.layers, channels=manifest.channels)


def _parted(name: str, array: NDArray[np.float32]) -> Arrays:
    """A product is stored as [in, out], several of one value as one, their names joined by +."""
    stem, _, leaf = name.rpartition(".")
    names = stem.split("+")
    if leaf == "weight" and array.ndim == 2 and "modulation" not in name:
        array = array.T
    parts = np.split(array, len(names)) if len(names) > 1 else [array]
    return {f"{each}.{leaf}": part for each, part in zip(names, parts, strict=True)}


def _shaped(array: NDArray[np.float32], like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).reshape(like.shape)


def codec(folder: Path) -> Codec:
    """The codec of a package; its statistics are the decoder's first two constants."""
    found = stored(folder / "encoder.onnx") | stored(folder / "decoder.onnx")
    state = {
        name if ".recalls." in name else name.replace("coder.", "coder.layers.", 1): array
        for name, array in found.items()
        if name.startswith(("encoder.", "decoder."))
    }
    statistics = [
        array
        for name, array in stored(folder / "decoder.onnx").items()
        if name.startswith("constant_")
    ]
    state["latent_std"], state["latent_mean"] = statistics[:2]
    model = Codec(_codec_shape(state))
    model.load_state_dict(
        {name: _shaped(state[name], like) for name, like in model.state_dict().items()}
    )
    return model


def _codec_shape(state: Arrays) -> CodecShape:
    """Sizes from the tensors: blocks are what has a `first`, counted between the `mix`es."""
    encoder, decoder = (_counts(state, f"{name}.layers") for name in ("encoder", "decoder"))
    widths = [len(array) for name, array in sorted(_mixes(state, "encoder.layers").items())]
    fine, middle, coarse = widths
    return CodecShape(
        latent=state["latent_std"].size,
        widths=(len(state["encoder.layers.1.bias"]), fine, middle, coarse),
        encoder_blocks=encoder,
        decoder_blocks=decoder,
        picture_memory="decoder.recalls.0.mix.weight" in state,
    )


def _mixes(state: Arrays, stem: str) -> dict[int, NDArray[np.float32]]:
    """Biases of the projections between grids, by their place."""
    return {
        int(name.split(".")[2]): array
        for name, array in state.items()
        if name.startswith(stem) and name.endswith("mix.bias")
    }


def _counts(state: Arrays, stem: str) -> tuple[int, int, int]:
    """Blocks on the fine, middle and coarse grid."""
    places = sorted(
        int(name.split(".")[2])
        for name in state
        if name.startswith(stem) and name.endswith("first.bias")
    )
    first, second, third = sorted(_mixes(state, stem))
    if stem.startswith("encoder"):  # each mix leads to a coarser grid
        edges = [(first, second), (second, third), (third, max(places) + 1)]
    else:  # and here to a finer one
        edges = [(second, third), (first, second), (0, first)]
    fine, middle, coarse = (sum(low < place < high for place in places) for low, high in edges)
    return fine, middle, coarse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--out", type=Path, default=Path("training/runs"))
    args = parser.parse_args()
    checkpoint, weights = args.out / "transformer/last.pt", args.out / "codec/codec.safetensors"
    if not checkpoint.exists():
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        model = transformer(args.assets)
        run = Run.fresh(_sizes(read_manifest(args.assets)))
        run.model.load_state_dict(model.state_dict())
        run.ema.load_state_dict(model.state_dict())
        run.save(checkpoint)
    if not weights.exists():
        weights.parent.mkdir(parents=True, exist_ok=True)
        found = codec(args.assets)
        save_file(found.state_dict(), weights)
        (weights.parent / "codec.json").write_text(json.dumps(asdict(found.shape), indent=1))


if __name__ == "__main__":
    main()
