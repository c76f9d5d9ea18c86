"""Which Host and which Origin a request may carry; pure.

A browser sends the page's address as `Origin`, which keeps other sites from driving this
server; and a name as `Host`, which unmasks a site that points its own name at this machine.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from scope.settings import Settings


@dataclass(frozen=True, slots=True)
class OriginRules:
    """hosts: further names this server is reached by. origins: further pages that may call.

    public: bound beyond loopback, so addresses are names of this server too. null_origin:
    pages opened from disk may call.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    public: bool = False
    null_origin: bool = False

    @classmethod
    def of(cls, settings: Settings, *, locked: bool = False) -> "OriginRules":
        """The rules that follow from the settings. locked: callers need a key."""
        return cls(
            hosts=frozenset(host.lower() for host in (*settings.allowed_hosts, settings.host)),
            origins=frozenset(origin.lower() for origin in settings.allowed_origins),
            public=not is_loopback_name(settings.host),
            null_origin=settings.allow_null_origin or settings.api_key is not None or locked,
        )

    def host_allowed(self, host: str) -> bool:
        """Whether a Host header, with or without port, names this server."""
        name = _name_of(f"//{host}")
        if name is None:
            return False
        return is_loopback_name(name) or name in self.hosts or (self.public and _is_address(name))

    def origin_allowed(self, origin: str, *, host: str) -> bool:
        """Whether a page at `origin` may call; `host` is the request's Host header."""
        if origin == "null":
            return self.null_origin
        name = _name_of(origin)
        if name is None:
            return False
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"}:
            return False
        same = parts.netloc.lower() == host.lower()
        return same or is_loopback_name(name) or origin.lower() in self.origins


def is_loopback_name(name: str) -> bool:
    """Whether `name` (a host name or an address) means this machine."""
    lowered = name.lower().strip("[]").rstrip(".")
    if lowered == "localhost" or lowered.endswith(".localhost"):
        return True
    return is_loopback_address(lowered)


def is_loopback_address(address: str) -> bool:
    """Whether `address` is a loopback address, also as IPv4 inside IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return parsed.is_loopback or (mapped is not None and mapped.is_loopback)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name_of(url: str) -> str | None:
    """The host of `url`; None when it is malformed or carries more than host and port."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises ValueError on a port that is none)
    except ValueError:
        return None
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.hostname
