"""A published model of the Wan 2.1 family as a pipeline.

Decides what a client sees of it: names, parameters, format. Nothing heavy is imported before a
load; the work is in `runtime`, the files in `loading`.
"""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar

from scope.control import PromptStep
from scope.frames import Pixels, VideoFormat
from scope.pipelines import contract
from scope.pipelines.artifacts import snapshot_folder
from scope.pipelines.published import WEIGHTS
from scope.pipelines.wan.adapters import Adapters
from scope.pipelines.wan.params import WanLoad, WanParams
from scope.pipelines.wan.profile import FPS, WanProfile
from scope.settings import HubSettings

if TYPE_CHECKING:
    from scope.pipelines.wan.state import WanMark, WanState

for _library in ("torch", "safetensors", "transformers", "diffusers"):
    if find_spec(_library) is None:
        raise ModuleNotFoundError(f"No module named {_library!r}", name=_library)


class WanPipeline(contract.Pipeline["WanState", "WanMark"]):
    """Subclass it with a name and a profile."""

    profile: ClassVar[WanProfile]
    default_prompt: ClassVar[str] = "a red fox walks through fresh snow in a birch forest at dawn"
    Params: ClassVar[type[contract.Params]] = WanParams
    LoadParams: ClassVar[type[contract.LoadParams]] = WanLoad

    def __init__(self, load: WanLoad, *, device: str, progress: contract.Progress) -> None:
        progress("starting libraries", 0.0)
        import torch

        from scope.models.device_choice import device_named
        from scope.pipelines.wan.loading import find_files, generator_settings, load_parts
        from scope.pipelines.wan.runtime import WanRuntime

        profile, where = self.profile, device_named(device)
        found = HubSettings()
        cache, self._adapters = found.hub_cache, Adapters.of(load, found.loras)
        files = find_files(self.id, profile, load, cache)
        parts = load_parts(files, profile, load, self._adapters, device=where, progress=progress)
        settings = generator_settings(profile, load)
        size = (load.height, load.width)
        self._runtime = WanRuntime(parts, profile, settings, size=size, device=where)
        self.texts = self._runtime.texts
        self.format = VideoFormat(load.width, load.height, FPS)
        self.chunk_frames = 4 * profile.block
        snapshot = snapshot_folder(cache, WEIGHTS[self.id])
        self._facts: dict[str, str | int | float | bool | None] = {
            "weights": snapshot.name if snapshot is not None else None,
            "precision": load.quantization or str(parts.model.dtype).removeprefix("torch."),
            "decoder": load.vae_type,
            "device": where.type,
            "torch": torch.__version__,
        }

    def open(self, seed: int) -> "WanState":
        """A stream before its first frame."""
        return self._runtime.open(seed)

    def step(self, state: "WanState", params: WanParams, prompt: PromptStep) -> Iterator[Pixels]:
        """Nine pictures first, then twelve a block; an empty piece after each pass but the last."""
        scales = self._adapters.scales(params)
        return self._runtime.step(state, params, prompt, scales=scales)

    def check(self, params: WanParams) -> None:
        """Scales only of adapters that can change."""
        self._adapters.check(params)

    @classmethod
    def check_load(cls, load: WanLoad) -> None:
        """Adapters only from their folder."""
        Adapters.of(load, HubSettings().loras)

    def mark(self, state: "WanState") -> "WanMark":
        """The cache keeps an undo log, the rest is never written to."""
        return self._runtime.mark(state)

    def rollback(self, state: "WanState", mark: "WanMark") -> None:
        """Undo what was written since."""
        self._runtime.rollback(state, mark)

    def dump(self, state: "WanState") -> bytes:
        """Cache, decoder memory, counters and the prompt in force."""
        return self._runtime.dump(state)

    def load(self, dumped: bytes) -> "WanState":
        """A stream continued from `dump`. Raises ValueError on anything else."""
        return self._runtime.load(dumped)

    def facts(self) -> Mapping[str, str | int | float | bool | None]:
        """Which weights, and how exact a replay can be."""
        return self._facts
