"""How embeddings of texts are mixed. Pure numpy, shared by every pipeline that has any.

An embedding is a float array [..., D]; each vector of its last axis is a token. Decides the
arithmetic and its edge cases; where texts and weights come from is not known here.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scope.control import Interpolation

Embedding = NDArray[np.float32]
_Exact = NDArray[np.float64]

PARALLEL = 1e-6  # below this distance of |cosine| from 1 an angle says nothing
CANCELLED = 1e-6  # a sum this much shorter than its parts has no direction left


def normalised(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights divided by their sum; equal ones if all are zero. Safe from overflow."""
    top = max(weights)
    if top <= 0:
        return (1 / len(weights),) * len(weights)
    scaled = [weight / top for weight in weights]
    total = sum(scaled)
    return tuple(weight / total for weight in scaled)


def blend(
    embeddings: Sequence[Embedding], weights: Sequence[float], method: Interpolation
) -> Embedding:
    """Several prompts of one frame as one embedding; slerp is for exactly two."""
    if not embeddings or len(embeddings) != len(weights):
        raise ValueError("as many weights as embeddings, at least one")
    if len({embedding.shape for embedding in embeddings}) > 1:
        raise ValueError("embeddings must have one shape")
    shares = normalised(weights)
    if method == "slerp" and len(embeddings) == 2:
        return slerp(embeddings[0], embeddings[1], shares[1])
    return linear(embeddings, shares)


def interpolate(start: Embedding, end: Embedding, t: float, method: Interpolation) -> Embedding:
    """The way from `start` (t = 0) to `end` (t = 1); both ends are met exactly."""
    if method == "slerp":
        return slerp(start, end, t)
    return linear((start, end), (1 - t, t))


def linear(embeddings: Sequence[Embedding], shares: Sequence[float]) -> Embedding:
    """Weighted sum, rescaled to the weighted mean of the norms. `shares` add up to 1."""
    parts = [(e, share) for e, share in zip(embeddings, shares, strict=True) if share > 0]
    if len(parts) == 1:
        return parts[0][0]
    total: _Exact = np.zeros(embeddings[0].shape)
    wanted = 0.0
    for embedding, share in parts:
        exact = embedding.astype(np.float64)
        total += share * exact
        wanted += share * float(np.linalg.norm(exact))
    norm = float(np.linalg.norm(total))
    if norm > CANCELLED * wanted:
        total *= wanted / norm
    return total.astype(np.float32)


def slerp(start: Embedding, end: Embedding, t: float) -> Embedding:
    """Per token: the direction on the arc from start to end, the norm in between.

    A token that is zero, parallel or antipodal to its counterpart has no arc; it is mixed
    in a straight line.
    """
    if t <= 0:
        return start
    if t >= 1:
        return end
    a, b = start.astype(np.float64), end.astype(np.float64)
    norm_a = np.linalg.norm(a, axis=-1, keepdims=True)
    norm_b = np.linalg.norm(b, axis=-1, keepdims=True)
    lengths = norm_a * norm_b
    safe = np.where(lengths > 0, lengths, 1.0)
    cosine = np.clip(np.sum(a * b, axis=-1, keepdims=True) / safe, -1.0, 1.0)
    curved = (lengths > 0) & (np.abs(cosine) < 1 - PARALLEL)
    angle = np.where(curved, np.arccos(cosine), 1.0)
    unit_a = a / np.where(norm_a > 0, norm_a, 1.0)
    unit_b = b / np.where(norm_b > 0, norm_b, 1.0)
    arc = np.sin((1 - t) * angle) * unit_a + np.sin(t * angle) * unit_b
    arc *= ((1 - t) * norm_a + t * norm_b) / np.sin(angle)
    straight = (1 - t) * a + t * b
    return np.where(curved, arc, straight).astype(np.float32)
