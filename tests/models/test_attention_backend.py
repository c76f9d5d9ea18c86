"""Backends: which is chosen, and that a bias without a mask is a bias with one."""

import math

import pytest
import torch

from scope.models.attention_backend import (
    PACKAGES,
    AttentionBackend,
    attention_for,
    biased_in_runs,
    choose,
    installed,
    products,
    sdpa,
    with_logsumexp,
)

ALL = frozenset(PACKAGES)


def qkv(queries: int, keys: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(queries)
    k, v = torch.randn(2, 2, keys, 3, 16)
    return torch.randn(2, queries, 3, 16), k, v


def test_attention_is_the_softmax_of_scaled_products():
    q, k, v = qkv(5, 7)
    weights = torch.einsum("bqhd,bkhd->bhqk", q, k).mul(16**-0.5).softmax(-1)
    expected = torch.einsum("bhqk,bkhd->bqhd", weights, v)
    torch.testing.assert_close(sdpa(q, k, v), expected)
    torch.testing.assert_close(AttentionBackend()(q, k, v), expected)


def test_written_out_products_say_and_learn_the_same():
    mask = torch.rand(5, 7) < 0.7
    mask[:, 0] = True
    given = [each.requires_grad_() for each in qkv(5, 7)]
    for hidden in (None, mask):
        ours, theirs = (kernel(*given, hidden) for kernel in (products, sdpa))
        torch.testing.assert_close(ours, theirs)
        slopes = [torch.autograd.grad(out.square().sum(), given) for out in (ours, theirs)]
        torch.testing.assert_close(*slopes)
    assert attention_for(torch.device("cpu"), name="products").masked is products


@pytest.mark.parametrize(
    ("available", "capability", "name"),
    [
        (ALL, None, "sdpa"),
        (ALL, (7, 5), "sdpa"),
        (ALL, (8, 0), "flash2"),
        (ALL, (8, 9), "sage"),
        (ALL, (9, 0), "flash3"),
        (ALL, (12, 0), "sage"),
        (frozenset({"flash2"}), (9, 0), "flash2"),
        (frozenset(), (9, 0), "sdpa"),
    ],
)
def test_the_fastest_kernel_that_is_there_is_chosen(available, capability, name):
    assert choose(available, capability=capability) == name


def test_a_processor_uses_what_torch_has():
    assert attention_for(torch.device("cpu")).name == "sdpa"
    assert attention_for(torch.device("cuda"), torch.float32).name == "sdpa"
    assert installed() <= ALL


def test_the_log_sum_exp_is_that_of_the_scores():
    q, k, v = qkv(6, 9)
    out, lse = with_logsumexp(q, k, v)
    scores = torch.einsum("bqhd,bkhd->bqhk", q, k) * 16**-0.5
    torch.testing.assert_close(lse, scores.logsumexp(-1))
    torch.testing.assert_close(out, sdpa(q, k, v))


@pytest.mark.parametrize(
    "bias",
    [
        (0.0, math.log(0.3), math.log(0.3), 0.0),
        (math.log(0.3), 0.0, -math.inf, 0.0),
        (0.0, 0.0, -math.inf, -math.inf),
    ],
)
def test_parts_joined_by_their_log_sum_exp_equal_one_call_with_a_mask(bias):
    q, k, v = qkv(6, 4 * 5)
    mask = torch.tensor(bias).repeat_interleave(5).expand(1, 1, 6, -1)
    expected = sdpa(q, k, v, mask)
    torch.testing.assert_close(biased_in_runs(q, k, v, bias, 5), expected, atol=1e-5, rtol=1e-5)
