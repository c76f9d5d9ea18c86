"""Who calls: the key or the pass of a request becomes a caller, or is refused.

Decides how many wrong keys an address may show, that every refusal sounds the same, and that
passes outlive a restart. What a caller may do is for the routes; secrets are never logged.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from scope.clock import Clock, MonotonicClock
from scope.errors import AtCapacity, TooManyRequests
from scope.keys.access import ANYBODY, NOBODY, Access, Caller
from scope.keys.key import Key
from scope.keys.key_file import KeyFile
from scope.keys.passes import Pass, Passes
from scope.keys.private_file import Damaged, PrivateFile
from scope.keys.ring import KeyRing
from scope.server.address_buckets import AddressBuckets
from scope.server.problems import Unauthorized
from scope.settings import Settings

LOOK_EVERY_S = 1.0
BROWSER_LINK_S = 600.0

log = structlog.get_logger("scope.server")


class Doorkeeper:
    """See the module. kept: where passes are written; None: a restart forgets them."""

    def __init__(
        self,
        ring: KeyRing,
        *,
        wrong_keys: AddressBuckets,
        kept: PrivateFile | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ring = ring
        self._wrong_keys = wrong_keys
        self._kept = kept
        self._writing = asyncio.Lock()
        self._trouble: str | None = None  # with the key file, as it was logged last
        self._now = now
        self._passes = Passes(good=lambda key_id: ring.get(key_id) is not None, now=now)
        self._remember()

    @classmethod
    def of(cls, settings: Settings, *, clock: Clock | None = None) -> "Doorkeeper":
        """As the settings say. Raises Damaged when the key file can not be read."""
        chosen = settings.api_key.get_secret_value() if settings.api_key else None
        file, must = KeyFile(settings.key_file), settings.api_key_file is not None
        folder: Path = settings.state()
        return cls(
            KeyRing(chosen=chosen, file=file, must=must, now=time.time),
            wrong_keys=AddressBuckets(
                rate_per_s=settings.wrong_keys_per_s,
                burst=settings.wrong_keys_burst,
                clock=clock or MonotonicClock(),
            ),
            kept=PrivateFile(folder / f"passes-{settings.port}.json") if settings.port else None,
        )

    @property
    def locked(self) -> bool:
        """Whether callers need a key."""
        return self._ring.locked

    def caller(self, *, authorization: str | None, page_pass: str | None, address: str) -> Caller:
        """Who shows this. Raises Unauthorized or TooManyRequests for a wrong key; a pass that
        is over is as good as none.
        """
        if not self._ring.locked:
            return ANYBODY
        if authorization is not None:
            scheme, _, text = authorization.partition(" ")
            key = self._key(text.strip() if scheme.lower() == "bearer" else "", address)
            return Caller(key.access, f"key {key.id}", key.label or None, key.id)
        found = self._passes.find(page_pass) if page_pass is not None else None
        return NOBODY if found is None else _caller_with(found)

    async def admit(self, text: str, *, address: str) -> tuple[str, Caller, float]:
        """A page shows a key or an invitation: its pass, who it is now, and for how many
        seconds. Raises Unauthorized, TooManyRequests.
        """
        given = self._passes.redeem(text)
        if given is None:
            key = self._key(text, address)
            given = self._passes.issue(key.id, key.access, key.label or None, until_s=key.expires_s)
        await self._save()
        page_pass, issued = given
        return page_pass, _caller_with(issued), issued.until_s - self._now()

    async def dismiss(self, page_pass: str) -> None:
        """A page gives its pass back."""
        if self._passes.drop(page_pass):
            await self._save()

    async def share(self, caller: Caller, *, lifetime_s: float, uses: int) -> str | None:
        """The secret of a link to watch; None where nobody needs one. Raises AtCapacity."""
        if not self._ring.locked or caller.key_id is None:
            return None
        text = self._passes.invite(
            caller.key_id,
            Access.VIEW,
            caller.label,
            link_s=lifetime_s,
            pass_s=lifetime_s,
            uses=uses,
        )
        if text is None:
            raise AtCapacity("There are too many unused links already.")
        await self._save()
        return text

    def browser_link(self) -> str | None:
        """The secret of a link for the browser of who started the server, good once and soon."""
        key = self._ring.of_owner()
        if key is None:
            return None
        return self._passes.invite(key.id, key.access, key.label or None, link_s=BROWSER_LINK_S)

    def is_welcome(self, caller: Caller) -> bool:
        """Whether who came in once may stay: the key has not been revoked and has not expired,
        and the page has not left.
        """
        if caller.key_id is None:
            return True
        if caller.pass_id is not None and not self._passes.show(caller.pass_id):
            return False
        return self._ring.get(caller.key_id) is not None

    async def run(self) -> None:
        """Follow the key file as long as the server runs."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except Exception as error:  # whatever it is, revoked keys must go on being seen
                log.error("keys_not_looked_at", exc_info=error)

    async def look(self) -> None:
        """Read the key file if it has changed, or could not be read the last time."""
        try:
            if await asyncio.to_thread(self._ring.refresh):
                log.info("keys_read")
            self._trouble = None
        except Damaged as error:
            if self._trouble != str(error):
                log.error("keys_unreadable", reason=str(error))
            self._trouble = str(error)

    def _key(self, text: str, address: str) -> Key:
        wait_s = self._wrong_keys.wait_s(address)
        key = self._ring.find(text)
        if key is not None and (wait_s == 0 or not key.guessable):
            return key
        if wait_s > 0:
            raise TooManyRequests("Too many wrong keys; wait.", retry_after_s=wait_s)
        self._wrong_keys.charge(address)
        raise Unauthorized("That is not a key of this server.")

    def _remember(self) -> None:
        if self._kept is None:
            return
        try:
            if (value := self._kept.read()) is not None:
                self._passes.load(value)
        except (Damaged, ValueError) as error:
            log.warning("passes_unreadable", reason=str(error))

    async def _save(self) -> None:
        if self._kept is None:
            return
        async with self._writing:
            try:
                await asyncio.to_thread(self._kept.write, self._passes.dump())
            except Damaged as error:
                log.warning("passes_not_kept", reason=str(error))


def _caller_with(held: Pass) -> Caller:
    return Caller(held.access, f"pass {held.id}", held.label, held.key_id, held.id)
