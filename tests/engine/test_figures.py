from hypothesis import given
from hypothesis import strategies as st

from scope.engine.figures import WINDOW, ChunkTimes


def test_before_the_first_chunk_the_nominal_time_stands() -> None:
    times = ChunkTimes(0.25)
    assert times.p95_s == times.median_s == 0.25


def test_a_single_outlier_among_many_does_not_count() -> None:
    times = ChunkTimes(0.2)
    for _ in range(40):
        times.add(0.2)
    times.add(9.0)
    assert times.p95_s == 0.2


def test_a_slower_device_is_noticed_within_a_few_chunks() -> None:
    times = ChunkTimes(0.2)
    for _ in range(60):
        times.add(0.2)
    for _ in range(4):
        times.add(0.5)
    assert times.p95_s == 0.5
    assert times.median_s == 0.2


@given(st.lists(st.floats(0.001, 10), min_size=1, max_size=200))
def test_nine_of_ten_remembered_chunks_stay_within_p95(seconds: list[float]) -> None:
    times = ChunkTimes(seconds[0])
    for each in seconds:
        times.add(each)
    recent = ([seconds[0], *seconds])[-WINDOW:]
    assert sum(each <= times.p95_s for each in recent) >= 0.95 * len(recent)
    assert min(recent) <= times.median_s <= max(recent)
