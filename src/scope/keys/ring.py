"""The keys a server knows now: the one it was given at start, and those in its file.

Decides whether a key is needed at all, and that a server which needed one once needs one for
good: a file that vanishes or is damaged locks everybody out whose key was in it. A disk that does
not give the file just now takes nobody's key away. Never tells why a text is no key.
"""

from collections.abc import Callable

from scope.keys.access import Access
from scope.keys.key import MOST_CHARACTERS, Key, chosen_key, digest_of, parts_of
from scope.keys.key_file import KeyFile
from scope.keys.private_file import Damaged, OutOfReach, Signature

NO_SALT = bytes(16)


class KeyRing:
    """chosen: the key given at start. file: where others lie; `must` be there or not.

    now: seconds since 1970. Raises Damaged when the file can not be read.
    """

    def __init__(
        self,
        *,
        chosen: str | None = None,
        file: KeyFile | None = None,
        must: bool = False,
        now: Callable[[], float],
    ) -> None:
        self._chosen = chosen_key(chosen) if chosen else None
        self._file = file
        self._now = now
        self._keys: dict[str, Key] = {}
        self._seen: Signature | None = None
        self._sure = file is None  # what is known is what was in the file with that signature
        self._locked = self._chosen is not None or must
        self.refresh()

    @property
    def locked(self) -> bool:
        """Whether callers need a key: if in doubt, they do."""
        return self._locked or not self._sure

    def find(self, text: str) -> Key | None:
        """The key that `text` is, unless it has expired; every way to None takes as long."""
        if len(text) > MOST_CHARACTERS:
            return None
        key_id, secret = parts_of(text)
        kept = self._keys.get(key_id) or _nothing()
        found = kept if kept.opens_with(secret) else None
        chosen = self._chosen or _nothing()
        found = chosen if chosen.opens_with(text) else found
        return None if found is None or found.is_over(self._now()) else found

    def get(self, key_id: str) -> Key | None:
        """The key of that id, if it is still good."""
        if self._chosen is not None and key_id == self._chosen.id:
            return self._chosen
        key = self._keys.get(key_id)
        return None if key is None or key.is_over(self._now()) else key

    def of_owner(self) -> Key | None:
        """A key that may do everything, for who started the server."""
        admins = (key for key in self._keys.values() if key.access is Access.ADMIN)
        now_s = self._now()
        return self._chosen or next((key for key in admins if not key.is_over(now_s)), None)

    def refresh(self) -> bool:
        """Read the file if it has changed; whether it had. Blocks on the disk. Raises Damaged."""
        if self._file is None:
            return False
        try:
            signature = self._file.signature()
            if self._sure and signature == self._seen:
                return False
            keys = {key.id: key for key in self._file.all()}
        except Damaged as error:
            self._sure = False
            if not isinstance(error, OutOfReach):
                self._keys = {}
                self._locked = True
            raise
        self._keys, self._seen, self._sure = keys, signature, True
        self._locked = self._locked or bool(keys)
        return True


def _nothing() -> Key:
    """What no text opens, for callers whose id is nobody's."""
    return Key("", Access.PUBLIC, "", 0.0, None, NO_SALT, digest_of(NO_SALT, "")[::-1])
