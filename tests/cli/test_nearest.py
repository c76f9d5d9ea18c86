"""A mistyped name is answered with the nearest."""

from scope.cli.nearest import unknown


def test_the_nearest_name_is_offered() -> None:
    words = unknown("pipeline", "longlve", ["vista", "longlive"])
    assert words == "There is no pipeline 'longlve'. Did you mean 'longlive'?"


def test_without_a_near_one_all_are_listed() -> None:
    assert unknown("pipeline", "zzz", ["b", "a"]) == "There is no pipeline 'zzz'. Known: a, b."
    assert unknown("pipeline", "zzz", []).endswith("Known: none.")
