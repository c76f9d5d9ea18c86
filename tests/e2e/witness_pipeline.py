"""The model that ships, with a witness who keeps every picture it makes, before any encoding."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from scope.control import PromptStep
from scope.frames import Pixels
from scope.pipelines.vista.pipeline import Vista, VistaParams
from scope.pipelines.vista.state import VistaState


class Witnessed(Vista):
    """Appends its pixels to `$WITNESS/NAME.rgb`; NAME is what `$WITNESS/scene` says."""

    id: ClassVar[str] = "witnessed"

    def step(self, state: VistaState, params: VistaParams, prompt: PromptStep) -> Iterator[Pixels]:
        folder = Path(os.environ["WITNESS"])
        name = (folder / "scene").read_text(encoding="utf-8")
        for pixels in super().step(state, params, prompt):
            with (folder / f"{name}.rgb").open("ab") as file:
                file.write(pixels.tobytes())
            yield pixels
