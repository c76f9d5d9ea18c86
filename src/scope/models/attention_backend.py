"""Which kernel computes attention here, and how a bias reaches kernels that know none.

Decides by what is installed and by the device: FlashAttention 3 on Hopper, SageAttention where it
is faster than FlashAttention 2, else what torch has. All take [batch, tokens, heads, head_dim]. It
does not know caches or positions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import groupby
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Kernel = Callable[[Tensor, Tensor, Tensor], Tensor]
MaskedKernel = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]

PACKAGES = {
    "flash3": "flash_attn_interface",
    "sage": "sageattention",
    "flash2": "flash_attn",
}


def sdpa(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """torch's own; mask: boolean (false hides) or added to the scores."""
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2)


def products(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Written out, for training on a processor: the gradient of torch's kernel there is slow.

    mask: boolean, false hides.
    """
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    scores = (q @ k.mT).float() * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    out: Tensor = scores.softmax(-1).to(v.dtype) @ v
    return out.transpose(1, 2)


@dataclass(frozen=True, slots=True)
class AttentionBackend:
    name: str = "sdpa"
    kernel: Kernel = sdpa
    masked: MaskedKernel = sdpa
    """For a whole sequence under a mask, which the packages do not know."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.kernel(q, k, v)


def installed() -> frozenset[str]:
    """The attention packages that could be imported."""
    return frozenset(name for name, package in PACKAGES.items() if find_spec(package) is not None)


def choose(available: frozenset[str], *, capability: tuple[int, int] | None) -> str:
    """The name of the best backend; capability: of the CUDA device, None on a processor."""
    if capability is None or capability < (8, 0):
        return "sdpa"
    order = ["flash3"] if capability[0] == 9 else ["sage"] if capability >= (8, 9) else []
    return next((name for name in (*order, "flash2") if name in available), "sdpa")


def attention_for(
    device: torch.device, dtype: torch.dtype = torch.bfloat16, *, name: str | None = None
) -> AttentionBackend:
    """The backend for tensors of a device and type; name: insist on sdpa, products, flash2,
    flash3 or sage."""
    if name is None:
        # The packages know 16-bit numbers only.
        fitting = device.type == "cuda" and dtype in {torch.float16, torch.bfloat16}
        capability = torch.cuda.get_device_capability(device) if fitting else None
        name = choose(installed(), capability=capability)
    if name == "sdpa":
        return AttentionBackend()
    if name == "products":
        return AttentionBackend(name, products, products)
    module: Any = import_module(PACKAGES[name])
    return AttentionBackend(name, _sage(module) if name == "sage" else _flash(module))


def _flash(module: Any) -> Kernel:
    def kernel(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out = module.flash_attn_func(q, k, v)
        # Some releases of FlashAttention 3 return the log-sum-exp as well.
        flow: Tensor = out[0] if isinstance(out, tuple) else out
        return flow

    return kernel


def _sage(module: Any) -> Kernel:
    def kernel(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out: Tensor = module.sageattn(q, k, v, tensor_layout="NHD", is_causal=False)
        return out

    return kernel


def biased_in_runs(
    q: Tensor, k: Tensor, v: Tensor, bias: tuple[float, ...], frame_tokens: int
) -> Tensor:
    """Attention with a constant added to the scores of each slot's keys, without a mask.

    Every run of slots with the same bias is one plain call; the results are joined by their
    log-sum-exp, shifted by the bias. Hidden slots (-inf) are never read.
    """
    parts: list[tuple[Tensor, Tensor]] = []
    end = 0
    for value, run in groupby(bias):
        start, end = end, end + sum(1 for _ in run) * frame_tokens
        if value > -math.inf:
            out, lse = with_logsumexp(q, k[:, start:end], v[:, start:end])
            parts.append((out, lse + value))
    if len(parts) == 1:
        return parts[0][0]
    levels = torch.stack([lse for _, lse in parts])
    shares = (levels - levels.logsumexp(0)).exp()
    joined = sum(
        (out.float() * share[..., None] for (out, _), share in zip(parts, shares, strict=True)),
        start=torch.zeros((), device=q.device),
    )
    return joined.to(q.dtype)


def with_logsumexp(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Plain attention, and the log-sum-exp of each query's scores [batch, tokens, heads]."""
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    if q.is_cuda and q.dtype in {torch.float16, torch.bfloat16}:
        out, lse, *_ = torch.ops.aten._scaled_dot_product_flash_attention(q, k, v)
    elif q.device.type == "cpu":
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v)
    else:
        scores = torch.einsum("bhqd,bhkd->bhqk", q.float(), k.float()) * q.shape[-1] ** -0.5
        lse = scores.logsumexp(-1)
        out = torch.einsum("bhqk,bhkd->bhqd", (scores - lse[..., None]).exp(), v.float())
    return out.to(q.dtype).transpose(1, 2), lse.float().transpose(1, 2)
