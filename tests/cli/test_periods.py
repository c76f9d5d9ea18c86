"""How long, in people's words."""

from datetime import UTC, datetime

import pytest
import typer

from scope.cli.periods import period_s

NOW_S = datetime(2031, 5, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5_400),
        ("12h", 43_200),
        (" 30D ", 2_592_000),
        ("4w", 2_419_200),
        ("2031-05-02", 86_400),
        ("2031-05-01T01:00:00+01:00", 0.0),
        ("2031-05-01T02:00+01:00", 3_600),
    ],
)
def test_what_lies_ahead_is_counted_from_now(text: str, seconds: float) -> None:
    if seconds == 0:
        with pytest.raises(typer.Exit):
            period_s(text, option="--expires", now_s=NOW_S)
    else:
        assert period_s(text, option="--expires", now_s=NOW_S) == seconds


@pytest.mark.parametrize("text", ["", "soon", "5", "5y", "-5m", "0m", "2031-04-30", "9999-01-01"])
def test_anything_else_leaves_with_words(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        period_s(text, option="--expires", now_s=NOW_S)
    assert left.value.exit_code == 2
    assert "--expires" in capsys.readouterr().err
