"""Which stream the worker serves next, and when it may sleep. Pure.

A turn makes one chunk and can not be shared, so every stream is kept ahead of its playback
by a lead that covers its own chunk, the longest turn that may be in progress when it falls
due, and a margin. Among streams below their lead the one that runs dry first goes first.

Knows nothing of pipelines, threads or memory: a stream is a `Contender`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MARGIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Contender:
    """A stream that somebody watches, or that may make its first chunk ahead of that.

    chunk_s: p95 of its generation time. dry_at_s: when its buffer runs dry; None for a
    stream that was never played and has nothing made yet. has_room: a whole chunk fits into
    its buffer.
    """

    stream_id: str
    chunk_s: float
    dry_at_s: float | None
    has_room: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """Serve `stream_id` now; None: nobody before `wake_s`, or before news if that is None."""

    stream_id: str | None = None
    wake_s: float | None = None


def lead_s(own_chunk_s: float, others_chunk_s: Iterable[float], *, margin_s: float) -> float:
    """How far ahead of playback a stream must be to survive a turn that is not its own."""
    return own_chunk_s + max(others_chunk_s, default=0.0) + margin_s


def leads_s(contenders: Sequence[Contender], *, margin_s: float = MARGIN_S) -> dict[str, float]:
    """The lead of every contender. One that waits for its first chunk counts as another."""
    by_length = sorted((c.chunk_s for c in contenders), reverse=True)
    longest = by_length[0] if by_length else 0.0
    second = by_length[1] if len(by_length) > 1 else 0.0
    return {
        c.stream_id: lead_s(
            c.chunk_s, (second if c.chunk_s == longest else longest,), margin_s=margin_s
        )
        for c in contenders
    }


def buffer_bound_s(lead: float, chunk_duration_s: float) -> float:
    """The most a stream ever has made ahead: chunks are admitted whole below the lead."""
    return lead + chunk_duration_s


def pick(contenders: Sequence[Contender], *, now_s: float, margin_s: float = MARGIN_S) -> Turn:
    """Earliest deadline first among those below their lead; first chunks only after them."""
    leads = leads_s(contenders, margin_s=margin_s)
    urgent: tuple[float, str] | None = None
    wake_s: float | None = None
    first: str | None = None
    for contender in contenders:
        if not contender.has_room:
            continue
        if contender.dry_at_s is None:
            first = first or contender.stream_id
            continue
        eligible_s = contender.dry_at_s - leads[contender.stream_id]
        if eligible_s <= now_s:
            key = (contender.dry_at_s, contender.stream_id)
            urgent = key if urgent is None else min(urgent, key)
        else:
            wake_s = eligible_s if wake_s is None else min(wake_s, eligible_s)
    if urgent is not None:
        return Turn(stream_id=urgent[1])
    if first is not None:
        return Turn(stream_id=first)
    return Turn(wake_s=wake_s)
