"""What pages hold instead of a key: passes, and the invitations that are exchanged for them.

Decides how long each is good, that an invitation is good for so many pages and no more, and
that both end with the key they were made under. Only digests are kept. Knows no cookie.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from scope.keys.access import SCOPES, Access
from scope.keys.key import MOST_CHARACTERS

TOKEN_BYTES = 32
IDLE_S = 12 * 3600.0
PASS_AT_MOST_S = 30 * 86_400.0
MOST_PASSES = 500
MOST_INVITATIONS = 256


@dataclass(slots=True)
class Pass:
    """A page that was let in. until_s: at the latest; seen_s: when it was last shown."""

    id: str
    key_id: str
    access: Access
    label: str | None
    until_s: float
    seen_s: float


@dataclass(slots=True)
class Invitation:
    """A link that lets pages in. until_s: the link's end; pass_until_s: of what it gives."""

    id: str
    key_id: str
    access: Access
    label: str | None
    until_s: float
    pass_until_s: float
    uses: int


class Passes:
    """See the module. good: whether a key is; now: seconds since 1970."""

    def __init__(self, *, good: Callable[[str], bool], now: Callable[[], float]) -> None:
        self._good = good
        self._now = now
        self._passes: dict[str, Pass] = {}
        self._invitations: dict[str, Invitation] = {}

    def issue(
        self, key_id: str, access: Access, label: str | None, *, until_s: float | None = None
    ) -> tuple[str, Pass]:
        """A new pass: the text the page keeps, and what it stands for."""
        self._tidy()
        while len(self._passes) >= MOST_PASSES:
            del self._passes[min(self._passes, key=lambda each: self._passes[each].seen_s)]
        text, now_s = secrets.token_urlsafe(TOKEN_BYTES), self._now()
        until_s = now_s + PASS_AT_MOST_S if until_s is None else until_s
        issued = Pass(_digest(text), key_id, access, label, until_s, now_s)
        self._passes[issued.id] = issued
        return text, issued

    def find(self, text: str) -> Pass | None:
        """The pass that `text` is, which counts as shown now."""
        pass_id = _digest(text)
        return self._passes[pass_id] if self.show(pass_id) else None

    def show(self, pass_id: str) -> bool:
        """Whether that pass is still good; if so it counts as shown now."""
        found = self._passes.get(pass_id)
        if found is None or not self._is_good(found):
            return False
        found.seen_s = self._now()
        return True

    def drop(self, text: str) -> bool:
        """Forget a pass; whether there was one."""
        return self._passes.pop(_digest(text), None) is not None

    def invite(
        self,
        key_id: str,
        access: Access,
        label: str | None,
        *,
        link_s: float,
        pass_s: float = PASS_AT_MOST_S,
        uses: int = 1,
    ) -> str | None:
        """The text of a link for `uses` pages; None when there are too many already.

        link_s: how long it can be used; pass_s: how long from now what it gives is good.
        """
        self._tidy()
        if len(self._invitations) >= MOST_INVITATIONS:
            return None
        text, now_s = secrets.token_urlsafe(TOKEN_BYTES), self._now()
        made = Invitation(
            _digest(text), key_id, access, label, now_s + link_s, now_s + pass_s, uses
        )
        self._invitations[made.id] = made
        return text

    def redeem(self, text: str) -> tuple[str, Pass] | None:
        """A pass for an invitation, if it is one and not used up."""
        found = self._invitations.get(_digest(text))
        if found is None or self._now() >= found.until_s or not self._good(found.key_id):
            return None
        found.uses -= 1
        if found.uses <= 0:
            del self._invitations[found.id]
        return self.issue(found.key_id, found.access, found.label, until_s=found.pass_until_s)

    def dump(self) -> dict[str, Any]:
        """Everything as JSON, without a secret."""
        self._tidy()
        return {
            kind: [asdict(each) | {"access": each.access.word} for each in kept.values()]
            for kind, kept in (("passes", self._passes), ("invitations", self._invitations))
        }

    def load(self, value: Any) -> None:
        """What `dump` gave, before a restart. Raises ValueError for anything else."""
        try:
            passes = [Pass(**_entry(each)) for each in value["passes"]]
            invitations = [Invitation(**_entry(each)) for each in value["invitations"]]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError("these are no passes") from error
        self._passes = {each.id: each for each in passes[:MOST_PASSES]}
        self._invitations = {each.id: each for each in invitations[:MOST_INVITATIONS]}
        self._tidy()

    def _is_good(self, held: Pass) -> bool:
        end_s = min(held.until_s, held.seen_s + IDLE_S)
        return self._now() < end_s and self._good(held.key_id)

    def _tidy(self) -> None:
        self._passes = _kept(self._passes.values(), self._is_good)
        self._invitations = _kept(
            self._invitations.values(),
            lambda link: self._now() < link.until_s and self._good(link.key_id),
        )


def _kept(entries: Iterable[Any], good: Callable[[Any], bool]) -> dict[str, Any]:
    return {entry.id: entry for entry in entries if good(entry)}


def _entry(value: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: float(each) for name, each in value.items() if name.endswith("_s")}
    return value | numbers | {"access": SCOPES[value["access"]]}


def _digest(text: str) -> str:
    """A lookup by digest tells nothing of the text by the time it takes."""
    return hashlib.sha256(text[:MOST_CHARACTERS].encode(errors="replace")).hexdigest()
