"""The contract finds each way to break it: one faulty pipeline per promise."""

import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field

from scope.control import PromptStep
from scope.frames import Pixels
from scope.pipelines.contract import LoadParams, Params
from scope.pipelines.testcard import CardLoad, CardState, TestCard
from scope.pipelines.testing import PipelineContract


class SmallCard(TestCard):
    """A test card whose clock stands still, so that nothing needs to be masked."""

    def __init__(self, load: Any, *, device: str, progress: Any) -> None:
        small = CardLoad(width=512, height=128, frames=2, compute_ms=0.04)
        super().__init__(small, device=device, progress=progress)

    def step(self, state: CardState, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        for piece in super().step(state, params, prompt):
            piece[:, -16:] = 0
            yield piece


def contract_of(kind: type[TestCard]) -> PipelineContract:
    class Contract(PipelineContract):
        pipeline = kind
        flat_steps = 30

    return Contract()


def promises() -> list[str]:
    return sorted(name for name in dir(PipelineContract) if name.startswith("test_"))


class Nameless(SmallCard):
    title = ""


class Demanding(SmallCard):
    class Params(Params):
        strength: float = Field(ge=0)


class Grabbing(SmallCard):
    class Params(Params):
        seed: int = 0


class Lax(SmallCard):
    class Params(BaseModel):
        model_config = ConfigDict(extra="ignore")


class Wrong16Bit(SmallCard):
    def step(self, *args: Any) -> Iterator[Any]:
        for piece in super().step(*args):
            yield piece.astype(np.uint16)


class TooLong(SmallCard):
    def step(self, *args: Any) -> Iterator[Pixels]:
        yield from super().step(*args)
        yield from super().step(*args)


class Silent(SmallCard):
    def step(self, *args: Any) -> Iterator[Pixels]:
        for piece in super().step(*args):
            yield piece[:0]


class OddSized(SmallCard):
    def __init__(self, load: Any, *, device: str, progress: Any) -> None:
        super().__init__(load, device=device, progress=progress)
        self.format = type(self.format)(511, 128, 30)


class BackwardProgress(SmallCard):
    def __init__(self, load: Any, *, device: str, progress: Any) -> None:
        progress("loading", 0.9)
        progress("loading", 0.1)
        super().__init__(load, device=device, progress=progress)


class Random(SmallCard):
    def step(self, *args: Any) -> Iterator[Pixels]:
        for piece in super().step(*args):
            piece[:, :16, :16] = np.random.default_rng().integers(0, 255, (16, 16, 3))
            yield piece


class Deaf(SmallCard):
    def step(self, state: CardState, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        return super().step(state, params, PromptStep(mix=prompt.previous))


class Snapless(SmallCard):
    def step(self, state: CardState, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        held = prompt.previous if prompt.previous.items else prompt.mix
        return super().step(state, params, PromptStep(mix=held))


class Shared(SmallCard):
    """Keeps the state of its streams on itself."""

    def __init__(self, load: Any, *, device: str, progress: Any) -> None:
        super().__init__(load, device=device, progress=progress)
        self._only = CardState()

    def open(self, seed: int) -> CardState:
        self._only.frame = 0
        return self._only


class SharedInStep(SmallCard):
    """Keeps what a step works on itself, between two pieces."""

    def step(self, state: CardState, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        self._prompt = prompt
        yield np.empty((0, 128, 512, 3), np.uint8)
        yield from super().step(state, params, self._prompt)


class Traces(SmallCard):
    """Counts on where the stream before stopped."""

    last = 0

    def open(self, seed: int) -> CardState:
        return CardState(self.last)

    def step(self, state: CardState, *args: Any) -> Iterator[Pixels]:
        for piece in super().step(state, *args):
            self.last = state.frame
            yield piece


class OneBuffer(SmallCard):
    """Yields the same memory again and again."""

    def __init__(self, load: Any, *, device: str, progress: Any) -> None:
        super().__init__(load, device=device, progress=progress)
        self._buffer = np.empty((2, 128, 512, 3), np.uint8)

    def step(self, *args: Any) -> Iterator[Pixels]:
        for piece in super().step(*args):
            if len(piece):
                self._buffer[:] = piece
                yield self._buffer


class Dissolving(SmallCard):
    """Leads over from the very picture it gave away when the prompt changes."""

    @dataclass
    class State(CardState):
        shown: Pixels | None = None
        key: int | None = None

    def open(self, seed: int) -> State:
        return self.State()

    def step(self, state: State, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        for piece in super().step(state, params, prompt):
            if len(piece):
                if state.shown is not None and prompt.key != state.key:
                    piece[0] = piece[0] // 2 + state.shown // 2
                state.shown, state.key = piece[-1], prompt.key
            yield piece


class ForgetfulMark(SmallCard):
    def rollback(self, state: CardState, mark: int) -> None:
        state.frame = max(0, state.frame - self.chunk_frames)


class Untidy(SmallCard):
    """Rolls back chunks, but not one that was abandoned."""

    @dataclass(slots=True)
    class State(CardState):
        busy: bool = False

    def open(self, seed: int) -> CardState:
        return self.State()

    def step(self, state: Any, *args: Any) -> Iterator[Pixels]:
        stain = state.busy
        state.busy = True
        for piece in super().step(state, *args):
            yield piece + np.uint8(stain)
        state.busy = False


class Amnesiac(SmallCard):
    def load(self, dumped: bytes) -> CardState:
        super().load(dumped)
        return CardState(0)


class Credulous(SmallCard):
    def load(self, dumped: bytes) -> CardState:
        return super().load(dumped) if len(dumped) == 16 else CardState(0)


class Crashing(SmallCard):
    def load(self, dumped: bytes) -> CardState:
        if len(dumped) != 16:
            raise KeyError("frame")
        return super().load(dumped)


class Growing(SmallCard):
    def step(self, state: CardState, *args: Any) -> Iterator[Pixels]:
        fresh = mmap.mmap(-1, 2**20)  # never memory that an earlier test has given back
        fresh.write(b"\1" * 2**20)
        self._kept = [*getattr(self, "_kept", []), fresh]
        return super().step(state, *args)


class Swelling(SmallCard):
    def dump(self, state: CardState) -> bytes:
        return super().dump(state) + b"\0" * state.frame


class Immortal(SmallCard):
    alive: ClassVar[list[Any]] = []

    def __init__(self, load: Any, *, device: str, progress: Any) -> None:
        super().__init__(load, device=device, progress=progress)
        self.alive.append(self)


FAULTS: list[tuple[type[TestCard], str]] = [
    (Nameless, "test_describes_itself_as_json"),
    (Demanding, "test_describes_itself_as_json"),
    (Grabbing, "test_describes_itself_as_json"),
    (Lax, "test_refuses_parameters_it_does_not_have"),
    (Wrong16Bit, "test_yields_pictures_of_the_format_it_states"),
    (TooLong, "test_yields_pictures_of_the_format_it_states"),
    (Silent, "test_yields_pictures_of_the_format_it_states"),
    (OddSized, "test_yields_pictures_of_the_format_it_states"),
    (BackwardProgress, "test_reports_its_progress_while_loading"),
    (Random, "test_the_same_seed_gives_the_same_pictures"),
    (Deaf, "test_another_prompt_gives_other_pictures"),
    (Snapless, "test_a_transition_leads_from_one_prompt_to_the_other"),
    (Shared, "test_two_interleaved_streams_equal_two_separate_ones"),
    (SharedInStep, "test_two_streams_inside_their_steps_do_not_meet"),
    (Traces, "test_a_reset_equals_a_fresh_stream"),
    (OneBuffer, "test_the_pictures_belong_to_the_caller"),
    (Dissolving, "test_the_pictures_belong_to_the_caller"),
    (ForgetfulMark, "test_rolls_back_to_each_of_its_last_two_marks"),
    (Untidy, "test_rolls_back_a_chunk_that_was_abandoned"),
    (Amnesiac, "test_goes_on_bit_for_bit_from_a_dump"),
    (Credulous, "test_refuses_bytes_that_are_no_dump"),
    (Crashing, "test_refuses_bytes_that_are_no_dump"),
    (Growing, "test_its_memory_stays_flat"),
    (Swelling, "test_its_memory_stays_flat"),
    (Immortal, "test_closing_frees_it"),
]


@pytest.mark.parametrize("promise", promises())
def test_a_sound_pipeline_keeps_every_promise(promise: str) -> None:
    getattr(contract_of(SmallCard), promise)()


@pytest.mark.parametrize(
    ("kind", "promise"), FAULTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_faulty_pipeline_is_found_out(kind: type[TestCard], promise: str) -> None:
    broken: Callable[[], None] = getattr(contract_of(kind), promise)
    with pytest.raises((AssertionError, KeyError)):
        broken()


def test_no_promise_is_without_a_fault_that_breaks_it() -> None:
    assert {promise for _, promise in FAULTS} == set(promises())


def test_what_is_fixed_when_loading_may_not_be_asked_for_without_a_default() -> None:
    class Needy(LoadParams):
        path: str

    class Kind(SmallCard):
        LoadParams = Needy

    with pytest.raises(AssertionError, match="needs a default"):
        contract_of(Kind).test_describes_itself_as_json()
