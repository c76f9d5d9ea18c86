"""One layer: where modulation acts, and where it does not."""

import pytest
import torch

from scope.models.attention_backend import sdpa
from scope.models.block import Block, Head, TextKv
from scope.models.causal_config import CausalConfig

CONFIG = CausalConfig(dim=32, heads=2, layers=1, ffn=64, in_channels=4, out_channels=4)
SHIFT_SA, SCALE_SA, GATE_SA, SHIFT_FFN, SCALE_FFN, GATE_FFN = range(6)


@pytest.fixture
def block() -> Block:
    torch.manual_seed(0)
    block = Block(CONFIG).requires_grad_(False)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return block


def run(block: Block, e0: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(1)
    x = torch.randn(1, 2, 3, 32)
    text = TextKv(*torch.randn(2, 1, 1, 5, 2, 16))
    return block(x, e0, sdpa, text)


@pytest.mark.parametrize("row", range(6))
def test_every_row_of_the_modulation_acts(block, row):
    e0 = torch.zeros(1, 2, 6, 32)
    moved = e0.clone()
    moved[:, :, row] = 0.5
    assert (run(block, e0) - run(block, moved)).abs().max() > 1e-3


def test_with_closed_gates_only_the_text_acts(block):
    e0 = torch.zeros(1, 2, 6, 32)
    e0[:, :, [GATE_SA, GATE_FFN]] = -block.modulation[:, None, [GATE_SA, GATE_FFN]]
    moved = e0.clone()
    moved[:, :, [SHIFT_SA, SCALE_SA, SHIFT_FFN, SCALE_FFN]] += 1.0
    torch.testing.assert_close(run(block, e0), run(block, moved))
    block.cross_attn.o.weight.zero_()
    block.cross_attn.o.bias.zero_()
    torch.manual_seed(1)
    untouched = torch.randn(1, 2, 3, 32)
    torch.testing.assert_close(run(block, e0), untouched)


def test_each_frame_has_its_own_modulation(block):
    e0 = torch.zeros(1, 2, 6, 32)
    moved = e0.clone()
    moved[:, 1, GATE_FFN] = 1.0
    plain, changed = run(block, e0), run(block, moved)
    assert torch.equal(plain[:, 0], changed[:, 0])
    assert not torch.equal(plain[:, 1], changed[:, 1])


def test_the_head_shifts_and_scales_by_the_unprojected_embedding():
    head = Head(CONFIG).requires_grad_(False)
    head.modulation.zero_()
    x, e = torch.randn(1, 2, 3, 32), torch.full((1, 2, 32), 0.5)
    normed = torch.nn.functional.layer_norm(x, (32,), eps=1e-6)
    torch.testing.assert_close(head(x, e), head.head(normed * 1.5 + 0.5))
