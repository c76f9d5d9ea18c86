"""Several datagrams to one address with one call to the kernel, where it can (UDP_SEGMENT, Linux).

A picture is some ten packets; the calls for them are the dearest part of sending it. It does
not know what the datagrams hold. Where the kernel, the network card or a relay can not, each
goes out by itself.
"""

import errno
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from typing import Any

UDP_SEGMENT = 103
MOST_SEGMENTS = 40
"""Below what kernels take (64), and with our packets below the 64 KiB of one call."""
UNABLE = {errno.EINVAL, errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EMSGSIZE}

Address = tuple[str, int]


class Datagrams:
    """The sending end of one datagram transport of the event loop."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        at_once = sys.platform == "linux"
        self._socket = transport.get_extra_info("socket") if at_once else None
        self._counts = hasattr(transport, "get_write_buffer_size")  # a relay's does not

    @property
    def at_once(self) -> bool:
        """Whether several datagrams are tried with one call."""
        return self._socket is not None

    @property
    def waiting_bytes(self) -> int:
        """What the kernel has not taken yet."""
        return int(self.transport.get_write_buffer_size()) if self._counts else 0

    def send(self, datagrams: Sequence[bytes], address: Address) -> None:
        """Send in order; like any datagram each may be lost, and nothing waits."""
        for run in runs(datagrams):
            if len(run) == 1 or not self._send_at_once(run, address):
                for datagram in run:
                    self.transport.sendto(datagram, address)

    def _send_at_once(self, run: Sequence[bytes], address: Address) -> bool:
        own = self._socket
        if own is None or self.transport.is_closing() or self.waiting_bytes:
            return False
        segment = [(socket.SOL_UDP, UDP_SEGMENT, struct.pack("=H", len(run[0])))]
        # Borrowed for this call: the transport keeps and closes the descriptor.
        borrowed = socket.socket(own.family, own.type, own.proto, fileno=own.fileno())
        try:
            borrowed.sendmsg(run, segment, socket.MSG_DONTWAIT, address)
        except OSError as error:
            if error.errno in UNABLE:
                self._socket = None
            return False
        finally:
            borrowed.detach()
        return True


def runs(datagrams: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cut into stretches of one size, of which only the last may be smaller."""
    start = 0
    for at in range(1, len(datagrams) + 1):
        size = len(datagrams[start])
        if (
            at == len(datagrams)
            or at - start == MOST_SEGMENTS
            or len(datagrams[at]) > size
            or len(datagrams[at - 1]) < size
        ):
            yield datagrams[start:at]
            start = at
