"""Whether this server may be reached from outside as it is configured, and what to do if not."""

import secrets

from scope.keys.key_file import KeyFile
from scope.keys.private_file import Damaged
from scope.server.origins import is_loopback_name
from scope.settings import Settings


class Exposed(Exception):
    """The server would be open to everybody; the text names a command that works."""


def check_exposure(settings: Settings) -> None:
    """Refuse to listen beyond this machine without a key, or with a key file that is named
    and not there, or damaged. Raises Exposed.
    """
    try:
        keys = KeyFile(settings.key_file).all()
    except Damaged as error:
        raise Exposed(f"{error}. Mend it, or name another one with --api-key-file.") from error
    if settings.api_key_file is not None and not keys and settings.api_key is None:
        raise Exposed(
            f"There is no key in {settings.key_file}. Make one:\n\n"
            f"    daydream-scope keys create --scope admin --api-key-file {settings.key_file}"
        )
    if settings.api_key is not None or keys or is_loopback_name(settings.host):
        return
    raise Exposed(
        f"Listening on {settings.host} would let anybody who reaches this machine use it, "
        "and no key is set. This works:\n\n"
        f"    daydream-scope --host {settings.host} --api-key auto\n\n"
        "or, with keys that stay and can be revoked:\n\n"
        "    daydream-scope keys create --scope admin\n"
        f"    daydream-scope --host {settings.host}\n\n"
        "or listen on this machine only:\n\n"
        "    daydream-scope --host 127.0.0.1"
    )


def new_key() -> str:
    """A key for `--api-key auto`."""
    return secrets.token_urlsafe(24)
