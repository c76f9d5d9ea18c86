import dataclasses
import pickle
from typing import Any, get_args

import numpy as np
import pytest

from scope.control import ControlUpdate, PromptItem, PromptMix
from scope.engine import messages
from scope.engine.api import Playhead, StreamFigures
from scope.events import StopReason, StreamStopped
from scope.frames import VideoFormat

MADE = messages.Made("a", 6, 4, 2, 0.25, 1, True, 12.5)


@pytest.mark.parametrize(
    "message",
    [
        messages.Send("a", ControlUpdate(1, prompts=PromptMix((PromptItem("x"),))), 4),
        messages.Open("a", 1, ControlUpdate(0), b"state", 30, VideoFormat(64, 32, 16)),
        messages.Play("a", Playhead(1, 2.0, 0.1)),
        messages.Told(StreamStopped("a", StopReason.CLOSED)),
        messages.TurnEnded("a", StreamFigures(1, 2, 0.1, 0.3)),
        MADE,
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_crosses_the_pipe_unchanged(message: Any) -> None:
    assert pickle.loads(pickle.dumps(message)) == message


@pytest.mark.parametrize("kind", [*get_args(messages.Command), *get_args(messages.Report)])
def test_every_message_is_a_frozen_value(kind: type[Any]) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_a_piece_that_wraps_around_is_two_chunks_and_the_second_is_the_last() -> None:
    views = [np.zeros((3, 2, 2, 3), np.uint8), np.zeros((1, 2, 2, 3), np.uint8)]
    chunks = list(MADE.chunks(views))
    assert [(c.first_index, len(c), c.last_piece) for c in chunks] == [(6, 3, False), (9, 1, True)]
    assert {(c.revision, c.seconds, c.chunk, c.produced_s) for c in chunks} == {(2, 0.25, 1, 12.5)}
