"""The self-test: it tries, remembers, distrusts wrong numbers and survives a spoilt cache."""

import json
import time

import numpy as np
import pytest

from scope.pipelines.vista import self_test
from scope.pipelines.vista.self_test import Setup, candidates, choose_setup


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.setattr(self_test.os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(self_test, "_processor", lambda: "cpu")


class Machine:
    """Parts that take as long as said, on a clock that only they move; the second one is done
    `often`, takes 1 s with one thread and less with more.
    """

    def __init__(self, monkeypatch, seconds, error=0.0, often=0):
        self.seconds, self.error, self.often = seconds, error, often
        self.other = lambda setup: 1 / setup.threads
        self.opened: list[Setup] = []
        self.now = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def __call__(self, setup: Setup):
        self.opened.append(setup)

        def run():
            self.now += self.seconds(setup)
            wrong = self.error if setup.precision == "int8" else 0.0
            return np.full(4, 1.0 + wrong, np.float32)

        def other():
            self.now += self.other(setup)

        return (run, 1), (other, self.often)

    @property
    def round(self) -> int:
        """How often the setup opened last has been opened."""
        return self.opened.count(self.opened[-1])


def by_threads(setup: Setup) -> float:
    return {1: 1.0, 2: 0.6, 3: 0.58, 4: 0.9}[setup.threads]


def test_the_fastest_count_is_chosen_and_remembered(monkeypatch, tmp_path):
    cache, machine = tmp_path / "deep" / "setup.json", Machine(monkeypatch, by_threads)
    tried = candidates(("f32",))
    assert choose_setup(machine, tried, key="model", cache=cache) == Setup(2, "f32")
    assert [setup.threads for setup in machine.opened] == [1, 2, 3, 4] * self_test.ROUNDS
    assert choose_setup(machine, tried, key="model", cache=cache) == Setup(2, "f32")
    assert len(machine.opened) == 4 * self_test.ROUNDS
    assert json.loads(cache.read_text()) == {"model/cpu/4/4": {"threads": 2, "precision": "f32"}}


@pytest.mark.parametrize(
    ("share", "error", "chosen"),
    [(0.5, 0.01, "int8"), (0.97, 0.01, "f32"), (0.5, 0.2, "f32")],
    ids=["faster", "hardly faster", "wrong"],
)
def test_eight_bits_are_used_when_faster_and_right(monkeypatch, tmp_path, share, error, chosen):
    machine = Machine(monkeypatch, lambda s: share if s.precision == "int8" else 1.0, error)
    tried = candidates(("f32", "int8"), threads=2)
    found = choose_setup(machine, tried, key="model", cache=tmp_path / "setup.json")
    assert found == Setup(2, chosen)


def test_a_busy_moment_decides_nothing(monkeypatch, tmp_path):
    machine = Machine(monkeypatch, lambda s: 9.0 if len(machine.opened) == 2 else by_threads(s))
    found = choose_setup(machine, candidates(("f32",)), key="model", cache=tmp_path / "x")
    assert found == Setup(2, "f32")


def test_each_part_counts_as_in_its_quietest_round(monkeypatch, tmp_path):
    """The best setup is never left alone: first one of its parts is disturbed, then the other."""
    machine = Machine(monkeypatch, by_threads, often=5)
    machine.seconds = lambda s: 9.0 if s.threads == 3 and machine.round == 1 else by_threads(s)
    machine.other = lambda s: 9.0 if s.threads == 3 and machine.round > 1 else 1 / s.threads
    found = choose_setup(machine, candidates(("f32",)), key="model", cache=tmp_path / "x")
    assert found == Setup(3, "f32")


def test_nothing_is_measured_when_there_is_no_choice(monkeypatch, tmp_path):
    machine = Machine(monkeypatch, by_threads)
    tried = candidates(("int8",), threads=3)
    assert choose_setup(machine, tried, key="model", cache=tmp_path / "x") == Setup(3, "int8")
    assert machine.opened == []


@pytest.mark.parametrize(("often", "threads"), [(0, 2), (5, 3)])
def test_what_a_chunk_does_more_often_counts_for_more(monkeypatch, tmp_path, often, threads):
    machine = Machine(monkeypatch, by_threads, often=often)
    found = choose_setup(machine, candidates(("f32",)), key="model", cache=tmp_path / "x")
    assert found == Setup(threads, "f32")


def test_another_kind_of_processor_in_the_same_home_is_tried_itself(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(self_test, "CPUINFO", tmp_path / "cpuinfo")
    opened = []
    for number, (kind, megahertz) in enumerate((("one", 800), ("two", 800), ("one", 3000))):
        first = f"processor\t: 0\nmodel name\t: a\nflags\t: {kind}\ncpu MHz\t: {megahertz}\n"
        (tmp_path / "cpuinfo").write_text(f"{first}\nprocessor\t: 1\nflags\t: {number}\n")
        machine = Machine(monkeypatch, lambda setup: 1.0)
        tried = [Setup(1, "f32"), Setup(2, "f32")]
        choose_setup(machine, tried, key="model", cache=tmp_path / "setup.json")
        opened.append(bool(machine.opened))
    assert opened == [True, True, False]


def test_a_machine_that_does_not_describe_its_processor_remembers_too(monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(self_test, "CPUINFO", tmp_path / "nothing")
    for _ in range(2):
        machine = Machine(monkeypatch, lambda setup: 1.0)
        tried = [Setup(1, "f32"), Setup(2, "f32")]
        choose_setup(machine, tried, key="model", cache=tmp_path / "setup.json")
    assert machine.opened == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"model/cpu/4/4": 2}', '{"model/cpu/4/4": {"threads": 900, "precision": "f32"}}',
     '{"model/cpu/4/4": {"threads": 1, "precision": "f8"}}'],
)  # fmt: skip
def test_a_spoilt_cache_is_as_good_as_none(monkeypatch, tmp_path, content):
    cache = tmp_path / "setup.json"
    cache.write_text(content)
    machine = Machine(monkeypatch, lambda setup: 1.0)
    tried = candidates(("f32",))
    assert choose_setup(machine, tried, key="model", cache=cache) == Setup(1, "f32")
    assert len(machine.opened) == 4 * self_test.ROUNDS


def test_a_cache_that_cannot_be_written_changes_nothing(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    machine = Machine(monkeypatch, lambda setup: 1.0)
    found = choose_setup(machine, candidates(("f32",)), key="m", cache=tmp_path / "file" / "x")
    assert found == Setup(1, "f32")
