"""Small things from the host to a device, without waiting for what the device is still doing.

Decides that a GPU is given pinned memory: from any other a copy first waits until all work queued
before it is done, and the passes of the next block could not be queued behind those of this one.
"""

from torch import Tensor, cuda, device


def staged(host: Tensor, place: device) -> Tensor:
    """`host` on a device, in the order of the work queued there."""
    if place.type == "cuda" and cuda.is_available():
        host = host.pin_memory()
    return host.to(place, non_blocking=True)
