"""Many viewers of a real server."""

import pytest

from scope.client.api import Client
from scope.client.viewers import watched
from tests.server.conftest import live_server, settings_for_tests

pytestmark = pytest.mark.anyio


async def test_many_look_at_one_session(client: Client) -> None:
    here: list[int] = []
    session_id = await client.begin()
    seen = await watched(client, viewers=4, seconds=2, session_id=session_id, arrived=here.append)
    assert here == [1, 2, 3, 4]
    assert [each.number for each in seen] == [1, 2, 3, 4]
    assert all(each.error is None and each.first_picture_ms for each in seen)
    assert all(each.flow.pictures > 10 for each in seen)
    assert list(await client.sessions()) == [session_id]
    await client.end(session_id)


async def test_who_is_turned_away_costs_the_others_nothing() -> None:
    async with (
        live_server(settings_for_tests(max_sessions=1)) as live,
        Client(str(live.http.base_url)) as client,
    ):
        seen = await watched(client, viewers=2, seconds=1, session_id=None)
    refused = [each for each in seen if each.error]
    assert [each.code for each in refused] == ["at_capacity"]
    assert refused[0].flow.pictures == 0
    assert sum(each.flow.pictures > 5 for each in seen) == 1
