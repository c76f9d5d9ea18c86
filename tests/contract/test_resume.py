"""A client that vanishes without a word, and comes back: over real connections."""

import asyncio
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from scope.rtc.api import PeerClosed

SILENCE_S, LOST_S, KEPT_S = 1.8, 2.6, 20.0  # a client reports every second or so


async def _nothing(*_: object) -> None:
    return None


def vanish(performer: Any) -> None:
    """Nothing of what the client sends arrives from now on, not even a good-bye."""

    def mute() -> None:
        for protocol in performer.client.pc.sctp.transport.transport._connection._protocols:
            protocol.send_data = _nothing
            protocol.send_stun = lambda *_: None

    performer._on_loop(mute)


def until(performer: Any, done: Callable[[], Any]) -> None:
    """Wait for something in the server, which nobody announces."""

    async def wait() -> None:
        while not done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    performer._loop.run(wait())


def session_of(performer: Any) -> Any:
    return performer.live.services.table._sessions[performer.client.session_id]


def parked(performer: Any, *, patiently: bool = False) -> Any:
    """Vanish, and have the server give the connection up; patiently: as it does by itself."""
    session = session_of(performer)
    vanish(performer)
    if not patiently:
        performer._on_loop(lambda: session.audience.controller.peer._end(PeerClosed.LOST))
    until(performer, lambda: session.parked)
    return session


def offer(performer: Any, session_id: str, token: str) -> Any:
    """A return; the answer of the server, whatever it is."""
    client = performer.new_client()
    body = {
        "sdp": performer._loop.run(client.offer_sdp()),
        "type": "offer",
        "resume": {"sessionId": session_id, "token": token},
    }
    answer = performer.http("POST", "/webrtc/offer", json=body)
    performer._loop.run(client.close())
    return answer


def goes_on(seen: list[int], shown: int) -> None:
    """Pictures after the one `shown` last, without a gap; on a busy machine the first one or two
    may get lost on their way here."""
    numbers = [number for number in seen if number != shown]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert 1 <= numbers[0] - shown <= 3


@pytest.fixture(scope="module")
def stage(on_stage_module: ModuleType) -> Iterator[Callable[[], Any]]:
    with on_stage_module.on_stage(
        (on_stage_module.server.TESTCARD,),
        silence_s=SILENCE_S,
        lost_s=LOST_S,
        parked_s=KEPT_S,
        max_parked_sessions=2,
    ) as enter:
        yield enter


@pytest.fixture
def performer(stage: Callable[[], Any]) -> Any:
    return stage()


def test_a_client_that_vanished_goes_on_where_it_was(performer: Any, stage: Any) -> None:
    answer = performer.connect(prompts=["before"], seed=11)
    hello = performer.notice("hello")
    assert hello["resumeToken"] == answer["resumeToken"]
    performer.after({"prompts": ["kept"], "_id": "one"})
    performer.sees_prompt("kept")
    session = parked(performer, patiently=True)
    until(performer, lambda: not performer.live.engine.status().streams)
    shown = session.player.last_frame.index
    back = stage()
    token = {"sessionId": performer.client.session_id, "token": hello["resumeToken"]}
    again = back.connect(resume=token)
    assert again["sessionId"] == performer.client.session_id
    assert back.notice("hello")["seed"] == 11
    assert back.notice("hello")["resumeToken"] == again["resumeToken"] != hello["resumeToken"]
    goes_on(back.numbers(12), shown)
    back.sees_prompt("kept")
    assert back.parameters()["prompts"] == [{"text": "kept", "weight": 1.0}]
    applied = back.settle()
    assert applied["revision"] > 1  # revisions go on too
    back.leave()


def test_a_return_may_bring_changes(performer: Any, stage: Any) -> None:
    answer = performer.connect(prompts=["before"])
    performer.settle()
    parked(performer)
    back = stage()
    token = {"sessionId": answer["sessionId"], "token": answer["resumeToken"]}
    back.connect(resume=token, prompts=["after"])
    back.sees_prompt("after")
    back.leave()


def test_a_client_may_return_before_the_server_gave_its_old_connection_up(
    performer: Any, stage: Any
) -> None:
    answer = performer.connect(prompts=["mine"])
    session = session_of(performer)
    vanish(performer)
    until(performer, lambda: not session.player.is_running)  # silent, and not yet lost
    back = stage()
    back.connect(resume={"sessionId": answer["sessionId"], "token": answer["resumeToken"]})
    back.sees_prompt("mine")
    until(back, lambda: len(session.audience) == 1)
    assert back.settle()
    back.leave()


def test_foreign_and_used_tokens_harm_nobody(performer: Any, stage: Any) -> None:
    answer = performer.connect()
    other = stage()
    theirs = other.connect()
    performer.settle()
    parked(performer)
    mine, token = answer["sessionId"], answer["resumeToken"]
    for session_id, shown in (("nobody", token), (mine, "guess"), (mine, theirs["resumeToken"])):
        refused = offer(performer, session_id, shown)
        assert (refused.status_code, refused.json()["code"]) == (404, "session_not_found")
    back = stage()
    back.connect(resume={"sessionId": mine, "token": token})
    refused = offer(performer, mine, token)
    assert (refused.status_code, refused.json()["code"]) == (409, "token_used")
    for each in (back, other):
        assert each.settle()
        each.leave()


def test_a_session_its_owner_frees_while_it_is_parked_is_gone(performer: Any) -> None:
    answer = performer.connect()
    session = parked(performer)
    assert performer.http("DELETE", f"/webrtc/offer/{answer['sessionId']}").status_code == 204
    assert session.over.is_set()
    refused = offer(performer, answer["sessionId"], answer["resumeToken"])
    assert (refused.status_code, refused.json()["code"]) == (410, "session_gone")
    assert refused.json()["reason"]


def test_a_session_that_waited_too_long_is_gone(performer: Any) -> None:
    answer = performer.connect()
    session = parked(performer)
    session.keep.__self__._expire(session)
    until(performer, session.over.is_set)
    refused = offer(performer, answer["sessionId"], answer["resumeToken"])
    assert refused.status_code == 410
    assert "too long" in refused.json()["reason"]


def test_a_parked_session_is_nobodys_to_change(performer: Any) -> None:
    answer = performer.connect(prompts=["untouched"])
    session = parked(performer)
    query = {"session_id": answer["sessionId"]}
    refused = performer.http("POST", "/session/parameters", json={"seed": 1}, params=query)
    assert refused.status_code == 404
    assert session.shown.prompts.heaviest() == "untouched"


def test_another_pipeline_ends_what_is_parked_with_its_reason(performer: Any, stage: Any) -> None:
    answer = performer.connect(prompts=["kept"])
    parked(performer)
    small = {"pipeline_ids": ["testcard"], "load_params": {"width": 512, "height": 160}}
    assert performer.http("POST", "/pipeline/load", json=small).status_code == 200
    performer._loop.run(performer.live.engine.settled())
    refused = offer(performer, answer["sessionId"], answer["resumeToken"])
    assert refused.status_code == 410
    assert "pipeline" in refused.json()["detail"]


def test_the_same_pipeline_loaded_again_goes_on_with_it(performer: Any, stage: Any) -> None:
    answer = performer.connect(prompts=["survives"])
    performer.settle()
    session = parked(performer)
    shown = session.player.last_frame.index
    same = {"pipeline_ids": ["testcard"], "load_params": session.handle.identity.load_params}
    assert performer.http("POST", "/pipeline/load", json=same).status_code == 200
    performer._loop.run(performer.live.engine.settled())
    back = stage()
    back.connect(resume={"sessionId": answer["sessionId"], "token": answer["resumeToken"]})
    goes_on(back.numbers(8), shown)
    back.sees_prompt("survives")
    back.leave()
