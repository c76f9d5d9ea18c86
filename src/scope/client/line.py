"""Keeps a stream's connection: makes it, makes it again, and says again what got no answer.

Decides when to try, when to give up, whether to come back to the session or to start anew, and
which state the stream is in. Knows no SDP and none of the words in the messages but their kinds.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from aiortc import RTCIceServer
from av import VideoFrame

from scope.client.backoff import Backoff
from scope.client.connection import Connection, Hooks, Place
from scope.client.crowd import Crowd
from scope.client.errors import BadParameter, ClientError, StreamStopped, error_of
from scope.client.http import Http
from scope.client.ledger import Ledger
from scope.client.values import Event, StreamState
from scope.protocol.notices import Control, Hello, Stats

STEADY_S = 10.0
GREETING_S = 2.0
GONE_STATUS = frozenset({404, 409, 410})
"""The session can not be taken up again; a new one can."""
UP: frozenset[StreamState] = frozenset({"connected", "streaming", "paused"})

Reply = asyncio.Future[dict[str, Any]]


class Line:
    """See the module. `start` once, `close` always."""

    def __init__(
        self,
        http: Http,
        *,
        parameters: dict[str, Any],
        resume: bool = True,
        ice_servers: Sequence[RTCIceServer] | None = None,
        lost_s: float = 8.0,
        backoff: Backoff | None = None,
    ) -> None:
        self.state: StreamState = "connecting"
        self.session_id = ""
        self.hello: Hello | None = None
        self.stats: Stats | None = None
        self.error: ClientError | None = None
        self.frames: Crowd[VideoFrame] = Crowd()
        self.events: Crowd[Event] = Crowd()
        self._http = http
        self._ledger = Ledger(wish=dict(parameters))
        self._resume = resume
        self._ice_servers = ice_servers
        self._lost_s = lost_s
        self._backoff = backoff or Backoff()
        self._replies: dict[str, Reply] = {}
        self._pauses: list[str] = []  # open when the last figures came
        self.control: Control | None = None
        self._connection: Connection | None = None
        self._place: Place | None = None
        self._losses: asyncio.Queue[ClientError] = asyncio.Queue()
        self._keeper: asyncio.Task[None] | None = None
        self._steady: asyncio.TimerHandle | None = None
        self._met = asyncio.Event()

    async def start(self) -> None:
        """Connect and be greeted. A failure here is raised at once; later ones are tried again."""
        connected = False
        try:
            await self._connect()
            with contextlib.suppress(TimeoutError):  # the plain API knows no greeting
                await asyncio.wait_for(self._met.wait(), GREETING_S)
            connected = True
        finally:
            if not connected:
                await self._drop(tell=True)
        self._keeper = asyncio.create_task(self._keep(), name="stream")

    async def say(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Send an update, now or once there is a connection; what the server confirms it with.

        Raises BadParameter where it is refused, and whatever ends the stream before.
        """
        if self.state == "closed":
            raise self.error or _closed()
        message_id = self._ledger.enter(parameters)
        reply: Reply = asyncio.get_running_loop().create_future()
        self._replies[message_id] = reply
        if self._connection is not None and self.state in UP:
            self._connection.send(self._ledger.text_of(message_id))
        return await reply

    async def close(self) -> None:
        """End the stream and free the session."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        await self._end(None)

    # Connections come and go.

    async def _connect(self) -> None:
        place = self._place if self._resume else None
        try:
            connection = await self._open(place)
        except ClientError as error:
            if place is None or error.status not in GONE_STATUS:
                raise
            await self._drop(tell=False)
            self._place = None
            connection = await self._open(None)
        self.session_id = connection.session_id
        self._enter("paused" if self._ledger.wish.get("paused") else "connected")
        for message_id in tuple(self._ledger.open):
            connection.send(self._ledger.text_of(message_id))
        self._steady = asyncio.get_running_loop().call_later(STEADY_S, self._backoff.held)

    async def _open(self, place: Place | None) -> Connection:
        connection = self._connection = Connection(
            self._http,
            ice_servers=self._ice_servers,
            lost_s=self._lost_s,
            hooks=Hooks(heard=self._heard, seen=self._seen, lost=self._losses.put_nowait),
        )
        await connection.open({} if place else dict(self._ledger.wish), back_to=place)
        if connection.resume_token:
            self._place = Place(connection.session_id, connection.resume_token)
        return connection

    async def _keep(self) -> None:
        """Connect again whenever the connection is lost, until it is not worth it."""
        while True:
            loss: ClientError | None = await self._losses.get()
            while loss is not None:
                await self._drop(tell=False)
                wait_s = self._backoff.next_s(at_least_s=loss.retry_after_s)
                if not loss.retryable or wait_s is None:
                    await self._end(loss)
                    return
                self._enter("reconnecting", error=loss.detail, wait_s=round(wait_s, 2))
                await asyncio.sleep(wait_s)
                loss = await self._again()

    async def _again(self) -> ClientError | None:
        try:
            await self._connect()
        except ClientError as error:
            return error
        return None

    async def _drop(self, *, tell: bool) -> None:
        if self._steady is not None:
            self._steady.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close(tell=tell)
        while not self._losses.empty():
            self._losses.get_nowait()

    async def _end(self, error: ClientError | None) -> None:
        if self.state == "closed":
            return
        self.error = error
        self._enter("closed", **({"error": error.detail, "code": error.code} if error else {}))
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(error or _closed())
        self._replies.clear()
        await self._drop(tell=True)
        self.events.end()
        self.frames.end()

    def _enter(self, state: StreamState, **more: Any) -> None:
        self.state = state
        self.events.tell(Event("state", {"state": state, **more}))

    # What comes in.

    def _seen(self, frame: VideoFrame) -> None:
        if self.state == "connected":
            self._enter("streaming")
        self.frames.tell(frame)

    def _heard(self, message: dict[str, Any]) -> None:
        kind = str(message.get("type"))
        match kind:
            case "hello":
                self._greeted(Hello.model_validate(message))
            case "control":
                self._handed(Control.model_validate(message))
            case "applied":
                self._settle(message.get("_id"), message)
            case "error" if message.get("severity") != "warning":
                self._settle(message.get("_id"), _refusal(message))
            case "stats":
                self.stats = Stats.model_validate(message)
                self._settle_pauses(self._pauses)
                self._pauses = self._ledger.pauses()
            case "paused":
                self._stands_still(message.get("paused") is not False)
            case "stream_stopped":
                self._place = None
                self._losses.put_nowait(_end_of(message))
        self.events.tell(Event(kind, message))

    def _greeted(self, hello: Hello) -> None:
        self.hello = hello
        self._met.set()
        self._ledger.wish["seed"] = hello.seed
        if hello.resume_token:
            self._place = Place(hello.session_id, hello.resume_token)

    def _handed(self, control: Control) -> None:
        """Control is here, or with somebody else; who has it may come back."""
        self.control = control
        mine, token = control.holder == "you", control.resume_token
        self._place = Place(self.hello.session_id, token) if mine and token and self.hello else None
        if self._connection is not None:
            self._connection.controls = mine

    def _stands_still(self, paused: bool) -> None:
        if self.state in UP:
            self._enter("paused" if paused else "streaming")
        if paused:
            self._settle_pauses(self._ledger.pauses())

    def _settle_pauses(self, message_ids: Sequence[str]) -> None:
        """A stream that stands still confirms nothing but that, and nothing if it did before."""
        for message_id in message_ids:
            self._settle(message_id, {})

    def _settle(self, message_id: str | None, outcome: dict[str, Any] | ClientError) -> None:
        if message_id is None or not self._ledger.settle(message_id):
            return
        reply = self._replies.pop(message_id, None)
        if reply is None or reply.done():
            return
        if isinstance(outcome, ClientError):
            reply.set_exception(outcome)
        else:
            reply.set_result(outcome)


def _closed() -> ClientError:
    return StreamStopped("The stream was closed.", code="closed")


def _refusal(message: dict[str, Any]) -> ClientError:
    return error_of(
        message.get("code") or "error",
        message.get("detail") or "It was refused.",
        fallback=BadParameter,
        field=message.get("field"),
    )


def _end_of(message: dict[str, Any]) -> ClientError:
    detail = message.get("error_message")
    if not detail:
        return StreamStopped("The stream was ended.", code="stopped")
    return error_of(
        message.get("code") or "stopped",
        detail,
        fallback=StreamStopped,
        retry_after_s=message.get("retry_after"),
    )
