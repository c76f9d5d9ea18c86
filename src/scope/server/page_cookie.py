"""The cookie a page keeps its pass in; pure.

Decides its name and flags, and when it counts: only for a page of this very server, so that no
other site, and no other port of this machine, can act in the page's name. The server speaks no
TLS itself; whether the page came over HTTPS, its browser says in `Origin`.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

SECURE_PREFIX = "__Host-"
SAFE = frozenset({"GET", "HEAD"})


def pass_of(headers: Headers, *, method: str) -> str | None:
    """The pass that came with a request of our own page."""
    cookies = headers.getlist("cookie")
    if not cookies or not from_our_page(headers, method=method):
        return None
    jar, name = cookie_parser("; ".join(cookies)), _name(headers)
    over_tls = headers.get("origin", "https://").startswith("https://")
    return (jar.get(SECURE_PREFIX + name) if over_tls else None) or jar.get(name)


def from_our_page(headers: Headers, *, method: str) -> bool:
    """Whether a page of this server asks, or the reader by opening an address.

    What changes something carries an `Origin` in every browser. What only reads does not, and
    where the browser does not say by `Sec-Fetch-Site` who asks, SameSite has to do.
    """
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    if method not in SAFE:
        return False
    return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def set_cookie(headers: Headers, text: str, *, max_age_s: float) -> str:
    """The `Set-Cookie` that gives a page its pass. An empty text takes it away."""
    secure = headers.get("origin", "").startswith("https://")
    name = (SECURE_PREFIX if secure else "") + _name(headers)
    flags = "; Secure" if secure else ""
    age_s = max(0, int(max_age_s)) if text else 0
    return f"{name}={text}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{flags}"


def _name(headers: Headers) -> str:
    """Cookies know no port; two servers on one machine must not take each other's."""
    port = headers.get("host", "").rpartition("]")[2].partition(":")[2]
    return f"scope-{port}" if port.isdigit() else "scope"
