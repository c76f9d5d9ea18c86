"""How long to wait before the next try. Pure."""

import random
from dataclasses import dataclass, field

WAITS_S = (1.0, 2.0, 4.0, 8.0, 8.0)


@dataclass(slots=True)
class Backoff:
    """Tries since a connection last held. waits_s: one for each try there will be."""

    waits_s: tuple[float, ...] = WAITS_S
    tries: int = 0
    _random: random.Random = field(default_factory=random.Random)

    def next_s(self, *, at_least_s: float | None = None) -> float | None:
        """The wait before the next try, with jitter; None when it is time to give up."""
        if self.tries >= len(self.waits_s):
            return None
        wait_s = self.waits_s[self.tries] * self._random.uniform(0.85, 1.15)
        self.tries += 1
        return max(wait_s, at_least_s or 0.0)

    def held(self) -> None:
        """A connection was good for a while."""
        self.tries = 0
