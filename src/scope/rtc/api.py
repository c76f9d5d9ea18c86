"""What the rest of the server sees of a peer: its settings, its events, its figures.

Values and one protocol; no aiortc.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from scope.errors import ScopeError

if TYPE_CHECKING:
    from scope.rtc.peer import Peer


class PeerClosed(StrEnum):
    """Why a peer is gone."""

    BY_US = "by_us"
    BY_PEER = "by_peer"
    NOT_CONNECTED = "not_connected"  # never came up, or not in time
    LOST = "lost"  # was there and vanished, or stopped taking what we send
    FLOODING = "flooding"  # sent more than anybody may


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server the server itself gathers through."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class SdpLimits:
    """What an offer may weigh. candidates: kept of one description; the rest is dropped."""

    max_bytes: int = 64 * 1024
    max_lines: int = 2_000
    max_sections: int = 8
    candidates: int = 32
    max_candidate_lines: int = 128


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """How a peer behaves.

    ice_servers: for our own side; STUN among them only with `stun_for_server`.
    silence_s: pictures sent for this long without any report back make a peer `silent`,
    `lost_s` close it. flood_bytes or flood_messages within flood_window_s over the data channel
    close it too.
    flood_farewell: what it hears then.
    stats_buffer_bytes: with more than this unsent, droppable notices are dropped;
    notify_buffer_bytes: with more than this, the peer does not read and is closed.
    """

    ice_servers: tuple[IceServer, ...] = ()
    stun_for_server: bool = False
    sdp: SdpLimits = SdpLimits()
    connect_deadline_s: float = 10.0
    silence_s: float = 5.0
    lost_s: float = 30.0
    gather_timeout_s: float = 1.0
    close_timeout_s: float = 5.0
    farewell_timeout_s: float = 0.5
    max_candidates: int = 64
    max_candidates_per_call: int = 32
    max_mdns_candidates: int = 4
    max_channels: int = 2
    max_channels_opened: int = 16
    max_message_bytes: int = 64 * 1024
    flood_bytes: int = 4 * 1024 * 1024
    flood_messages: int = 10_000
    flood_window_s: float = 10.0
    flood_farewell: str | None = None
    stats_buffer_bytes: int = 16 * 1024
    notify_buffer_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Candidate:
    """One trickled candidate as it came; "" or None as `candidate` ends them."""

    candidate: str | None
    sdp_mid: str | None = None
    sdp_mline_index: int | None = None


@dataclass(frozen=True, slots=True)
class PeerStats:
    """Figures of one peer. rtt_ms, loss (0..1) are None before the first report."""

    connected: bool
    sent_frames: int
    dropped_frames: int
    bitrate_kbps: int
    rtt_ms: float | None
    loss: float | None


class PeerEvents(Protocol):
    """What a peer tells its owner, on the event loop. No call may block or raise."""

    def connected(self, peer: Peer) -> None:
        """Media flows from now on."""
        ...

    def channel_opened(self, peer: Peer) -> None:
        """`notify` works from now on."""
        ...

    def message(self, peer: Peer, text: str | bytes) -> None:
        """The client said something, at most `max_message_bytes` of it."""
        ...

    def refused(self, peer: Peer, error: ScopeError) -> None:
        """The client said something too large or not text; it was thrown away unparsed."""
        ...

    def keyframe_wanted(self, peer: Peer) -> None:
        """The peer can not go on without a keyframe."""
        ...

    def bitrate_estimated(self, peer: Peer, kbps: int) -> None:
        """The peer believes its path bears `kbps`."""
        ...

    def silent(self, peer: Peer, silent: bool) -> None:
        """Nothing was heard for `silence_s` although pictures were sent; or it is back."""
        ...

    def closed(self, peer: Peer, reason: PeerClosed) -> None:
        """The last call, exactly one. `await peer.close()` waits until nothing is left."""
        ...
