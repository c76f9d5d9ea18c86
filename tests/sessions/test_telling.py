"""What a session says of itself."""

from typing import Any

import pytest

from scope.errors import TooLarge
from scope.events import PROMPT_CUT, ErrorInfo
from scope.protocol.notices import ErrorNotice
from scope.protocol.parameters import RefusedParameters
from scope.sessions import telling
from scope.sessions.audience import Audience
from scope.sessions.permit import Permit
from scope.sessions.shown import Shown
from scope.sessions.stream_figures import StreamTally
from scope.sessions.viewer import Viewer


class FakeSession:
    """With an audience of nobody."""

    id = "s"
    resume_token = "token"

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.shown = Shown()
        self.tally = StreamTally()
        self.audience = Audience()


@pytest.mark.parametrize("controls", [True, False])
def test_only_who_controls_is_told_how_to_come_back(
    handle: Any, make_peer: Any, controls: bool
) -> None:
    session: Any = FakeSession(handle)
    viewer = Viewer(make_peer(), controls=controls, fate=lambda _: None)
    assert ("resumeToken" in telling.hello(session, viewer).to_json()) is controls


def test_the_seed_told_is_the_one_in_force(handle: Any, make_peer: Any) -> None:
    session: Any = FakeSession(handle)
    viewer = Viewer(make_peer(), controls=True, fate=lambda _: None)
    assert telling.hello(session, viewer).seed == handle.seed
    session.shown = Shown(values={"seed": 99})
    assert telling.hello(session, viewer).seed == 99


def test_figures_of_the_stream_and_of_the_viewers_path(handle: Any, make_peer: Any) -> None:
    session: Any = FakeSession(handle)
    stats = telling.stats(session, Viewer(make_peer(), controls=True, fate=print), now_s=1.0)
    assert (stats.chunk_ms, stats.rtt_ms, stats.loss) == (20.0, 1.5, 0.25)


def test_a_refusal_names_its_message_where_it_had_a_name() -> None:
    named = telling.refusal(RefusedParameters("no", field="seed", message_id="7"))
    assert (named.field, named.message_id, named.severity) == ("seed", "7", "error")
    assert telling.refusal(TooLarge("no")).code == "too_large"


def test_a_prompt_that_was_cut_is_a_warning_and_a_failed_step_an_error_of_the_pipeline() -> None:
    cut = telling.trouble(ErrorInfo(PROMPT_CUT, "left out", "prompts"))
    assert isinstance(cut, ErrorNotice)
    assert (cut.severity, cut.field) == ("warning", "prompts")
    assert telling.trouble(ErrorInfo("generation_failed", "once")).type == "pipeline_error"


def test_only_who_controls_hears_the_token_in_force_and_all_hear_the_label(
    handle: Any, make_peer: Any
) -> None:
    session: Any = FakeSession(handle)
    owner = Viewer(
        make_peer("a"), controls=True, fate=lambda _: None, permit=Permit(owner="A", label="desk")
    )
    guest = Viewer(make_peer("b"), controls=False, fate=lambda _: None)
    assert telling.control(session, guest).holder == "nobody"
    for viewer in (owner, guest):
        session.audience.add(viewer)
    mine, theirs = telling.control(session, owner), telling.control(session, guest)
    assert (mine.holder, mine.resume_token, mine.peer_id) == ("you", "token", "a")
    assert (theirs.holder, theirs.resume_token, theirs.label) == ("other", None, "desk")


def test_a_viewer_is_told_why_it_changes_nothing(make_peer: Any) -> None:
    guest = Viewer(
        make_peer(), controls=False, fate=lambda _: None, permit=Permit(may_control=False)
    )
    player = Viewer(make_peer(), controls=False, fate=lambda _: None)
    assert telling.may_only_watch(guest).detail == "A viewer may only watch."
    told = telling.may_only_watch(player, message_id="7")
    assert "take control" in told.detail
    assert told.message_id == "7"
