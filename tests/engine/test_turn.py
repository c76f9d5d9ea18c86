from hypothesis import given
from hypothesis import strategies as st

from scope.engine.turn import MARGIN_S, Contender, Turn, buffer_bound_s, lead_s, leads_s, pick

contenders = st.lists(
    st.builds(
        Contender,
        stream_id=st.uuids().map(str),
        chunk_s=st.floats(0.001, 10),
        dry_at_s=st.none() | st.floats(0, 100),
        has_room=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda contender: contender.stream_id,
)


def test_the_lead_covers_the_own_chunk_the_longest_other_one_and_a_margin() -> None:
    assert lead_s(0.25, [0.3, 0.1], margin_s=0.05) == 0.25 + 0.3 + 0.05
    assert lead_s(0.25, [], margin_s=0.05) == 0.25 + 0.05
    assert buffer_bound_s(0.6, 0.4) == 1.0


def test_the_earliest_deadline_goes_first() -> None:
    a, b = Contender("a", 0.1, 10.2), Contender("b", 0.1, 10.1)
    assert pick([a, b], now_s=10.0) == Turn("b")


def test_a_stream_at_its_lead_waits_and_the_worker_sleeps_until_it_is_below() -> None:
    turn = pick([Contender("a", 0.1, 11.0)], now_s=10.0)
    assert turn == Turn(None, 11.0 - 0.1 - MARGIN_S)
    assert turn.wake_s is not None
    assert pick([Contender("a", 0.1, 11.0)], now_s=turn.wake_s) == Turn("a")


def test_a_full_buffer_is_not_served_and_not_waited_for() -> None:
    assert pick([Contender("a", 0.1, 0.0, has_room=False)], now_s=10.0) == Turn()


def test_a_first_chunk_is_made_only_when_nobody_else_is_below_his_lead() -> None:
    waiting = Contender("new", 0.3, None)
    assert pick([waiting, Contender("a", 0.1, 10.0)], now_s=10.0) == Turn("a")
    assert pick([waiting, Contender("a", 0.1, 20.0)], now_s=10.0) == Turn("new")


def test_a_stream_that_waits_for_its_first_chunk_lengthens_the_leads_of_the_others() -> None:
    playing = Contender("a", 0.1, 10.4)
    assert pick([playing], now_s=10.0).stream_id is None
    assert pick([playing, Contender("new", 0.5, None)], now_s=10.0) == Turn("a")


@given(contenders, st.floats(0, 100))
def test_whoever_is_picked_has_room_and_nobody_with_an_earlier_deadline_is_passed_over(
    everyone: list[Contender], now_s: float
) -> None:
    turn = pick(everyone, now_s=now_s)
    leads = leads_s(everyone)
    below = [
        c
        for c in everyone
        if c.has_room and c.dry_at_s is not None and c.dry_at_s - leads[c.stream_id] <= now_s
    ]
    if turn.stream_id is None:
        assert not below
        assert turn.wake_s is None or turn.wake_s > now_s
    else:
        picked = next(c for c in everyone if c.stream_id == turn.stream_id)
        assert picked.has_room
        if below:
            assert picked in below
            assert picked.dry_at_s == min(c.dry_at_s for c in below if c.dry_at_s is not None)


@given(contenders)
def test_every_lead_covers_any_other_stream(everyone: list[Contender]) -> None:
    leads = leads_s(everyone)
    for one in everyone:
        for other in everyone:
            if one is not other:
                assert leads[one.stream_id] >= one.chunk_s + other.chunk_s + MARGIN_S
