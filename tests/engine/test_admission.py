from hypothesis import given
from hypothesis import strategies as st

from scope.engine.admission import Demand, refusal

demands = st.builds(
    Demand,
    chunk_s=st.floats(0.001, 5),
    duration_s=st.floats(0.05, 5),
    lead_room_s=st.floats(0.1, 10),
)


def test_the_first_stream_is_admitted_however_slow() -> None:
    assert refusal([], Demand(100.0, 0.25, 0.1)) is None


def test_further_streams_are_admitted_while_the_device_keeps_time_to_itself() -> None:
    third = Demand(0.1, 0.25, 1.0)
    assert refusal([third], third) is None
    why = refusal([third, third], third)
    assert why
    assert "120% of the device" in why


def test_a_stream_whose_lead_no_buffer_can_hold_is_refused() -> None:
    long, short = Demand(1.0, 10.0, 5.0), Demand(0.01, 1.0, 0.5)
    why = refusal([short], long)
    assert why
    assert "1.06 s ahead" in why
    assert refusal([short], Demand(0.4, 10.0, 5.0)) is None


@given(st.lists(demands, min_size=1, max_size=6), demands)
def test_the_admitted_never_ask_for_more_than_the_limit(live: list[Demand], new: Demand) -> None:
    if refusal(live, new, max_load=0.85) is None:
        assert sum(each.load for each in [*live, new]) <= 0.85


@given(st.lists(demands, min_size=1, max_size=6), demands)
def test_who_is_refused_on_a_busy_device_is_refused_on_a_busier_one(
    live: list[Demand], new: Demand
) -> None:
    if refusal(live, new) is not None:
        assert refusal([*live, live[0]], new) is not None
