"""How a peer of this server is made: its limits and deadlines from the settings.

The WebRTC library takes half a second to import. It is imported on a thread, while the
worker comes up beside it.
"""

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from scope.clock import Clock
from scope.protocol.http import IceServer
from scope.rtc.api import IceServer as PeerIceServer
from scope.rtc.api import PeerConfig, PeerEvents, SdpLimits
from scope.server.origins import is_loopback_name
from scope.sessions.ending import FLOODED
from scope.sessions.table import PeerMaker
from scope.settings import Settings

if TYPE_CHECKING:
    from scope.rtc.peer import Peer


async def import_webrtc() -> None:
    """Have the WebRTC library ready before the first offer comes."""
    await asyncio.to_thread(importlib.import_module, "scope.rtc.peer")


def sdp_limits(settings: Settings) -> SdpLimits:
    """What an offer may weigh."""
    return SdpLimits(
        max_bytes=settings.max_sdp_bytes,
        max_lines=settings.max_sdp_lines,
        max_sections=settings.max_media_sections,
        candidates=settings.max_candidates_per_body,
    )


def peer_maker(
    settings: Settings, *, ice_servers: Callable[[], list[IceServer]], clock: Clock
) -> PeerMaker:
    """Makes peers. The server gathers through ICE servers only when others can reach it."""
    reachable = not is_loopback_name(settings.host)

    def make(peer_id: str, events: PeerEvents, client_is_loopback: bool) -> "Peer":
        from scope.rtc.peer import Peer

        config = PeerConfig(
            ice_servers=_for_peer(ice_servers()) if reachable else (),
            stun_for_server=reachable,
            sdp=sdp_limits(settings),
            connect_deadline_s=settings.connect_deadline_s,
            silence_s=settings.silence_s,
            lost_s=settings.lost_s,
            max_candidates=settings.max_candidates_per_session,
            max_candidates_per_call=settings.max_candidates_per_body,
            max_mdns_candidates=settings.max_mdns_candidates,
            flood_farewell=FLOODED.notice().to_json(),
        )
        return Peer(
            id=peer_id,
            config=config,
            events=events,
            clock=clock,
            client_is_loopback=client_is_loopback,
        )

    return make


def _for_peer(servers: list[IceServer]) -> tuple[PeerIceServer, ...]:
    return tuple(
        PeerIceServer(
            urls=tuple(server.addresses()),
            username=server.username,
            credential=server.credential,
        )
        for server in servers
    )
