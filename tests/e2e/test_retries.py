"""How often, how late and for how long the JavaScript client tries again."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.e2e.hands import offers

BACK_OFF_S = (1, 2, 4, 8, 8)


@pytest.fixture
def refused(tunable: Any, browse: Any) -> Any:
    """A page whose clock is in our hands and whose offers find no room; `retry_after` says when."""
    page = browse("about:blank")
    page.clock.install()
    page.retry_after = 1
    page.route(
        "**/api/v1/webrtc/offer",
        lambda route: route.fulfill(
            status=503,
            headers={"Retry-After": str(page.retry_after)},
            json={"detail": "All sessions are taken.", "code": "at_capacity"},
        ),
    )
    page.goto(tunable.base)
    return page


def until(true: Callable[[], Any], *, each: Callable[[], None] = lambda: None) -> Any:
    """What `true` gives once it is; `each` is done between two looks."""
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        if found := true():
            return found
        each()
    pytest.fail("it did not come about")


def test_it_waits_longer_each_time_and_not_less_than_the_server_asks(refused: Any) -> None:
    page = refused
    page.evaluate(
        """async () => {
            const { connect } = await import("/client.js");
            window.changes = [];
            window.stream = connect();
            stream.on("state", ({ state, attempt, waitS, error }) =>
                changes.push({ state, attempt, waitS, code: error?.code }));
        }"""
    )
    for number, usual_s in enumerate(BACK_OFF_S, start=1):
        change = until(partial(page.evaluate, f"() => changes[{number - 1}]"))
        assert (change["state"], change["attempt"]) == ("reconnecting", number)
        if page.retry_after > usual_s:
            assert change["waitS"] == page.retry_after
        else:
            assert 0.85 * usual_s <= change["waitS"] <= 1.15 * usual_s
        page.retry_after = 12 if number == 2 else 1
        page.clock.run_for(int(1000 * change["waitS"]) + 1)
    last = until(lambda: page.evaluate("() => changes[5]"))
    assert (last["state"], last["code"]) == ("closed", "at_capacity")


def test_after_five_tries_the_page_stops_and_says_so(refused: Any) -> None:
    page = refused
    phase = "() => document.body.dataset.phase"
    until(
        lambda: page.evaluate(phase) == "ready",
        each=lambda: page.clock.run_for(500),
    )
    page.keyboard.press("Enter")
    until(lambda: page.evaluate(phase) == "stopped", each=lambda: page.clock.run_for(200))
    assert "Five tries were not enough" in page.text_content("#problem")
    assert offers(page)[0] == "Try again"
