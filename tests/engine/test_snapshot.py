import pickle

import pytest

from scope.control import ControlUpdate, PromptItem, PromptMix, PromptSchedule, TimedUpdate
from scope.engine.control import Control
from scope.engine.control_mailbox import Merged
from scope.engine.handing import Place
from scope.engine.snapshot import StreamSnapshot
from scope.errors import InvalidParameters
from scope.pipelines.contract import Params


class Gain(Params):
    gain: int = 0


CONTROL = Control(
    Gain(gain=3),
    revision=7,
    values={"gain": 3},
    schedule=PromptSchedule().with_prompts(PromptMix((PromptItem("a"),))).advance(),
    seed=9,
    paused=True,
)


def snapshot() -> StreamSnapshot:
    return StreamSnapshot.of(
        CONTROL,
        state=b"four",
        at=Place(8, 2, 1),
        waiting=(Merged(ControlUpdate(8, reset=True), (8,)),),
        script=(TimedUpdate(ControlUpdate(0), chunk=5),),
    )


def test_the_control_comes_back_as_it_was() -> None:
    assert snapshot().control(Gain) == CONTROL


def test_it_crosses_the_process_line() -> None:
    again = pickle.loads(pickle.dumps(snapshot()))
    assert again == snapshot()
    assert (again.size_bytes, again.at.next_index) == (4, 9)
    assert StreamSnapshot().size_bytes == 0


def test_another_pipelines_parameters_are_refused() -> None:
    with pytest.raises(InvalidParameters):
        snapshot().control(Params)
