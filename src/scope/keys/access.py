"""What a caller may do, and who that is. Knows no request and no key's secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Word = Literal["public", "view", "control", "admin"]


class Access(IntEnum):
    """What a caller must hold; each includes the ones below."""

    PUBLIC = 0
    VIEW = 1
    CONTROL = 2
    ADMIN = 3

    @property
    def word(self) -> Word:
        """As people and files have it."""
        return WORDS[self]


WORDS: Mapping[Access, Word] = {
    Access.PUBLIC: "public",
    Access.VIEW: "view",
    Access.CONTROL: "control",
    Access.ADMIN: "admin",
}
SCOPES: Mapping[str, Access] = {word: access for access, word in WORDS.items() if access}
"""What a key can be worth, by its word."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. owner: tells callers apart, "" where nobody needs a key. label: of the key, for
    other people to read. key_id: the key everything this caller does hangs on; pass_id: the
    page's pass it came with, if not with the key itself.
    """

    access: Access
    owner: str = ""
    label: str | None = None
    key_id: str | None = None
    pass_id: str | None = None


ANYBODY = Caller(Access.ADMIN)
"""Every caller of a server that has no key."""
NOBODY = Caller(Access.PUBLIC)
"""A caller who shows nothing."""
