"""The parts of a running server, composed once and handed to every route."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from scope.clock import Clock
from scope.engine.api import Engine
from scope.hub.library import Library
from scope.keys.access import Access, Caller
from scope.server.doorkeeper import Doorkeeper
from scope.server.ice_servers import IceServers
from scope.server.loop_lag import LoopLag
from scope.server.metrics import Metrics
from scope.server.offer_limits import OfferLimits
from scope.server.pipelines import PipelineDesk
from scope.sessions.permit import Permit
from scope.sessions.preview import Previews
from scope.sessions.recorder import Recorder
from scope.sessions.table import SessionTable
from scope.settings import Settings


@dataclass(frozen=True, slots=True)
class Build:
    """What runs here, and since when."""

    version: str
    git_commit: str
    started: datetime

    @classmethod
    def now(cls, version: str, git_commit: str) -> "Build":
        """Started this moment."""
        return cls(version, git_commit, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may use."""

    settings: Settings
    door: Doorkeeper
    build: Build
    clock: Clock
    engine: Engine
    desk: PipelineDesk
    library: Library
    table: SessionTable
    recorder: Recorder
    previews: Previews
    offers: OfferLimits
    ice: IceServers
    lag: LoopLag
    metrics: Metrics


def services_of(request: Request) -> Services:
    """The services of the app that got `request`."""
    found = request.app.state.services
    assert isinstance(found, Services)  # noqa: S101 - set by the lifespan, before any request
    return found


Use = Annotated[Services, Depends(services_of)]


def permit_of(use: Services, caller: Caller) -> Permit:
    """What a caller may do in a session, as long as the caller is welcome."""
    return Permit(
        owner=caller.owner,
        label=caller.label,
        may_control=caller.access >= Access.CONTROL,
        good=lambda: use.door.is_welcome(caller),
    )


def client_address(request: Request) -> str:
    """Where the request came from, as the socket says; no header is believed."""
    return request.client.host if request.client else ""
