"""The self-test: it tries, remembers, and survives a cache that cannot be used."""

import json
import time

import pytest

from scope.pipelines.vista import threads
from scope.pipelines.vista.threads import choose_threads


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda pid: {0, 1, 2, 3}, raising=False)


def opener(monkeypatch, seconds: dict[int, float], opened: list[int]):
    """Runs that take as long as said, on a clock that only they move."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def open_run(count: int):
        opened.append(count)

        def run() -> None:
            now[0] += seconds[count]

        return run

    return open_run


def test_the_fastest_count_is_chosen_and_remembered(monkeypatch, tmp_path, four_cores):
    cache, opened = tmp_path / "deep" / "threads.json", []
    run = opener(monkeypatch, {1: 1.0, 2: 0.6, 3: 0.58, 4: 0.9}, opened)
    assert choose_threads(run, key="model", cache=cache) == 2
    assert opened == [1, 2, 3, 4]
    assert choose_threads(run, key="model", cache=cache) == 2
    assert opened == [1, 2, 3, 4]
    assert json.loads(cache.read_text()) == {"model/4": 2}


@pytest.mark.parametrize("content", ["", "[]", '{"model/4": 900}', '{"model/4": "x"}'])
def test_a_spoilt_cache_is_as_good_as_none(monkeypatch, tmp_path, four_cores, content):
    cache = tmp_path / "threads.json"
    cache.write_text(content)
    run = opener(monkeypatch, dict.fromkeys(range(1, 5), 1.0), [])
    assert choose_threads(run, key="model", cache=cache) == 1


def test_a_cache_that_cannot_be_written_changes_nothing(monkeypatch, tmp_path, four_cores):
    (tmp_path / "file").write_text("in the way")
    run = opener(monkeypatch, dict.fromkeys(range(1, 5), 1.0), [])
    assert choose_threads(run, key="model", cache=tmp_path / "file" / "x.json") == 1
