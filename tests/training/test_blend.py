"""Two checkpoints become one between them."""

import pytest
import torch

from training.transformer.blend import blended
from training.transformer.model import Sizes
from training.transformer.state import Run

TINY = Sizes(dim=64, layers=1, semantic_layer=0)


def filled(value: float, sizes: Sizes = TINY) -> Run:
    run = Run.fresh(sizes)
    for parameter in run.ema.parameters():
        torch.nn.init.constant_(parameter, value)
    return run


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 1.0), (0.25, 2.0), (1.0, 5.0)])
def test_weights_lie_between_the_two(tmp_path, share, wanted):
    blended(filled(1.0), filled(5.0), share).save(tmp_path / "last.pt")
    for parameter in Run.load(tmp_path / "last.pt").ema.parameters():
        assert torch.allclose(parameter, torch.tensor(wanted))


def test_two_sizes_do_not_mix():
    with pytest.raises(ValueError, match="two sizes"):
        blended(filled(1.0), filled(1.0, Sizes(dim=64, layers=2, semantic_layer=0)), 0.5)
