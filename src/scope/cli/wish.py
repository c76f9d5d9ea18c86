"""What a rendering is asked for on the command line, and what of it a pipeline can give.

Decides which pipeline a name means, how options become load parameters and parameters, and in
which words a wish is refused that can not be granted.
"""

import difflib
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scope.cli.leaving import fail
from scope.cli.nearest import unknown
from scope.errors import InvalidParameters
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.registry import PipelineRef, discover
from scope.protocol.timeline import MAX_BYTES, Timeline, read_timeline

DEFAULT_S = 10.0
AFTER_LAST_EVENT_S = 5.0
NOISIEST = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """One rendering. load: load parameters named on the line."""

    out: Path
    prompt: str | None = None
    timeline: Timeline | None = None
    seconds: float | None = None
    seed: int | None = None
    steps: int | None = None
    load: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"

    def parameters(self, spec: PipelineSpec) -> dict[str, Any]:
        """What wins over the timeline's first parameters."""
        found: dict[str, Any] = {}
        if self.prompt is not None:
            found["prompts"] = [self.prompt]
        if self.seed is not None:
            found["seed"] = self.seed
        if self.steps is not None:
            if "denoising_step_list" not in spec.params_schema.get("properties", {}):
                raise InvalidParameters(f"{spec.id} has no denoising steps to choose.")
            found["denoising_step_list"] = even_steps(self.steps)
        return found

    def frames(self, written: int | None, *, fps: float, chunk_frames: int) -> int:
        """How many pictures to make. written: what the timeline says.

        Raises InvalidParameters where that is none.
        """
        if self.seconds is not None:
            return max(1, round(self.seconds * fps))
        if written == 0:
            raise InvalidParameters("The timeline shows nothing yet; say how long: --seconds 10")
        if written is not None:
            return written
        events = self.timeline.events if self.timeline is not None else []
        if not events:
            return max(1, round(DEFAULT_S * fps))
        last = max(
            event.at_s * fps
            if event.chunk is None and event.at_s
            else chunk_frames * (event.chunk or 0)
            for event in events
        )
        return math.ceil(last + AFTER_LAST_EVENT_S * fps)


def even_steps(count: int) -> list[int]:
    """That many noise levels from pure noise down, evenly spaced."""
    return [round(NOISIEST * (count - number) / count) for number in range(count)]


def refs_of(pipeline: str) -> Sequence[PipelineRef]:
    """Where that pipeline is; leaves with the nearest name when it is not known."""
    if ":" in pipeline:
        return discover([pipeline])[-1:]
    installed = discover()
    found = [ref for ref in installed if ref.name == pipeline]
    if not found:
        fail(unknown("pipeline", pipeline, [ref.name for ref in installed]))
    return found


def load_params_of(wish: Wish, spec: PipelineSpec) -> dict[str, Any]:
    """What the pipeline is loaded with: as the timeline was made, then as the line says.

    What the machine chose for itself when the timeline was made (threads, precision) is chosen
    again where it can be. Raises InvalidParameters.
    """
    known = spec.load_schema.get("properties", {})
    params: dict[str, Any] = {}
    made = wish.timeline.pipeline if wish.timeline is not None else None
    if made is not None and made.id == spec.id:
        params = {key: value for key, value in made.load_params.items() if key in known}
        chosen = {key: value for key, value in made.facts.items() if key in known}
        params |= {key: value for key, value in chosen.items() if params.get(key) is None}
    for key in wish.load:
        if key not in known and key != "base_seed":
            raise InvalidParameters(_no_such(key, spec, known))
    return params | dict(wish.load)


def size_of_words(words: str) -> tuple[int, int]:
    """ "640x384" as numbers; leaves when it is none."""
    found = re.fullmatch(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", words.strip().lower())
    if found is None:
        fail(f"--size takes WIDTHxHEIGHT, e.g. 640x384, not {words!r}")
    return int(found[1]), int(found[2])


def require_place(out: Path, *, force: bool) -> None:
    """Leaves when the file could not be written there; that is not found out at the end."""
    if out.suffix.lower() != ".mp4":
        fail(f"Only MP4 files are written: -o {out.with_suffix('.mp4')}")
    if out.is_dir():
        fail(f"{out} is a folder.")
    if out.exists() and not force:
        fail(f"{out} exists; --force replaces it.")
    if not out.parent.is_dir():
        fail(f"There is no folder {out.parent}.")
    if not os.access(out.parent, os.W_OK):
        fail(f"Nothing can be written to {out.parent}.")


def timeline_in(path: Path) -> Timeline:
    """The timeline in that file; leaves with the place at fault."""
    try:
        with path.open("rb") as file:
            return read_timeline(file.read(MAX_BYTES + 1))
    except OSError as error:
        fail(f"{path} can not be read: {error.strerror or error}.")
    except InvalidParameters as error:
        fail(f"{path}: {error.detail}")


def _no_such(key: str, spec: PipelineSpec, known: Mapping[str, Any]) -> str:
    if key in {"width", "height"}:
        return f"{spec.id} has a size of its own; --size can not change it."
    if key == "fps":
        return f"{spec.id} has a rate of its own; --fps can not change it."
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    words = f"{spec.id} has no load parameter {key!r}."
    return f"{words} Did you mean {near[0]!r}?" if near else words
