"""Whether a session stands still, and that everybody hears of it at once.

Decides who is believed: a wish the pipeline has no say in counts before the worker, which may
be in the middle of a long chunk, has heard of it; any other when the worker says so.
"""

from scope.events import PauseChanged
from scope.protocol.notices import Paused
from scope.sessions.audience import Audience
from scope.sessions.player import Player


class Pausing:
    """Of one session. now: whether it is paused."""

    def __init__(self, *, player: Player, audience: Audience) -> None:
        self.now = False
        self._player = player
        self._audience = audience
        self._revision = 0

    def begin(self, paused: bool) -> None:
        """The session begins so."""
        self.now = paused
        self._player.hold(paused)

    def wished(self, paused: bool, *, revision: int, sure: bool) -> None:
        """Somebody wants it so; sure: nobody will refuse it."""
        self._player.hold(paused)
        if sure:
            self._become(paused, revision)

    def heard(self, event: PauseChanged) -> None:
        """The worker says so; it may be late."""
        if event.revision > self._revision:
            self._become(event.paused, event.revision)

    def refused(self, in_force: bool) -> None:
        """A wish was refused, with the message it was in; what is in force without it."""
        self._player.hold(in_force)

    def _become(self, paused: bool, revision: int) -> None:
        self._revision = revision
        if paused != self.now:
            self.now = paused
            self._audience.tell(Paused(paused=paused))
