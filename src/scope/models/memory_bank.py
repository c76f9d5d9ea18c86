"""A small bank of remembered frames in a cache, ranked by how well their keys answer the prompt.

Decides the score and what a merge does to the bank's slots. When a merge happens is the policy's
affair. Everything stays on the device: no decision here waits for a number.
"""

import torch
from torch import Tensor

from scope.models.cache_plan import BankPlan


def merge_pending(keys: Tensor, values: Tensor, bank: BankPlan, text: Tensor | None) -> None:
    """Let the recorded frame into the bank, in place.

    keys, values: [layers, batch, slots, tokens, heads, head_dim]. text: the prompt's keys
    [layers, batch, tokens, heads, head_dim].
    """
    size = len(bank.slots)
    if bank.end <= size:
        for tensor in (keys, values):
            tensor[:, :, bank.slots[bank.end - 1]] = tensor[:, :, bank.pending]
        return
    if text is None:
        raise ValueError("a full memory bank needs the prompt's keys to choose by")
    first, last = bank.slots[0], bank.slots[-1] + 1
    best = scores(keys[:, :, first:last], text).topk(size - 1, dim=-1).indices
    for tensor in (keys, values):
        held = tensor[:, :, first:last]
        chosen = best[..., None, None, None].expand(-1, -1, -1, *held.shape[3:])
        kept = held.gather(2, chosen)
        tensor[:, :, first : last - 1] = kept
        tensor[:, :, last - 1] = tensor[:, :, bank.pending]


def scores(frames: Tensor, text: Tensor) -> Tensor:
    """[layers, batch, frames]: mean product of a frame's keys with the prompt's, over tokens of
    both and over heads. The pads of the text count, as they do in attention."""
    seen, wanted = frames.float().mean(3), text.float().mean(2)
    products: Tensor = torch.einsum("lbfhd,lbhd->lbf", seen, wanted)
    scaled: Tensor = products * (frames.shape[-1] ** -0.5 / frames.shape[-2])
    return scaled
