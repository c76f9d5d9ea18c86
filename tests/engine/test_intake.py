from collections.abc import Iterable
from typing import Any

import pytest

from scope.control import (
    ControlUpdate,
    PromptItem,
    PromptMix,
    PromptSchedule,
    TimedUpdate,
    Transition,
)
from scope.engine.control import Control
from scope.engine.control_mailbox import Merged
from scope.engine.intake import Intake
from scope.engine.script import Script
from scope.errors import InvalidParameters
from scope.events import PROMPT_CUT, EngineEvent, ErrorInfo, StreamWarning, UpdateRejected
from scope.pipelines.contract import Params


class Gain(Params):
    gain: int = 0


class Texts:
    """Texts that are ready when the test says so."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.failed: dict[str, ErrorInfo] = {}
        self.wanted: tuple[str, ...] = ()
        self.forgotten = 0

    def ready(self, texts: Iterable[str]) -> bool:
        return set(texts) <= self.known | set(self.failed)

    def failure(self, texts: Iterable[str]) -> ErrorInfo | None:
        return next((self.failed[text] for text in texts if text in self.failed), None)

    def unused(self, text: str) -> str:
        return text[8:]

    def want(self, stream_id: str, texts: Iterable[str]) -> None:
        self.wanted = tuple(text for text in dict.fromkeys(texts) if not self.ready([text]))

    def forget(self, stream_id: str) -> None:
        self.forgotten += 1


CONTROL = Control(Gain())


def mix(*texts: str) -> PromptMix:
    return PromptMix(tuple(PromptItem(text) for text in texts))


def says(revision: int, text: str, **changes: Any) -> ControlUpdate:
    return ControlUpdate(revision, prompts=mix(text), changes=changes)


class Bench:
    def __init__(self) -> None:
        self.texts: Any = Texts()
        self.told: list[EngineEvent] = []
        self.intake = Intake(
            stream_id="a", control=CONTROL, texts=self.texts, tell=self.told.append
        )

    def take(self, chunk: int = 0) -> Merged | None:
        return self.intake.take(chunk=chunk, first_index=4 * chunk, before=CONTROL)

    def revisions(self) -> tuple[int, ...]:
        taken = self.take()
        return taken.revisions if taken else ()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_update_waits_for_its_words_and_all_that_came_after_it_too(bench: Bench) -> None:
    bench.intake.put(ControlUpdate(1, changes={"gain": 1}))
    bench.intake.put(says(2, "slow"))
    bench.intake.put(ControlUpdate(3, changes={"gain": 3}))
    assert bench.texts.wanted == ("slow",)
    assert bench.revisions() == (1,)
    assert bench.revisions() == ()
    bench.texts.known.add("slow")
    assert bench.revisions() == (2, 3)


def test_it_is_known_whether_anything_waits_for_its_words(bench: Bench) -> None:
    assert bench.intake.words_ready()
    bench.intake.put(says(1, "slow"))
    assert not bench.intake.words_ready()
    bench.texts.known.add("slow")
    assert bench.intake.words_ready()


@pytest.mark.parametrize("first_ready", ["slow", "quick"])
def test_the_later_prompt_wins_whichever_is_ready_first(bench: Bench, first_ready: str) -> None:
    bench.intake.put(says(1, "slow"))
    bench.intake.put(says(2, "quick"))
    bench.texts.known.add(first_ready)
    first = bench.take()
    bench.texts.known |= {"slow", "quick"}
    second = bench.take()
    last = second or first
    assert last
    assert last.update.prompts == mix("quick")
    assert [each.revisions for each in (first, second) if each] == (
        [(1,), (2,)] if first_ready == "slow" else [(1, 2)]
    )


def test_what_is_waited_for_does_not_change_while_somebody_types(bench: Bench) -> None:
    for revision, text in enumerate(("a", "ab", "abc", "abcd"), 1):
        bench.intake.put(says(revision, text))
        assert bench.texts.wanted[0] == "a"
    assert bench.texts.wanted == ("a", "abcd")
    bench.texts.known.add("a")
    assert bench.revisions() == (1,)
    bench.intake.put(says(5, "abcde"))
    assert bench.texts.wanted == ("abcd", "abcde")
    bench.texts.known.add("abcde")
    assert bench.revisions() == (2, 3, 4, 5)


def test_both_sides_of_a_glide_are_words(bench: Bench) -> None:
    bench.intake.put(ControlUpdate(1, prompts=mix("a"), transition=Transition(mix("b", "c"))))
    assert bench.texts.wanted == ("a", "b", "c")


def test_the_first_chunk_waits_for_the_words_in_force(bench: Bench) -> None:
    fresh = Control(Gain(), schedule=PromptSchedule().with_prompts(mix("dust")))
    assert not bench.intake.ready(chunk=0, first_index=0, first=fresh)
    assert bench.texts.wanted == ("dust",)
    bench.intake.put(says(1, "a"))
    assert bench.texts.wanted == ("dust", "a")
    bench.texts.known.add("dust")
    assert bench.intake.ready(chunk=0, first_index=0, first=fresh)
    assert bench.intake.ready(chunk=1, first_index=4, first=None)


def test_without_a_prompt_the_empty_text_is_waited_for(bench: Bench) -> None:
    assert not bench.intake.ready(chunk=0, first_index=0, first=Control(Gain()))
    assert bench.texts.wanted == ("",)


def test_a_chunk_with_something_written_for_it_waits_for_its_words(bench: Bench) -> None:
    bench.intake.script = Script([TimedUpdate(says(0, "written"), chunk=2)])
    assert bench.intake.ready(chunk=1, first_index=4, first=None)
    assert not bench.intake.ready(chunk=2, first_index=8, first=None)
    assert bench.texts.wanted == ("written",)
    bench.texts.known.add("written")
    taken = bench.take(2)
    assert taken
    assert taken.scripted == 1


def test_words_that_can_not_be_had_cost_their_update_and_nothing_else(bench: Bench) -> None:
    info = ErrorInfo("generation_failed", "no words")
    bench.intake.put(says(1, "bad", gain=5))
    bench.texts.failed["bad"] = info
    bench.intake.put(ControlUpdate(2, changes={"gain": 6}))
    assert bench.take() is None
    assert bench.told == [UpdateRejected("a", 1, info), UpdateRejected("a", 2, info)]
    bench.intake.put(ControlUpdate(3))
    assert bench.revisions() == (3,)


def test_a_bad_update_is_refused_alone(bench: Bench) -> None:
    with pytest.raises(InvalidParameters):
        bench.intake.put(ControlUpdate(1, changes={"gain": "x"}))
    assert bench.take() is None


def test_what_is_put_back_is_taken_again_before_what_came_since(bench: Bench) -> None:
    bench.texts.known |= {"a", "b"}
    bench.intake.put(says(1, "a"))
    taken = bench.take()
    bench.intake.put(says(2, "slow"))
    bench.intake.put_back(taken)
    bench.intake.put_back(None)
    assert bench.revisions() == (1,)


def test_another_stream_takes_over_what_waited(bench: Bench) -> None:
    bench.intake.script = Script(
        [TimedUpdate(ControlUpdate(0, reset=True), chunk=n) for n in (0, 3)]
    )
    bench.intake.put(ControlUpdate(1, changes={"gain": 1}))
    taken = bench.take()
    bench.intake.put(says(2, "slow"))
    other = Bench()
    other.intake.go_on(bench.intake.waiting(taken), bench.intake.rest_of_script(taken))
    again = other.take()
    assert again == taken
    assert other.intake.paused(False) is False
    other.texts.known.add("slow")
    assert other.revisions() == (2,)
    assert bench.intake.waiting(None)[0].revisions == (2,)


def test_a_closed_intake_wants_nothing(bench: Bench) -> None:
    bench.intake.close()
    assert bench.texts.forgotten == 1


def test_a_prompt_that_is_too_long_is_told_once_and_used_all_the_same(bench: Bench) -> None:
    long = "as far as this, and " + "on " * 100
    bench.texts.known |= {long, "short"}
    fresh = Control(Gain(), schedule=PromptSchedule().with_prompts(mix(long)))
    assert bench.intake.ready(chunk=0, first_index=0, first=fresh)
    bench.intake.put(says(1, long))
    assert bench.revisions() == (1,)
    (warning,) = bench.told
    assert isinstance(warning, StreamWarning)
    assert (warning.error.code, warning.error.field) == (PROMPT_CUT, "prompts")
    assert len(warning.error.detail) < 200
    bench.intake.put(says(2, long))
    bench.intake.put(says(3, "short"))
    assert bench.revisions() == (2, 3)
    assert len(bench.told) == 1
