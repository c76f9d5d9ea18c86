"""What a caller may do, and who that is. Knows no request and no key's secret."""

from dataclasses import dataclass
from enum import IntEnum


class Access(IntEnum):
    """What a caller must hold; each includes the ones below."""

    PUBLIC = 0
    VIEW = 1
    CONTROL = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """As people and files have it."""
        return self.name.lower()


SCOPES = {access.word: access for access in (Access.VIEW, Access.CONTROL, Access.ADMIN)}
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
