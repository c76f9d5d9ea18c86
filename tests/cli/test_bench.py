"""Measuring from the terminal, against real servers."""

import pytest

from tests.cli.conftest import Aside, Run


def test_a_running_server_is_measured_in_words_and_as_json(run: Run) -> None:
    words = run("bench", "--seconds", "2").stdout
    assert "testcard 512×128" in words
    assert "prompt to picture" in words
    told = run("bench", "--seconds", "3", "--json")
    assert told["pipeline_id"] == "testcard"
    assert told["flow"]["fps"] > 0
    assert told["prompts"]["p95_ms"] >= told["prompts"]["p50_ms"] > 0
    assert told["chunks"]["p50_ms"] is not None


def test_a_pipeline_is_measured_in_a_server_of_its_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOPE_URL", "http://127.0.0.1:1")
    line = ("bench", "--pipeline", "testcard", "--size", "640x128", "--seconds", "2", "--json")
    told = run(*line)
    assert (told["width"], told["height"]) == (640, 128)
    assert told["flow"]["pictures"] > 5


def test_what_makes_no_sense_is_a_usage_error(run: Run) -> None:
    assert "need --pipeline" in run("bench", "--size", "256x128", code=2).stderr
    assert "Did you mean" in run("bench", "--pipeline", "testcart", code=2).stderr
    assert "exclude each other" in run("loadtest", "--own", "--session", "x", code=2).stderr


def test_no_server_and_nothing_loaded_have_codes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPE_URL", "http://127.0.0.1:1")
    assert "Start one with" in run("bench", code=3).stderr
    assert "Start one with" in run("loadtest", code=3).stderr


def test_viewers_watch_what_plays_or_what_is_begun_for_them(run: Run, aside: Aside) -> None:
    seen = run("loadtest", "--viewers", "3", "--seconds", "1", "--json")
    assert [each["number"] for each in seen] == [1, 2, 3]
    assert all(each["flow"]["pictures"] > 3 and each["error"] is None for each in seen)
    assert run("status", "--json")["sessions"] == {}
    playing = aside.play()
    assert "WORST GAP" in run("loadtest", "--viewers", "2", "--seconds", "1").stdout
    assert list(run("status", "--json")["sessions"]) == [playing]
    aside.stop_playing()


def test_a_full_server_is_busy_and_says_to_whom(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    full = Aside(max_sessions=1)
    monkeypatch.setenv("SCOPE_URL", full.url)
    result = run("loadtest", "--own", "--viewers", "2", "--seconds", "1", code=4)
    assert "VIEWER" in result.stdout
    assert len([row for row in result.stdout.splitlines() if "session" in row.lower()]) == 1
    full.end()
