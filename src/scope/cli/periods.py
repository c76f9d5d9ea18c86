"""How long something lasts, as people write it: `90m`, `12h`, `30d`, or the day it ends."""

import re
from datetime import UTC, datetime

from scope.cli.leaving import fail

UNITS_S = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
MOST_S = 3650 * 86_400.0


def period_s(text: str, *, option: str, now_s: float) -> float:
    """Seconds from `now_s` (since 1970) on. Leaves with words for anything else."""
    if found := re.fullmatch(r"(\d{1,6})([mhdw])", text.strip().lower()):
        lasts_s = int(found[1]) * UNITS_S[found[2]]
    else:
        lasts_s = _day_s(text, option=option) - now_s
    if not 0 < lasts_s <= MOST_S:
        fail(f"{option}: {text} is not a time ahead, within ten years")
    return lasts_s


def _day_s(text: str, *, option: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option}: write 90m, 12h, 30d, 4w, or a day such as 2031-05-01, not {text!r}")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
