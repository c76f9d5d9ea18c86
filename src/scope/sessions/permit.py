"""What somebody who watches may do, as whoever let them in says. Knows no key."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permit:
    """owner: tells callers apart, "" where nobody needs a key. label: for others to read.
    may_control: take control, if not have it. good: whether they may still be here.
    """

    owner: str = ""
    label: str | None = None
    may_control: bool = True
    good: Callable[[], bool] = lambda: True
