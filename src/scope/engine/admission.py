"""Whether one more stream fits on a worker. Pure, on nominal figures.

The first stream on an idle worker is always admitted, however slow the pipeline. A further
one only while the device keeps some time to itself and every buffer can hold the lead it
would then need. Streams nobody watches are not passed in: they cost no device time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scope.engine.turn import MARGIN_S, Contender, leads_s

MAX_LOAD = 0.85


@dataclass(frozen=True, slots=True)
class Demand:
    """What one stream asks of the device.

    chunk_s: generation time of a chunk. duration_s: how long it plays at nominal fps.
    lead_room_s: the longest lead its buffer can hold.
    """

    chunk_s: float
    duration_s: float
    lead_room_s: float

    @property
    def load(self) -> float:
        """Share of the device's time."""
        return self.chunk_s / self.duration_s


def refusal(
    live: Sequence[Demand],
    new: Demand,
    *,
    max_load: float = MAX_LOAD,
    margin_s: float = MARGIN_S,
) -> str | None:
    """Why `new` can not join `live`, in one readable sentence, or None if it can."""
    if not live:
        return None
    everyone = [*live, new]
    load = sum(demand.load for demand in everyone)
    if load > max_load:
        return (
            f"{len(live)} of {len(live)} places are taken: one more stream would need "
            f"{load:.0%} of the device, {max_load:.0%} is the limit."
        )
    leads = leads_s(
        [Contender(str(place), demand.chunk_s, 0.0) for place, demand in enumerate(everyone)],
        margin_s=margin_s,
    )
    for place, demand in enumerate(everyone):
        if leads[str(place)] > demand.lead_room_s:
            return (
                "Chunks take too long to share the device: a stream would have to be made "
                f"{leads[str(place)]:.2f} s ahead and its buffer holds {demand.lead_room_s:.2f} s."
            )
    return None
