"""Writes a folder of weights that scope.pipelines.vista can run: graphs and their manifest.

    python -m training.export.package --transformer training/runs/distilled/last.pt \\
        --codec training/runs/codec --out src/scope/pipelines/vista/assets --version 1
"""

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

import onnx

from scope.models.causal import CausalTransformer
from scope.pipelines.vista.manifest import Manifest
from training.codec.measure import load
from training.codec.model import Codec
from training.export.codec import decoder_graph, encoder_graph
from training.export.transformer import step_graph, text_graph, time_graph
from training.transformer.state import load_ema

BESIDE = ("vocab.txt", "gloss.onnx", "gloss.json")
"""What may lie in the folder already; the last two are made by `training.text.gloss`."""


@dataclass(frozen=True, slots=True)
class Packing:
    """What the manifest says besides the model's own sizes."""

    version: str
    grid: tuple[int, int] = (6, 10)
    width: int = 320
    height: int = 192
    fps: float = 16.0
    pictures: int = 4
    window: int = 5
    sink: int = 0
    hold: float = 0.0
    shift: float = 2.5
    method: str = "euler"
    context_t: float = 0.0
    turn_t: float = 0.0
    turn_guidance: float = 0.0
    steps: tuple[int, ...] = (1000, 750, 500, 250)
    half: bool = True


def write_package(
    folder: Path, model: CausalTransformer, codec: dict[str, onnx.ModelProto], packing: Packing
) -> Manifest:
    folder.mkdir(parents=True, exist_ok=True)
    half = packing.half
    graphs = {
        "step.onnx": step_graph(model, packing.grid, half=half),
        "step.int8.onnx": step_graph(model, packing.grid, half=half, eight_bit=True),
        "text.onnx": text_graph(model, half=half),
        "time.onnx": time_graph(model, half=half),
        **codec,
    }
    for name, graph in graphs.items():
        (folder / name).write_bytes(graph.SerializeToString())
    config = model.config
    manifest = Manifest(
        version=packing.version,
        layers=config.layers,
        dim=config.dim,
        head_dim=config.head_dim,
        freq_dim=config.freq_dim,
        channels=config.in_channels,
        grid=packing.grid,
        patch=config.patch[1],
        width=packing.width,
        height=packing.height,
        fps=packing.fps,
        pictures=packing.pictures,
        window=packing.window,
        sink=packing.sink,
        hold=packing.hold,
        shift=packing.shift,
        method=packing.method,
        context_t=packing.context_t,
        turn_t=packing.turn_t,
        turn_guidance=packing.turn_guidance,
        steps=packing.steps,
        files=_hashes(folder, tuple(graphs)),
    )
    return _written(folder, manifest)


def seal(folder: Path, version: str) -> Manifest:
    """A folder's manifest anew, after some of its files were replaced or came to be."""
    path = folder / "manifest.json"
    manifest = Manifest.model_validate_json(path.read_bytes())
    files = _hashes(folder, tuple(manifest.files))
    return _written(folder, manifest.model_copy(update={"version": version, "files": files}))


def _hashes(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    beside = (name for name in BESIDE if (folder / name).is_file())
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in dict.fromkeys((*names, *beside))
    }


def _written(folder: Path, manifest: Manifest) -> Manifest:
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2) + "\n")
    return manifest


def codec_graphs(codec: Codec, packing: Packing) -> dict[str, onnx.ModelProto]:
    size = (packing.height, packing.width)
    return {
        "decoder.onnx": decoder_graph(codec, size, half=packing.half),
        "encoder.onnx": encoder_graph(codec, size, half=packing.half),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transformer", type=Path, required=True)
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--out", type=Path, default=Path("src/scope/pipelines/vista/assets"))
    parser.add_argument("--version", required=True)
    parser.add_argument("--method", choices=("euler", "renoise"), default="euler")
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--sink", type=int, default=1)
    parser.add_argument("--hold", type=float, default=0.5)
    parser.add_argument("--context-t", type=float, default=120.0)
    parser.add_argument("--turn-t", type=float, default=300.0)
    parser.add_argument("--turn-guidance", type=float, default=0.8)
    args = parser.parse_args()
    packing = Packing(
        version=args.version,
        method=args.method,
        window=args.window,
        sink=args.sink,
        hold=args.hold,
        context_t=args.context_t,
        turn_t=args.turn_t,
        turn_guidance=args.turn_guidance,
    )
    codec = codec_graphs(load(args.codec), packing)
    manifest = write_package(args.out, load_ema(args.transformer), codec, packing)
    kept = ", ".join(name for name in BESIDE if name in manifest.files)
    print(f"kept as it lay there: {kept or 'nothing'}")


if __name__ == "__main__":
    main()
