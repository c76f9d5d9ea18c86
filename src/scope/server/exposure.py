"""Whether this server may be reached from outside as it is configured, and what to do if not."""

import secrets

from scope.server.origins import is_loopback_name
from scope.settings import Settings


class Exposed(Exception):
    """The server would be open to everybody; the text names a command that works."""


def check_exposure(settings: Settings) -> None:
    """Refuse to listen beyond this machine without a key. Raises Exposed."""
    if settings.api_key is not None or is_loopback_name(settings.host):
        return
    raise Exposed(
        f"Listening on {settings.host} would let anybody who reaches this machine use it, "
        "and no key is set. This works:\n\n"
        f"    daydream-scope --host {settings.host} --api-key auto\n\n"
        "or listen on this machine only:\n\n"
        "    daydream-scope --host 127.0.0.1"
    )


def new_key() -> str:
    """A key for `--api-key auto`."""
    return secrets.token_urlsafe(24)
