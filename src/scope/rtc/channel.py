"""The data channels of one peer as one line of text in each direction.

Decides how many channels, messages and bytes a client may spend on us and what is dropped
when it does not read. What a message means is its owner's business.
"""

from collections.abc import Callable
from contextlib import suppress

from aiortc import RTCDataChannel

from scope.clock import Clock
from scope.errors import InvalidParameters, ScopeError, TooLarge
from scope.rtc.api import PeerConfig
from scope.rtc.liveness import Budget


class ControlChannel:
    """Up to two channels of a client; what we say goes over the first one that is open.

    opened, message, refused: see `PeerEvents`. flooded: the peer is to be closed.
    stuck: so is it, since it takes nothing of what we say.
    """

    def __init__(
        self,
        *,
        config: PeerConfig,
        clock: Clock,
        opened: Callable[[], None],
        message: Callable[[str | bytes], None],
        refused: Callable[[ScopeError], None],
        flooded: Callable[[], None],
        stuck: Callable[[], None],
    ) -> None:
        self._config = config
        self._clock = clock
        self._opened = opened
        self._message = message
        self._refused = refused
        self._flooded = flooded
        self._stuck = stuck
        self._channels: list[RTCDataChannel] = []
        self._ever_opened = 0
        self._bytes = Budget(limit=config.flood_bytes, window_s=config.flood_window_s)
        self._messages = Budget(limit=config.flood_messages, window_s=config.flood_window_s)

    def accept(self, channel: RTCDataChannel) -> None:
        """Take a channel the client has opened, or close it again."""
        self._ever_opened += 1
        if self._ever_opened > self._config.max_channels_opened:
            self._flooded()
            return
        if len(self._channels) >= self._config.max_channels:
            channel.close()
            return
        self._channels.append(channel)
        channel.on("message", self._take)
        channel.on("close", lambda: self._forget(channel))
        if len(self._channels) == 1:
            self._opened()

    def count(self, size: int) -> None:
        """`size` bytes came in, whatever they are."""
        if not self._bytes.spend(size, now_s=self._clock.now()):
            self._flooded()

    def not_text(self) -> None:
        """A message came in that says it is text and is not."""
        self._refused(InvalidParameters("The message is not UTF-8 text."))

    def notify(self, text: str, *, droppable: bool = False) -> bool:
        """Send `text`; False when there is nobody to send it to, or it was dropped."""
        channel = next((c for c in self._channels if c.readyState == "open"), None)
        if channel is None:
            return False
        waiting = channel.bufferedAmount
        if droppable and waiting > self._config.stats_buffer_bytes:
            return False
        if waiting + len(text) > self._config.notify_buffer_bytes:
            self._stuck()
            return False
        with suppress(ValueError):  # larger than the client says it takes
            channel.send(text)
            return True
        return False

    def _take(self, message: str | bytes) -> None:
        if not self._messages.spend(1, now_s=self._clock.now()):
            self._flooded()
            return
        limit = self._config.max_message_bytes
        size = len(message.encode()) if isinstance(message, str) else len(message)
        if size > limit:
            self._refused(TooLarge(f"The message has {size} bytes, {limit} are allowed."))
        else:
            self._message(message)

    def _forget(self, channel: RTCDataChannel) -> None:
        if channel in self._channels:
            self._channels.remove(channel)
