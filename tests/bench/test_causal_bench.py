"""The bench of the causal transformer counts right, and a block really moves nothing."""

import pytest
import torch

from bench.causal import Bench, Sizes, best_flops, measure, moved_bytes
from scope.models.causal_config import CausalConfig

TINY = Sizes(CausalConfig(dim=32, heads=2, layers=2, ffn=64, text_dim=32), (2, 3))


@pytest.fixture(scope="module")
def bench() -> Bench:
    with torch.no_grad():
        return Bench(TINY, torch.device("cpu"), torch.float32)


def test_flops_of_a_pass_are_those_torch_counts(bench):
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        bench.one_pass()
    assert TINY.pass_flops(3) == counter.get_total_flops()


def test_only_a_new_block_s_slots_are_written(bench):
    with torch.no_grad():
        moved, turned, saved = moved_bytes(bench)
    frame = 2 * 6 * 32 * 4
    assert (moved, turned, saved) == (0, 12 * frame, 2 * 3 * frame)


def test_every_line_is_measured(bench):
    with torch.no_grad():
        figures = measure(bench, 1)
    assert all(figure.value >= 0 for figure in figures)
    assert sum(figure.bar is not None for figure in figures) == 3
    assert best_flops(torch.device("cpu"), torch.float32) > 0
