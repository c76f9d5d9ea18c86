"""Peers get their limits from the settings."""

from typing import Any

import pytest

from scope.clock import ManualClock
from scope.protocol.http import IceServer
from scope.server.peers import import_webrtc, peer_maker, sdp_limits
from scope.settings import Settings

pytestmark = pytest.mark.anyio
TURN = IceServer(urls="turn:t.example", username="u", credential="c")
STUN = IceServer(urls=["stun:s.example"])


def config_of(settings: Settings) -> Any:
    make = peer_maker(settings, ice_servers=lambda: [STUN, TURN], clock=ManualClock())
    return make("id", None, True)._config


async def test_on_loopback_no_outside_server_is_asked() -> None:
    await import_webrtc()
    config = config_of(Settings())
    assert config.ice_servers == ()
    assert not config.stun_for_server


async def test_reachable_from_outside_the_server_gathers_through_them() -> None:
    config = config_of(Settings(host="0.0.0.0", api_key="k"))
    assert [server.urls for server in config.ice_servers] == [
        ("stun:s.example",),
        ("turn:t.example",),
    ]
    assert config.ice_servers[1].credential == "c"
    assert config.stun_for_server


async def test_limits_and_deadlines_are_those_of_the_settings() -> None:
    settings = Settings(max_sdp_bytes=2048, connect_deadline_s=3, max_candidates_per_session=9)
    assert sdp_limits(settings).max_bytes == 2048
    config = config_of(settings)
    assert (config.connect_deadline_s, config.max_candidates) == (3, 9)
