import pytest

from scope.sessions.wishes import MOST_WAITING, RecordingWishes


@pytest.fixture
def acts() -> list[bool]:
    return []


def test_a_sure_wish_acts_at_once(acts: list[bool]) -> None:
    RecordingWishes(acts.append).wished(True, revision=1, sure=True)
    assert acts == [True]


def test_one_that_came_with_values_waits_until_they_are_taken(acts: list[bool]) -> None:
    wishes = RecordingWishes(acts.append)
    wishes.wished(True, revision=3, sure=False)
    wishes.taken(2)
    assert acts == []
    wishes.taken(3)
    wishes.taken(4)
    assert acts == [True]


def test_with_refused_values_nothing_happens_and_the_last_of_several_counts(
    acts: list[bool],
) -> None:
    wishes = RecordingWishes(acts.append)
    for revision, wanted in ((1, True), (2, False), (3, True)):
        wishes.wished(wanted, revision=revision, sure=False)
    wishes.refused(3)
    wishes.taken(3)
    assert acts == [False]


def test_few_wait(acts: list[bool]) -> None:
    wishes = RecordingWishes(acts.append)
    for revision in range(MOST_WAITING + 5):
        wishes.wished(revision < MOST_WAITING, revision=revision, sure=False)
    wishes.taken(MOST_WAITING + 5)
    assert acts == [True]
