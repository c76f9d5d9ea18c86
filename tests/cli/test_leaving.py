"""Leaving with words and a code."""

import pytest
import typer

from scope.cli.leaving import EXIT_BUSY, fail


def test_the_words_go_to_stderr_and_the_code_to_the_shell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as left:
        fail("the device is taken", code=EXIT_BUSY)
    assert left.value.exit_code == EXIT_BUSY
    assert capsys.readouterr().err == "the device is taken\n"
