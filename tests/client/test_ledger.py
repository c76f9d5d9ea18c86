"""What was asked for, and what has no answer yet."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scope.client.ledger import Ledger

FOX = [{"text": "fox", "weight": 1.0}]


def test_a_wish_outlives_its_message() -> None:
    ledger = Ledger({"manage_cache": True})
    first = ledger.enter({"prompts": FOX, "reset_cache": True, "noise_scale": 0.5})
    assert json.loads(ledger.text_of(first))["_id"] == first
    assert ledger.settle(first)
    assert not ledger.settle(first)
    assert ledger.wish == {"manage_cache": True, "noise_scale": 0.5, "prompts": FOX}


def test_a_glide_is_remembered_by_where_it_leads() -> None:
    ledger = Ledger()
    ledger.enter({"transition": {"target_prompts": FOX, "num_steps": 8}})
    assert ledger.wish == {"prompts": FOX}


def test_pauses_are_found() -> None:
    ledger = Ledger()
    pause = ledger.enter({"paused": True})
    ledger.enter({"paused": False})
    assert ledger.pauses() == [pause]
    assert ledger.wish == {"paused": False}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=20), st.data())
def test_what_is_open_is_what_was_not_settled_in_its_order(
    updates: list[tuple[str, int]], data: Any
) -> None:
    ledger = Ledger()
    ids = [ledger.enter({key: value}) for key, value in updates]
    settled = {i for i in ids if data.draw(st.booleans())}
    for each in settled:
        ledger.settle(each)
    assert list(ledger.open) == [each for each in ids if each not in settled]
    assert ledger.wish == dict(updates)
