"""Tables, JSON, the line that moves."""

import json

import pytest

from scope.cli.showing import MovingLine, bar_of, show_json, show_table, size_of


def test_columns_stand_under_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    show_table([("A", "LONG"), ("wide one", "x")])
    assert capsys.readouterr().out == "A         LONG\nwide one  x\n"


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"a": "é"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"a": "é"}
    assert "é" in text


def test_elsewhere_than_on_a_terminal_each_stage_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = MovingLine()
    for words in ("Downloading 1 of 3 MB", "Downloading 2 of 3 MB", "Checking a"):
        line.show(words, fraction=0.5)
    line.end()
    told = capsys.readouterr()
    assert told.err == "Downloading 1 of 3 MB\nChecking a\n"
    assert not told.out


def test_on_a_terminal_the_line_is_written_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    line = MovingLine()
    line.show("Downloading", fraction=0.5)
    line.end()
    told = capsys.readouterr().err
    assert "50% Downloading" in told
    assert "\n" not in told


def test_a_bar_is_never_over_full() -> None:
    assert bar_of(0).startswith("░")
    assert bar_of(1).startswith("█" * 24)
    assert bar_of(2).count("█") == 24


def test_sizes_are_said_in_the_unit_that_fits() -> None:
    assert (size_of(2_000_000), size_of(8_400_000_000)) == ("2 MB", "8.4 GB")
