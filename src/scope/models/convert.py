"""A weight file that could run code when it is read, written anew as one that can not.

Decides that the new file holds the tensors under their plain names and nothing else, and that it
appears whole or not at all. It does not know what the tensors are for.
"""

import os
import shutil
import tempfile
from pathlib import Path

from safetensors.torch import save_file

from scope.errors import LoadFailed
from scope.models.checkpoint import open_weights

SUFFIX = ".safetensors"
_SPARE_BYTES = 2**20
"""Names and shapes."""


def convert(source: Path, target: Path, *, key: str | None = None) -> int:
    """Write the tensors of `source` (.pt, .pth or safetensors, never unpickling code) to `target`.

    key: which part of a nested file is meant; else the first known one. Returns the number of
    tensors. Raises LoadFailed where the source is refused, the target is there already, or the disk
    is too full.
    """
    if target.suffix != SUFFIX:
        raise LoadFailed(f"{target.name} does not end in {SUFFIX}")
    if target.exists():
        raise LoadFailed(f"{target} is there already")
    weights = open_weights(source, key=key)
    needed = sum(tensor.bytes for tensor in weights.values()) + _SPARE_BYTES
    free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise LoadFailed(
            f"{target.name} takes {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free"
        )
    # A copy of each: tensors of one storage can not be told apart by the format.
    tensors = {name: tensor.read().clone().contiguous() for name, tensor in weights.items()}
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.stem}-") as folder:
        part = Path(folder, target.name)
        save_file(tensors, part)
        os.link(part, target)
    return len(tensors)
