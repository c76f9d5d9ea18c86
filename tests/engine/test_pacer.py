import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.engine.pacer import Due, Pacer


def run(pacer: Pacer, arrivals_s: list[float], chunk_frames: int = 4) -> list[Due]:
    """Frames taken one after the other, each as soon as it is there and the last was shown."""
    dues: list[Due] = []
    for index, arrived_s in enumerate(arrivals_s):
        now = max(arrived_s, dues[-1].due_s if dues else 0.0)
        dues.append(
            pacer.due(index=index, chunk=index // chunk_frames, arrived_s=arrived_s, now=now)
        )
    return dues


def started(*, fps: float = 10, chunk_frames: int = 4, chunk_s: float = 0.1) -> Pacer:
    pacer = Pacer(fps=fps, chunk_frames=chunk_frames)
    pacer.restart(chunk_s=chunk_s)
    return pacer


def test_a_frame_is_due_one_period_after_the_one_before() -> None:
    dues = run(started(), [5.0] * 8)
    assert [due.due_s for due in dues] == pytest.approx([5 + n / 10 for n in range(8)])
    assert [due.pts for due in dues] == [n * 9000 for n in range(8)]
    assert [due.moved for due in dues] == [True] + [False] * 7


def test_the_start_is_held_back_by_what_the_next_chunk_takes_longer_than_this_one_plays() -> None:
    assert run(started(chunk_s=1.0), [5.0])[0].due_s == pytest.approx(5.0 + 1.0 - 0.4)
    assert run(started(chunk_s=0.3), [5.0])[0].due_s == 5.0


def test_a_late_frame_moves_all_after_it() -> None:
    dues = run(started(), [0.0] * 4 + [0.55] * 4)
    assert dues[4].due_s == 0.55
    assert dues[4].moved
    gaps = [b.due_s - a.due_s for a, b in itertools.pairwise(dues[4:])]
    assert min(gaps) >= 0.1


def test_the_pts_follows_the_wall_clock_over_a_gap() -> None:
    dues = run(started(), [0.0] * 4 + [3.0] * 4)
    assert dues[4].pts == 270_000


def test_after_a_pause_the_pts_jumps_and_playback_begins_anew() -> None:
    pacer = started()
    before = run(pacer, [0.0] * 4)
    pacer.restart(chunk_s=0.1)
    assert pacer.playhead(7.0).due_s == 7.0
    assert pacer.playhead(7.0).index == 4
    after = pacer.due(index=4, chunk=1, arrived_s=0.2, now=7.0)
    assert after.due_s == 7.0
    assert after.pts == 630_000 > before[-1].pts
    assert pacer.period_s == pytest.approx(0.1)


def test_a_player_that_was_held_up_does_not_send_a_bunch() -> None:
    pacer = started()
    run(pacer, [0.0] * 2)
    late = pacer.due(index=2, chunk=0, arrived_s=0.0, now=5.0)
    assert late.due_s == 5.0
    assert late.moved


def test_a_little_lateness_of_the_player_is_not_handed_on() -> None:
    pacer = started()
    run(pacer, [0.0] * 2)
    assert pacer.due(index=2, chunk=0, arrived_s=0.0, now=0.25).due_s == pytest.approx(0.2)


def test_the_playhead_says_where_every_later_frame_is_due() -> None:
    pacer = started()
    assert pacer.playhead(1.0).dry_at_s(0) == 1.0
    dues = run(pacer, [2.0] * 3)
    assert pacer.playhead(2.2).dry_at_s(3) == pytest.approx(dues[-1].due_s + 0.1)


def test_in_slow_motion_a_chunk_lasts_until_the_next() -> None:
    arrivals = [n // 4 * 0.8 for n in range(80)]
    dues = run(started(chunk_s=0.8), arrivals)
    gaps = [b.due_s - a.due_s for a, b in itertools.pairwise(dues[8:])]
    assert gaps == pytest.approx([0.2] * len(gaps), rel=0.05)


@given(
    st.lists(st.floats(0, 2), min_size=1, max_size=60),
    st.floats(1, 120),
    st.floats(0.001, 3),
    st.integers(1, 16),
)
def test_due_times_and_pts_rise_and_no_gap_is_shorter_than_the_nominal_period(
    waits_s: list[float], fps: float, chunk_s: float, chunk_frames: int
) -> None:
    pacer = started(fps=fps, chunk_frames=chunk_frames, chunk_s=chunk_s)
    arrivals = [at for at in itertools.accumulate(waits_s) for _ in range(chunk_frames)]
    dues = run(pacer, arrivals, chunk_frames)
    for arrived_s, due in zip(arrivals, dues, strict=True):
        assert due.due_s >= arrived_s
        assert abs(due.pts / 90_000 - (due.due_s - dues[0].due_s)) <= 1e-4
    for a, b in itertools.pairwise(dues):
        assert b.pts > a.pts
        assert b.due_s - a.due_s >= 1 / fps - 1e-9


@given(st.lists(st.floats(0, 0.05), min_size=20, max_size=60))
def test_without_a_late_frame_the_rate_is_nominal(early_s: list[float]) -> None:
    chunk_s = 0.4
    arrivals = [
        max(0.0, n * chunk_s - 0.05 - early) for n, early in enumerate(early_s) for _ in range(4)
    ]
    dues = run(started(), arrivals)
    gaps = [b.due_s - a.due_s for a, b in itertools.pairwise(dues)]
    assert gaps == pytest.approx([0.1] * len(gaps))
