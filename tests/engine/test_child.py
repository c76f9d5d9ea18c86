import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from scope.control import ControlUpdate
from scope.engine.api import Playhead
from scope.engine.messages import (
    Check,
    Checked,
    Hail,
    Hello,
    Here,
    Load,
    Loaded,
    Made,
    Open,
    Play,
    Ready,
    Stop,
)
from scope.engine.pixel_ring import PixelRing, RingShape, new_memory
from scope.pipelines.registry import PipelineRef


class Parent:
    """The other end of a child's two sockets, by hand."""

    def __init__(self, ref: PipelineRef) -> None:
        ours, theirs = socket.socketpair()
        self.memory, their_memory = socket.socketpair()
        with theirs, their_memory:
            numbers = theirs.fileno(), their_memory.fileno()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scope.engine.child", *map(str, numbers)], pass_fds=numbers
            )
        self.pipe: Connection[Any, Any] = Connection(ours.detach())
        self.pipe.send(Hello(((ref.target, ref.name),), tuple(sys.path), "cpu", warm_up=False))

    def hear(self, kind: type[Any]) -> Any:
        while not isinstance(report := self.pipe.recv(), kind):
            pass
        return report

    def __enter__(self) -> "Parent":
        return self

    def __exit__(self, *_: object) -> None:
        self.pipe.close()
        self.memory.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self.process.wait()


def test_frames_come_through_the_memory_that_was_sent(noise_ref: PipelineRef) -> None:
    with Parent(noise_ref) as parent:
        parent.pipe.send(Load(1, "noise", {}))
        loaded = parent.hear(Loaded).pipeline
        shape = RingShape.of(loaded.format, 12)
        memory = new_memory(shape)
        ring = PixelRing(memory, shape)
        socket.send_fds(parent.memory, [b"f"], [memory])
        parent.pipe.send(Open("a", 3, ControlUpdate(0), None, 12, loaded.format))
        parent.pipe.send(Play("a", Playhead(0, 0.0, 1e-6)))
        made = parent.hear(Made)
        (view,) = ring.read(made.first_index, made.frames)
        assert (made.first_index, view.shape) == (0, (2, 32, 64, 3))
        assert len(np.unique(view)) > 100
        parent.pipe.send(Stop())
        assert parent.process.wait(10) == 0


def test_a_question_is_answered_while_a_load_goes_on(noise_ref: PipelineRef) -> None:
    with Parent(noise_ref) as parent:
        parent.hear(Ready)
        parent.pipe.send(Load(1, "noise", {"fault": "hang"}))
        parent.pipe.send(Check(7, "noise", load={"width": 1}))
        assert parent.hear(Checked).error.field == "width"


def test_it_answers_while_a_load_goes_on(noise_ref: PipelineRef) -> None:
    with Parent(noise_ref) as parent:
        parent.hear(Ready)
        parent.pipe.send(Load(1, "noise", {"fault": "hang"}))
        parent.pipe.send(Hail())
        assert parent.hear(Here) == Here()


def test_it_ends_when_the_pipe_does(noise_ref: PipelineRef) -> None:
    with Parent(noise_ref) as parent:
        parent.hear(Ready)
        parent.pipe.send(Load(1, "noise", {"fault": "hang"}))
    assert parent.process.returncode == 0
