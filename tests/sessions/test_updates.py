"""From a message to its confirmation."""

from typing import Any

import numpy as np
import pytest

from scope.clock import ManualClock
from scope.events import ErrorInfo, UpdateRejected
from scope.frames import Frame
from scope.protocol.parameters import decode_object
from scope.sessions.audience import Audience
from scope.sessions.player import Sent
from scope.sessions.shown import Shown
from scope.sessions.stream_figures import StreamTally
from scope.sessions.updates import Updates, ignored
from scope.sessions.viewer import Viewer

pytestmark = pytest.mark.anyio


class Desk:
    """Updates of a session with two viewers, a and b."""

    def __init__(self, handle: Any, make_peer: Any) -> None:
        self.handle = handle
        self.clock = ManualClock(10.0)
        self.audience = Audience()
        self.tally = StreamTally()
        self.a = Viewer(make_peer("a"), controls=True, fate=lambda _: None)
        self.b = Viewer(make_peer("b"), controls=True, fate=lambda _: None)
        for viewer in (self.a, self.b):
            self.audience.add(viewer)
        self.updates = Updates(
            handle=handle,
            shown=Shown(),
            audience=self.audience,
            tally=self.tally,
            clock=self.clock,
        )

    def say(self, *, sender: Viewer | None = None, **message: Any) -> int:
        decoded = decode_object(message, known=frozenset({"noise_scale"}))
        return self.updates.take(decoded, sender=sender)

    def show(self, revision: int, *, index: int = 5) -> None:
        frame = Frame(np.zeros((2, 2, 3), np.uint8), index, revision, 1, self.clock.now())
        self.updates.frame_sent(Sent(frame, 900, self.clock.now()))

    def heard(self, viewer: Viewer, kind: str) -> list[dict[str, Any]]:
        return [notice for notice in viewer.peer.said if notice["type"] == kind]


@pytest.fixture
def desk(handle: Any, make_peer: Any) -> Desk:
    return Desk(handle, make_peer)


async def test_revisions_rise_and_reach_the_engine(desk: Desk) -> None:
    assert [desk.say(prompts=["x"]), desk.say(seed=3), desk.say(reset_cache=True)] == [1, 2, 3]
    assert [update.revision for update in desk.handle.sent] == [1, 2, 3]
    assert desk.handle.sent[1].seed == 3


async def test_the_first_frame_with_an_update_confirms_it_to_all(desk: Desk) -> None:
    desk.say(prompts=["x"], _id="mine", sender=desk.a)
    desk.clock.advance(0.25)
    desk.show(0)
    assert desk.heard(desk.a, "applied") == []
    desk.show(1, index=12)
    desk.show(1, index=13)
    expected = {
        "type": "applied",
        "revision": 1,
        "first_frame": 12,
        "chunk": 1,
        "rtp_timestamp": 1900,
        "ms": 250.0,
    }
    assert desk.heard(desk.a, "applied") == [{**expected, "_id": "mine"}]
    assert desk.heard(desk.b, "applied") == [expected]
    assert desk.tally.prompt_delay_ms() == pytest.approx(250.0)


async def test_a_slider_is_confirmed_once(desk: Desk) -> None:
    for step in range(200):
        desk.say(noise_scale=step / 200, sender=desk.a)
    desk.show(200)
    (applied,) = desk.heard(desk.a, "applied")
    assert applied["revision"] == 200
    assert desk.tally.prompt_delay_ms() is None


async def test_others_hear_of_a_change_its_sender_does_not(desk: Desk) -> None:
    desk.say(prompts=["x"], sender=desk.a)
    assert desk.heard(desk.a, "parameters_updated") == []
    (told,) = desk.heard(desk.b, "parameters_updated")
    assert told["parameters"] == {"prompts": [{"text": "x", "weight": 1.0}]}
    desk.say(seed=2)
    assert len(desk.heard(desk.a, "parameters_updated")) == 1


async def test_what_the_pipeline_refuses_is_told_to_its_sender_and_undone(desk: Desk) -> None:
    desk.say(noise_scale=0.5, _id="7", sender=desk.a)
    desk.updates.refused(UpdateRejected("s", 1, ErrorInfo("invalid_parameters", "no", "noise")))
    (told,) = desk.heard(desk.a, "error")
    assert (told["severity"], told["field"], told["_id"]) == ("error", "noise", "7")
    assert desk.heard(desk.b, "error") == []
    assert "noise_scale" not in desk.updates.shown.parameters()
    desk.show(1)
    assert desk.heard(desk.a, "applied") == []


async def test_who_was_told_of_a_refused_change_hears_what_is_in_force(desk: Desk) -> None:
    no = ErrorInfo("invalid_parameters", "no")
    desk.say(noise_scale=0.2, prompts=["x"], sender=desk.a)
    desk.say(noise_scale=0.5, reset_cache=True, sender=desk.a)
    desk.updates.refused(UpdateRejected("s", 2, no))
    assert desk.heard(desk.b, "parameters_updated")[-1]["parameters"] == {"noise_scale": 0.2}
    assert desk.heard(desk.a, "parameters_updated") == []
    desk.updates.refused(UpdateRejected("s", 1, no))
    in_force = desk.heard(desk.b, "parameters_updated")[-1]["parameters"]
    assert in_force == {"noise_scale": None, "prompts": []}
    glide = {"target_prompts": [{"text": "y", "weight": 1.0}], "num_steps": 4}
    desk.say(transition=glide)
    desk.updates.refused(UpdateRejected("s", 3, no))
    for viewer in (desk.a, desk.b):  # it came by REST, so everybody was told of it
        assert desk.heard(viewer, "parameters_updated")[-1]["parameters"] == {"prompts": []}


async def test_unknown_keys_are_warned_of_once_each(desk: Desk) -> None:
    for _ in range(3):
        desk.say(sparkle=1, glitter=2, sender=desk.a)
    assert [notice["field"] for notice in desk.heard(desk.a, "error")] == ["sparkle", "glitter"]
    assert desk.heard(desk.b, "error") == []


async def test_warnings_are_bounded(desk: Desk) -> None:
    for number in range(1000):
        desk.say(**{f"key{number}": 1}, sender=desk.a)
    assert len(desk.heard(desk.a, "error")) == 256


async def test_what_is_ignored_of_a_rest_call_is_not_said_over_the_channel(desk: Desk) -> None:
    desk.say(sparkle=1)
    assert desk.heard(desk.a, "error") == []
    desk.say(sparkle=1, sender=desk.a)
    assert [notice["field"] for notice in desk.heard(desk.a, "error")] == ["sparkle"]


async def test_what_can_not_be_done_yet_is_said() -> None:
    decoded = decode_object(
        {"sparkle": 1, "recording": True, "input_mode": "video"}, known=frozenset()
    )
    assert set(ignored(decoded)) == {"sparkle", "input_mode"}
    assert (
        ignored(decode_object({"recording": False, "input_mode": "text"}, known=frozenset())) == {}
    )
