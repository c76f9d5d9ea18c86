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
from scope.pipelines.vista.manifest import FILES, Manifest
from training.codec.measure import load
from training.export.codec import decoder_graph
from training.export.transformer import step_graph, text_graph, time_graph
from training.transformer.state import load_ema


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
    shift: float = 2.5
    method: str = "euler"
    context_t: float = 0.0
    steps: tuple[int, ...] = (1000, 750, 500, 250)
    half: bool = True


def write_package(
    folder: Path, model: CausalTransformer, decoder: onnx.ModelProto, packing: Packing
) -> Manifest:
    folder.mkdir(parents=True, exist_ok=True)
    graphs = {
        "step.onnx": step_graph(model, packing.grid, half=packing.half),
        "text.onnx": text_graph(model, half=packing.half),
        "time.onnx": time_graph(model, half=packing.half),
        "decoder.onnx": decoder,
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
        shift=packing.shift,
        method=packing.method,
        context_t=packing.context_t,
        steps=packing.steps,
        files={name: _hash(folder / name) for name in FILES},
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2) + "\n")
    return manifest


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transformer", type=Path, required=True)
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--out", type=Path, default=Path("src/scope/pipelines/vista/assets"))
    parser.add_argument("--version", required=True)
    parser.add_argument("--method", choices=("euler", "renoise"), default="euler")
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--sink", type=int, default=0)
    parser.add_argument("--context-t", type=float, default=120.0)
    args = parser.parse_args()
    packing = Packing(
        version=args.version,
        method=args.method,
        window=args.window,
        sink=args.sink,
        context_t=args.context_t,
    )
    decoder = decoder_graph(load(args.codec), (packing.height, packing.width))
    write_package(args.out, load_ema(args.transformer), decoder, packing)


if __name__ == "__main__":
    main()
