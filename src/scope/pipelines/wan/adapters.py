"""The adapters of one load: their files, how each is used, and the scales of a stream.

Decides which scale an adapter has in a stream, and says why one can not be changed. It does not
know what is in the files; nothing heavy is imported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scope.errors import InvalidParameters
from scope.pipelines.adapters import AdapterFile, adapter_named, name_of
from scope.pipelines.wan.params import WanLoad, WanParams

Scales = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One that was asked for. field: where in the load parameters."""

    file: AdapterFile
    scale: float
    stays_apart: bool
    """Not merged: its scale can change while streams run."""
    field: str


@dataclass(frozen=True, slots=True)
class Adapters:
    """All of a load, in its order. folder: where they lie."""

    folder: Path
    each: tuple[Adapter, ...] = ()

    @classmethod
    def of(cls, load: WanLoad, folder: Path) -> "Adapters":
        """Raises InvalidParameters naming the one that can not be had."""
        found: list[Adapter] = []
        for place, asked in enumerate(load.loras):
            field = f"loras.{place}.path"
            file = adapter_named(folder, asked.path, field=field)
            if file.name in {earlier.file.name for earlier in found}:
                raise InvalidParameters(f"{field}: {file.name!r} is named twice", field=field)
            mode = asked.merge_mode or load.lora_merge_mode
            found.append(Adapter(file, asked.scale, mode == "runtime_peft", field))
        return cls(folder, tuple(found))

    @property
    def merged(self) -> tuple[Adapter, ...]:
        """Those that become part of the weights."""
        return tuple(each for each in self.each if not each.stays_apart)

    @property
    def apart(self) -> tuple[Adapter, ...]:
        """Those whose scales can change."""
        return tuple(each for each in self.each if each.stays_apart)

    def scales(self, params: WanParams) -> Scales:
        """One for each that stays apart; the last entry of a name counts."""
        wanted = {name_of(self.folder, each.path): each.scale for each in params.lora_scales}
        return tuple(wanted.get(each.file.name, each.scale) for each in self.apart)

    def check(self, params: WanParams) -> None:
        """Raises InvalidParameters unless every adapter named can change."""
        apart, merged = _names(self.apart), _names(self.merged)
        for place, wanted in enumerate(params.lora_scales):
            name, field = name_of(self.folder, wanted.path), f"lora_scales.{place}.path"
            if name in apart:
                continue
            if name in merged:
                why = "was merged into the weights; load it as runtime_peft to change its scale"
            else:
                known = ", ".join(apart) or "none"
                why = f"is not loaded; those whose scale can change: {known}"
            raise InvalidParameters(f"{field}: {wanted.path!r} {why}", field=field)


def _names(adapters: Sequence[Adapter]) -> tuple[str, ...]:
    return tuple(each.file.name for each in adapters)
