"""Which addresses a client may make this server send packets to.

Pure. It does not know sessions; counting is its caller's.
"""

import ipaddress
import re
from dataclasses import dataclass

from scope.errors import InvalidParameters

MAX_CANDIDATE_CHARS = 512
LEAST_PORT = 1024
MOST_PORT = 65_535
MOST_PRIORITY = 2**32 - 1

_GRAMMAR = re.compile(
    r"(?:a=)?(?:candidate:)?"
    r"(?P<foundation>[\w+/.:-]{1,64}) (?P<component>\d{1,10}) (?P<transport>[A-Za-z]{1,16})"
    r" (?P<priority>\d{1,20}) (?P<address>[0-9A-Za-z.:%_-]{1,255}) (?P<port>\d{1,10})"
    r" typ (?P<type>[a-z]{1,16})(?: .*)?",
    re.ASCII,
)
_MDNS = re.compile(r"[A-Za-z0-9-]{1,63}\.local", re.ASCII)


@dataclass(frozen=True, slots=True)
class ParsedCandidate:
    """A UDP candidate that may be tried. address: an IP address, or a name when `mdns`."""

    foundation: str
    priority: int
    address: str
    port: int
    type: str
    mdns: bool


def guard_candidate(candidate: str, *, client_is_loopback: bool) -> ParsedCandidate | None:
    """The candidate, or None where it is not one we try (and nobody is told).

    Raises InvalidParameters when it is not a candidate at all.
    """
    if len(candidate) > MAX_CANDIDATE_CHARS:
        raise InvalidParameters("The candidate is too long.", field="candidate")
    match = _GRAMMAR.fullmatch(candidate.strip())
    if match is None:
        raise InvalidParameters("This is not an ICE candidate.", field="candidate")
    parsed = ParsedCandidate(
        foundation=match["foundation"],
        priority=int(match["priority"]),
        address=match["address"],
        port=int(match["port"]),
        type=match["type"],
        mdns=_MDNS.fullmatch(match["address"]) is not None,
    )
    usable = (
        match["component"] == "1"
        and match["transport"].lower() == "udp"
        and parsed.type in ("host", "srflx", "relay")
        and LEAST_PORT <= parsed.port <= MOST_PORT
        and 0 < parsed.priority <= MOST_PRIORITY
        and (parsed.mdns or _may_be_tried(parsed.address, client_is_loopback))
    )
    return parsed if usable else None


def _may_be_tried(text: str, client_is_loopback: bool) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False  # a host name, which nobody resolves here
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        address = address.ipv4_mapped or address.sixtofour or address
    if address.is_loopback:
        return client_is_loopback
    return not (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or (isinstance(address, ipaddress.IPv4Address) and address in _THIS_NETWORK)
    )


_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
