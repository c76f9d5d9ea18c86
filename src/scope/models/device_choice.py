"""Which device a model goes to: the one that was named, or the best there is.

Decides what "auto" means, and that a device which is not there is refused in words. It does not
know what will be put on it.
"""

import torch

from scope.errors import LoadFailed


def device_named(name: str) -> torch.device:
    """`auto`, `cpu`, `cuda` or `cuda:N`, with its number. Raises LoadFailed."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda", 0) if count else torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise LoadFailed(f"There is no device {name!r}.", field="device") from None
    if device.type == "cpu":
        return torch.device("cpu")
    number = device.index or 0
    if device.type != "cuda" or number >= count:
        seen = f"torch sees {count} of CUDA" if count else "torch sees no CUDA device"
        raise LoadFailed(f"There is no device {name!r}: {seen}.", field="device")
    return torch.device("cuda", number)
