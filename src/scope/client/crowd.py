"""One source, several listeners who read at their own pace: each has a bounded queue.

Decides that a listener who is too slow loses the oldest, never the newest.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class _Ear(Generic[ItemT]):
    def __init__(self, most: int) -> None:
        self.items: deque[ItemT] = deque(maxlen=most)
        self.news = asyncio.Event()


class Crowd(Generic[ItemT]):
    """See the module."""

    def __init__(self) -> None:
        self._ears: set[_Ear[ItemT]] = set()
        self._over = False

    def __len__(self) -> int:
        return len(self._ears)

    def tell(self, item: ItemT) -> None:
        """Hand `item` to everybody who listens."""
        for ear in self._ears:
            ear.items.append(item)
            ear.news.set()

    def end(self) -> None:
        """Nothing more comes; listeners still get what they have not read."""
        self._over = True
        for ear in self._ears:
            ear.news.set()

    async def listen(self, *, most: int) -> AsyncIterator[ItemT]:
        """Everything told from now on, at most `most` behind."""
        ear: _Ear[ItemT] = _Ear(most)
        self._ears.add(ear)
        try:
            while True:
                while ear.items:
                    yield ear.items.popleft()
                if self._over:
                    return
                ear.news.clear()
                await ear.news.wait()
        finally:
            self._ears.discard(ear)
