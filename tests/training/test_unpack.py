"""Shipped weights come back as they went: what is unpacked and packed again is the same."""

from pathlib import Path

import pytest
import torch

from training.codec.model import Codec, CodecShape
from training.export.package import Packing, codec_graphs, write_package
from training.export.unpack import codec, main, transformer
from training.transformer.model import Sizes, start
from training.transformer.state import Run

PACKING = Packing(version="0", grid=(2, 3), width=96, height=64, half=False)


@pytest.fixture(params=[False, True], ids=["latent", "pictures"])
def package(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Weights drawn at random, none of them silent."""
    torch.manual_seed(0)
    model = start(Sizes(dim=64, layers=2))
    shape = CodecShape(
        latent=16,
        widths=(8, 12, 16, 24),
        encoder_blocks=(1, 2, 3),
        decoder_blocks=(3, 1, 2),
        picture_memory=request.param,
    )
    kept = Codec(shape).requires_grad_(False)
    for part in (model, kept):
        with torch.no_grad():
            for tensor in (*part.parameters(), *part.buffers()):
                tensor.copy_(torch.rand_like(tensor) + 0.1)
    write_package(tmp_path / "one", model, codec_graphs(kept, PACKING), PACKING)
    return tmp_path / "one"


def test_what_is_unpacked_and_packed_again_is_the_same(package: Path):
    graphs = codec_graphs(codec(package).requires_grad_(False), PACKING)
    again = package.parent / "two"
    write_package(again, transformer(package), graphs, PACKING)
    for graph in package.glob("*.onnx"):
        assert (again / graph.name).read_bytes() == graph.read_bytes(), graph.name


def test_a_run_goes_on_from_the_package_and_is_never_replaced(package, tmp_path, monkeypatch):
    out = tmp_path / "runs"
    argv = ["unpack", "--assets", str(package), "--out", str(out)]
    monkeypatch.setattr("sys.argv", argv)
    main()
    run = Run.load(out / "transformer/last.pt")
    for name, tensor in transformer(package).state_dict().items():
        assert torch.equal(run.model.state_dict()[name], tensor)
        assert torch.equal(run.ema.state_dict()[name], tensor)
    run.step = 7
    run.save(out / "transformer/last.pt")
    main()
    assert Run.load(out / "transformer/last.pt").step == 7
