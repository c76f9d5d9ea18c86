"""Weight files of any published layout as one flat table of tensors that nothing has read yet.

Decides how a file is opened (safetensors by preference; pickles only of plain tensors, mapped into
memory), which part of a nested file is meant and which wrappers' prefixes mean nothing. It does
not know any model: whether the names are right is `assign`'s question.
"""

import json
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from scope.errors import LoadFailed

NESTS = ("generator_ema", "generator", "state_dict", "model")
"""Where training scripts put the weights, the averaged ones first."""

FRONT = ("model.diffusion_model.", "diffusion_model.", "model.", "module.")
WRAPPERS = ("_fsdp_wrapped_module.", "_orig_mod.", "_checkpoint_wrapped_module.")
"""Left in names by sharding, compiling and checkpointing, at any depth."""

_DTYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}
_MAX_INDEX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class LazyTensor:
    """A tensor in a file: what it is, and how to get it (on the CPU, possibly a mapped view)."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor]

    @property
    def bytes(self) -> int:
        return self.dtype.itemsize * torch.Size(self.shape).numel()

    @classmethod
    def of(cls, tensor: Tensor) -> "LazyTensor":
        return cls(tuple(tensor.shape), tensor.dtype, lambda: tensor)


Weights = Mapping[str, LazyTensor]


def open_weights(path: Path, *, key: str | None = None) -> Weights:
    """The tensors of a file, or of a folder that holds one model, under their plain names.

    key: which part of a nested file is meant; without it, or where it is missing, the first known
    one. Raises LoadFailed.
    """
    file = _file_of(path)
    if file.name.endswith(".index.json"):
        found = _sharded(file)
    elif file.suffix == ".safetensors":
        found = dict(_safetensors(file))
    elif file.suffix in {".pt", ".pth"}:
        found = _pickled(file, key)
    else:
        raise LoadFailed(f"{file.name} is not a kind of weight file known here")
    if not found:
        raise LoadFailed(f"{file.name} holds no tensors")
    return _plainly_named(found, file.name)


def plain_name(name: str) -> str:
    """The name without what wrappers put into it."""
    for wrapper in WRAPPERS:
        name = name.replace(wrapper, "")
    while True:
        front = next((prefix for prefix in FRONT if name.startswith(prefix)), "")
        if not front:
            return name
        name = name[len(front) :]


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        if not path.is_file():
            raise LoadFailed(f"there is no file {path}")
        return path
    for pattern in ("*.safetensors.index.json", "*.safetensors", "*.pt", "*.pth"):
        files = sorted(path.glob(pattern))
        if len(files) > 1:
            names = ", ".join(file.name for file in files[:3])
            raise LoadFailed(f"{path} holds several models ({names}, …): name one")
        if files:
            return files[0]
    raise LoadFailed(f"{path} holds no weight files")


def _safetensors(file: Path) -> Iterator[tuple[str, LazyTensor]]:
    try:
        opened: Any = safe_open(file, framework="pt")
        names = list(opened.keys())
        for name in names:
            part = opened.get_slice(name)
            kind = _DTYPES.get(part.get_dtype())
            if kind is None:
                raise LoadFailed(f"{file.name}: {name} is of an unknown type {part.get_dtype()}")
            yield name, LazyTensor(tuple(part.get_shape()), kind, _reader(opened, name))
    except (SafetensorError, OSError) as error:
        raise LoadFailed(f"{file.name} can not be read: {error}") from error


def _reader(opened: Any, name: str) -> Callable[[], Tensor]:
    def read() -> Tensor:
        tensor: Tensor = opened.get_tensor(name)
        return tensor

    return read


def _sharded(index: Path) -> dict[str, LazyTensor]:
    places = _places(index)
    found: dict[str, LazyTensor] = {}
    for shard in sorted(set(places.values())):
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise LoadFailed(f"{index.name} points to {shard!r}, which is no file beside it")
        if not (index.parent / shard).is_file():
            raise LoadFailed(f"{shard}, which {index.name} names, is missing")
        found |= dict(_safetensors(index.parent / shard))
    lost = sorted(set(places) - set(found))
    if lost:
        raise LoadFailed(f"{index.name} names {lost[0]}, which no shard holds")
    return found


def _places(index: Path) -> dict[str, str]:
    if index.stat().st_size > _MAX_INDEX_BYTES:
        raise LoadFailed(f"{index.name} is too large for an index")
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LoadFailed(f"{index.name} is not an index of weights: {error}") from error
    places = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(places, dict) or not all(isinstance(file, str) for file in places.values()):
        raise LoadFailed(f"{index.name} is not an index of weights")
    return places


def _pickled(file: Path, key: str | None) -> dict[str, LazyTensor]:
    try:
        content = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        EOFError,
        OSError,
    ) as error:
        # torch explains at length how to switch the safety off; the first line is enough.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise LoadFailed(f"{file.name} is refused: {reason}") from error
    tensors = _unwrapped(content, key)
    return {name: LazyTensor.of(tensor) for name, tensor in tensors.items()}


def _unwrapped(content: object, key: str | None) -> dict[str, Tensor]:
    for nest in (key, *NESTS):
        if nest is None or not isinstance(content, Mapping):
            continue
        inner = content.get(nest)
        if isinstance(inner, Mapping) and _tensors(inner):
            return _tensors(inner)
    return _tensors(content) if isinstance(content, Mapping) else {}


def _tensors(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    """Step counters and the like are left behind."""
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _plainly_named(found: Mapping[str, LazyTensor], file: str) -> Weights:
    plain: dict[str, LazyTensor] = {}
    for name, tensor in found.items():
        short = plain_name(name)
        if short in plain:
            raise LoadFailed(f"{file} holds {short} twice, as {name} too")
        plain[short] = tensor
    return plain
