"""Who may go on with which session: tokens that are good for one return each; pure.

Decides what a returning client is told: a token nobody was given looks like a session that
never was, one that was used before is refused as such, and one of a session that is over
names the reason. Only digests are kept, and compared in constant time. Knows nothing of
peers or streams.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from scope.errors import SessionGone, SessionNotFound, TokenUsed

USED_KEPT = 16
ENDED_KEPT = 256
TOKEN_BYTES = 32


@dataclass(slots=True)
class _Ticket:
    """digest: of the token in force. over: why the session can not be gone on with."""

    digest: bytes
    used: deque[bytes] = field(default_factory=lambda: deque(maxlen=USED_KEPT))
    over: str | None = None


class Tickets:
    """One token in force per session that can be returned to, and the last ones that ended."""

    def __init__(self, *, ended_kept: int = ENDED_KEPT) -> None:
        self._tickets: dict[str, _Ticket] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._ended_kept = ended_kept

    def issue(self, session_id: str) -> str:
        """A token for the next return to a session; the one in force so far counts as used."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        ticket = self._tickets.get(session_id)
        if ticket is None:
            self._tickets[session_id] = _Ticket(_digest(token))
        else:
            ticket.used.append(ticket.digest)
            ticket.digest = _digest(token)
        return token

    def check(self, session_id: str, token: str) -> None:
        """Raises SessionNotFound, TokenUsed or SessionGone unless `token` is in force."""
        ticket = self._tickets.get(session_id)
        digest = _digest(token)
        known = ticket or _Ticket(_digest(""))
        in_force = hmac.compare_digest(known.digest, digest)
        used = [hmac.compare_digest(old, digest) for old in known.used]
        if ticket is None or not (in_force or any(used)):
            raise SessionNotFound("There is no session to go on with under that token.")
        if not in_force:
            raise TokenUsed("This token was used before; each one is good for one return.")
        if ticket.over is not None:
            raise SessionGone(f"The session is over: {ticket.over}", reason=ticket.over)

    def take_back(self, session_id: str, token: str) -> None:
        """A return came to nothing: `token`, that was in force before it, is so again."""
        ticket = self._tickets.get(session_id)
        digest = _digest(token)
        if ticket is not None and digest in ticket.used:
            ticket.used.remove(digest)
            ticket.digest = digest

    def end(self, session_id: str, why: str) -> None:
        """The session is over; who returns is told why, until too many have ended since."""
        ticket = self._tickets.get(session_id)
        if ticket is None:
            return
        ticket.over = why
        self._ended[session_id] = None
        while len(self._ended) > self._ended_kept:
            forgotten, _ = self._ended.popitem(last=False)
            del self._tickets[forgotten]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
