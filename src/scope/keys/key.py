"""One key: what it is worth, until when, and how a text is found to be it.

Decides the form of a key and that only a salted digest of its secret is kept. The secret has
256 random bits, so a plain hash of it can not be searched. Knows no file.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from scope.keys.access import Access

PREFIX = "scope"
ID_BYTES = 4
SECRET_BYTES = 32
SALT_BYTES = 16
MOST_CHARACTERS = 512
MOST_LABEL = 64


@dataclass(frozen=True, slots=True)
class Key:
    """created_s, expires_s: seconds since 1970; expires_s None: good until it is revoked.

    guessable: chosen by a person, so that tries must be counted.
    """

    id: str
    access: Access
    label: str
    created_s: float
    expires_s: float | None
    salt: bytes
    digest: bytes
    guessable: bool = False

    def opens_with(self, secret: str) -> bool:
        """Whether `secret` is the one of this key; takes as long if it is not."""
        return hmac.compare_digest(digest_of(self.salt, secret), self.digest)

    def is_over(self, now_s: float) -> bool:
        """Whether it has expired."""
        return self.expires_s is not None and now_s >= self.expires_s


def new_key(
    access: Access, label: str = "", *, now_s: float, lifetime_s: float | None = None
) -> tuple[Key, str]:
    """A key, and the text to show once. Raises ValueError for a label nobody can read."""
    if len(label) > MOST_LABEL or not label.isprintable():
        raise ValueError(f"a label has at most {MOST_LABEL} printable characters")
    key_id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    salt = secrets.token_bytes(SALT_BYTES)
    expires_s = None if lifetime_s is None else now_s + lifetime_s
    key = Key(key_id, access, label, now_s, expires_s, salt, digest_of(salt, secret))
    return key, f"{PREFIX}_{key_id}_{secret}"


def chosen_key(text: str) -> Key:
    """The key a person chose on the command line or in the environment; it may do everything.

    Its id is the same at every start, and costs who wants to guess the key from it dearly.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    slow = hashlib.scrypt(text.encode(), salt=b"daydream-scope key id", n=2**14, r=8, p=1, dklen=8)
    return Key(
        id=f"chosen-{slow.hex()}",
        access=Access.ADMIN,
        label="",
        created_s=0.0,
        expires_s=None,
        salt=salt,
        digest=digest_of(salt, text),
        guessable=True,
    )


def parts_of(text: str) -> tuple[str, str]:
    """The id and the secret in a key's text; both empty where it has not that form."""
    prefix, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == PREFIX and key_id and secret else ("", "")


def digest_of(salt: bytes, secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(salt + secret.encode(errors="replace")).digest()
