"""The web application: its parts composed, its routes listed, its life from start to end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware import Middleware

from scope.clock import Clock, MonotonicClock
from scope.engine.api import Engine
from scope.hub.library import Library
from scope.media.encoder import EncoderPool
from scope.media.shelf import ShelfLimits
from scope.protocol.timeline import MAX_BYTES as MAX_TIMELINE_BYTES
from scope.server.body_limit import BodyLimit, BodyLimits
from scope.server.doorkeeper import Doorkeeper
from scope.server.engines import engine_of
from scope.server.guard import Guard
from scope.server.ice_servers import ice_servers
from scope.server.loop_lag import LoopLag
from scope.server.metrics import Metrics
from scope.server.offer_limits import OfferLimits, OfferRates
from scope.server.origins import OriginRules
from scope.server.peers import import_webrtc, peer_maker, sdp_limits
from scope.server.pipelines import PipelineDesk
from scope.server.problems import install_problems
from scope.server.routing import all_routers
from scope.server.services import Build, Services
from scope.server.stocking import Stocking
from scope.server.tidying import Tidying
from scope.sessions.parking import ParkingLimits
from scope.sessions.preview import Previews
from scope.sessions.recorder import Recorder, RecorderLimits
from scope.sessions.table import SessionTable, TableLimits
from scope.sessions.tasks import OwnedTasks
from scope.settings import Settings

DISTRIBUTION = "daydream-scope"


def create_app(settings: Settings, engine: Engine | None = None) -> FastAPI:
    """The application. engine: one made by the caller, else as the settings say."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.services = await _compose(
                settings, engine or engine_of(settings), stack, door=door
            )
            yield

    door = Doorkeeper.of(settings)
    limits = BodyLimits(
        max_bytes=settings.max_body_bytes,
        timeout_s=settings.body_timeout_s,
        larger={"/api/v1/session/start": max(settings.max_body_bytes, MAX_TIMELINE_BYTES)},
    )
    app = FastAPI(
        title="Scope",
        version=version(),
        description="Prompts become live video.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(Guard, rules=OriginRules.of(settings, locked=door.locked), door=door),
            Middleware(BodyLimit, limits=limits),
        ],
    )
    app.state.door = door
    for router in all_routers():
        app.router.routes.extend(router.routes)
    install_problems(app)
    return app


async def _compose(
    settings: Settings, engine: Engine, stack: AsyncExitStack, *, door: Doorkeeper
) -> Services:
    """Start what runs beside the requests; `stack` ends it in reverse order."""
    clock: Clock = MonotonicClock()
    background = OwnedTasks()
    ice = await ice_servers(settings, stack=stack, clock=clock)
    pool = EncoderPool(settings.encoder_threads)
    stack.callback(pool.close)
    stack.push_async_callback(engine.aclose)
    stack.push_async_callback(background.aclose)
    library = Library(settings)
    stack.push_async_callback(library.aclose)
    stocking = Stocking(library, fetches=settings.download_models)
    stack.push_async_callback(stocking.aclose)
    desk = PipelineDesk(engine, aliases=settings.aliases, stocking=stocking)
    recorder = Recorder(settings.recordings(), limits=recorder_limits(settings))
    stack.push_async_callback(recorder.aclose)
    tidying = Tidying(living=lambda: sum(len(session.audience) for session in table.sessions))
    make_peer = peer_maker(settings, ice_servers=lambda: ice.last_known, clock=clock)
    table = SessionTable(
        engine=engine,
        peers=tidying.counting(make_peer),
        pool=pool,
        clock=clock,
        limits=TableLimits(
            max_sessions=settings.max_sessions,
            max_peers=settings.max_peers_per_session,
            parking=ParkingLimits(
                max_sessions=settings.max_parked_sessions,
                keep_s=settings.parked_s,
                max_bytes=settings.max_parked_bytes,
            ),
            sdp=sdp_limits(settings),
        ),
        resolve=desk.resolve,
        status=desk.current,
        made_with=f"{DISTRIBUTION} {version()}",
    )
    stack.push_async_callback(table.aclose)
    table.record = recorder.wish
    table.start()
    recorder.begin()
    lag = LoopLag()
    background.start(lag.run(), name="loop lag")
    background.start(door.run(), name="keys")
    background.start(tidying.run(), name="tidying")
    background.start(import_webrtc(), name="import webrtc")
    background.start(desk.start(settings.pipeline, settings.load_params), name="startup")
    return Services(
        settings=settings,
        door=door,
        build=Build.now(version(), await _commit(settings)),
        clock=clock,
        engine=engine,
        desk=desk,
        library=library,
        table=table,
        recorder=recorder,
        previews=Previews(most=settings.max_previews),
        offers=OfferLimits(
            OfferRates(
                failures_per_s=settings.failed_offers_per_s,
                burst=settings.failed_offers_burst,
                pending_per_address=settings.pending_offers_per_address,
                pending=settings.pending_offers,
            ),
            clock=clock,
        ),
        ice=ice,
        lag=lag,
        metrics=Metrics(lambda: table.sessions, lag=lag, clock=clock),
    )


def recorder_limits(settings: Settings) -> RecorderLimits:
    """How much may be recorded."""
    return RecorderLimits(
        running=settings.max_recordings,
        max_bytes=settings.max_recording_bytes,
        shelf=ShelfLimits(
            keep_s=settings.recordings_kept_s, total_bytes=settings.max_recordings_bytes
        ),
    )


async def _commit(settings: Settings) -> str:
    if settings.git_commit:
        return settings.git_commit
    return await asyncio.to_thread(git_commit)


def version() -> str:
    """The installed version of this project."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0+unknown"


def git_commit() -> str:
    """The commit of the checkout this runs from, or "unknown"."""
    git = Path(__file__).parents[3] / ".git"
    try:
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        loose = git / ref
        if loose.is_file():
            return loose.read_text().strip()
        packed = (git / "packed-refs").read_text().splitlines()
        return next(line.split()[0] for line in packed if line.endswith(f" {ref}"))
    except (OSError, StopIteration):
        return "unknown"
