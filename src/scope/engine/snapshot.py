"""A stream at a chunk boundary as a value: everything that is needed to go on bit for bit.

Decides nothing. It crosses the process line and may outlive the worker it was made by; the
pipeline's own state inside is what its `dump` gave.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scope.control import PromptSchedule, TimedUpdate
from scope.engine.control import Control, Judge, anything, checked_params
from scope.engine.control_mailbox import Merged
from scope.engine.handing import Place
from scope.pipelines.contract import Params


@dataclass(frozen=True, slots=True)
class StreamSnapshot:
    """Before the chunk that is named by `at`; frames of it may be out already, made by a step
    that failed.

    state: of the pipeline; None before the first chunk. waiting: updates the chunk will take.
    script: those written beforehand that are still to come. The rest is the control in force.
    """

    state: bytes | None = None
    at: Place = field(default_factory=Place)
    revision: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    schedule: PromptSchedule = field(default_factory=PromptSchedule)
    seed: int = 0
    paused: bool = False
    waiting: tuple[Merged, ...] = ()
    script: tuple[TimedUpdate, ...] = ()

    @classmethod
    def of(
        cls,
        control: Control,
        *,
        state: bytes | None,
        at: Place,
        waiting: tuple[Merged, ...],
        script: tuple[TimedUpdate, ...],
    ) -> "StreamSnapshot":
        """With `control` in force."""
        return cls(
            state=state,
            at=at,
            revision=control.revision,
            values=control.values,
            schedule=control.schedule,
            seed=control.seed,
            paused=control.paused,
            waiting=waiting,
            script=script,
        )

    @property
    def size_bytes(self) -> int:
        """Of the part that can be large."""
        return len(self.state or b"")

    def control(self, kind: type[Params], *, judge: Judge = anything) -> Control:
        """The control in force. Raises InvalidParameters for another pipeline's."""
        return Control(
            params=checked_params(kind, self.values, judge=judge),
            revision=self.revision,
            values=self.values,
            schedule=self.schedule,
            seed=self.seed,
            paused=self.paused,
        )
