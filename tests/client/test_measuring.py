"""Sums over what a client sees, and a stream that is measured."""

import math

import pytest

from scope.client import measuring
from scope.client.api import Client
from scope.client.measuring import Spread, flow_of, measure, spread_of

pytestmark = pytest.mark.anyio


def test_nothing_and_one_picture_have_no_rate() -> None:
    assert spread_of([]) == Spread()
    assert flow_of([]).fps is None
    assert flow_of([3.0]) == flow_of([5.0])
    assert flow_of([3.0]).pictures == 1


def test_rate_and_gaps_of_even_pictures_and_one_that_is_late() -> None:
    even = flow_of([number / 10 for number in range(21)])
    assert even.fps == 10
    assert even.gaps == Spread(100, 100, 100)
    late = flow_of([0.0, 0.1, 0.2, 0.7])
    assert late.gaps.p50_ms == 100
    assert late.gaps.worst_ms == 500
    assert late.fps is not None
    assert math.isclose(late.fps, 3 / 0.7, abs_tol=0.01)


async def test_a_stream_is_measured_from_its_first_picture_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "PROMPT_EVERY_S", 0.3)
    told: list[float] = []
    measured = await measure(client, seconds=4.5, told=told.append)
    assert (measured.pipeline_id, measured.width, measured.height) == ("testcard", 512, 128)
    assert measured.flow.fps is not None
    assert 0 < measured.flow.fps < 1.2 * measured.nominal_fps
    assert measured.prompts_sent >= 2
    assert measured.prompts.p50_ms is not None
    assert measured.chunks.p95_ms is not None
    assert measured.first_picture_ms > 0
    assert told[-1] == 4.5
    assert not await client.sessions()
