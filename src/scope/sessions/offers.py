"""An offer as the session table takes it, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scope.frames import Codec
from scope.sessions.permit import Permit

if TYPE_CHECKING:
    from scope.rtc.peer import Peer
    from scope.sessions.session import Session


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as it came. fate: told once whether it connected. resume: the session it means
    to go on with, and the token for it. permit: what who made it may do.
    """

    sdp: str
    fate: Callable[[bool], None]
    from_loopback: bool
    controls: bool = True
    parameters: Mapping[str, Any] = field(default_factory=dict)
    codec: Codec | None = None
    resume: tuple[str, str] | None = None
    permit: Permit = field(default_factory=Permit)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an offer came to."""

    session: Session
    peer: Peer
    sdp: str
