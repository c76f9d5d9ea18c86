"""key=value, as typed."""

import pytest
import typer

from scope.cli.pairs import pairs_of


def test_values_are_json_or_words() -> None:
    pairs = ("a=1", "b=true", "c=word", "d=[1,2]", "e=x=y", 'f="1"')
    assert pairs_of(pairs, option="set") == {
        "a": 1,
        "b": True,
        "c": "word",
        "d": [1, 2],
        "e": "x=y",
        "f": "1",
    }


@pytest.mark.parametrize("word", ["width", "=1", ""])
def test_anything_else_is_a_usage_error(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        pairs_of([word], option="--load-param")
    assert left.value.exit_code == 2
    assert "--load-param takes key=value" in capsys.readouterr().err
