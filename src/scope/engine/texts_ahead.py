"""New texts are made ready on a thread of their own, so that no stream waits for them.

Decides the order: streams take turns, and what a stream wants now replaces what it wanted
before. Knows nothing of updates or chunks; what a text becomes is the pipeline's business.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

from scope.engine.failures import error_info
from scope.errors import GenerationFailed
from scope.events import ErrorInfo
from scope.pipelines.contract import Texts

FAILURES_KEPT = 64


class NothingAhead:
    """For a pipeline to which a text costs nothing: all of them are ready."""

    def ready(self, texts: Iterable[str]) -> bool:
        """See `TextsAhead`."""
        return True

    def failure(self, texts: Iterable[str]) -> ErrorInfo | None:
        """See `TextsAhead`."""
        return None

    def unused(self, text: str) -> str:
        """See `TextsAhead`."""
        return ""

    def want(self, stream_id: str, texts: Iterable[str]) -> None:
        """See `TextsAhead`."""

    def forget(self, stream_id: str) -> None:
        """See `TextsAhead`."""

    def close(self) -> None:
        """See `TextsAhead`."""


class TextsAhead:
    """For one pipeline. `news` is called on that thread whenever a text is through."""

    def __init__(self, texts: Texts, *, news: Callable[[], None]) -> None:
        self._texts = texts
        self._news = news
        self._wanted: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._failed: OrderedDict[str, ErrorInfo] = OrderedDict()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ready(self, texts: Iterable[str]) -> bool:
        """Whether none of them has to be waited for: known, or known to be impossible."""
        return not self._missing(texts)

    def failure(self, texts: Iterable[str]) -> ErrorInfo | None:
        """Why one of them can not be had, if one of them can not."""
        return next((self._failed[text] for text in texts if text in self._failed), None)

    def unused(self, text: str) -> str:
        """The end of `text` that the pipeline does not read."""
        return self._texts.unused(text)

    def want(self, stream_id: str, texts: Iterable[str]) -> None:
        """Have these ready, in this order; what the stream wanted before is not needed now."""
        missing = self._missing(texts)
        with self._changed:
            if not missing or self._closed:
                self._wanted.pop(stream_id, None)
                return
            self._wanted[stream_id] = missing
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scope-texts", daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self, stream_id: str) -> None:
        """The stream wants nothing any more."""
        with self._changed:
            self._wanted.pop(stream_id, None)

    def close(self) -> None:
        """Begin nothing more. What is being made ready may take its time; nobody waits."""
        with self._changed:
            self._closed = True
            self._wanted.clear()
            self._changed.notify()

    def _missing(self, texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(
            text
            for text in dict.fromkeys(texts)
            if text not in self._failed and text not in self._texts
        )

    # On the thread.

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                self._texts.prepare(text)
            except Exception as error:  # noqa: BLE001 - foreign code; told as a value
                self._fail(text, error_info(error, kind=GenerationFailed))
            self._news()

    def _next(self) -> str | None:
        with self._changed:
            while not self._closed:
                if (text := self._pick()) is not None:
                    return text
                self._changed.wait()
        return None

    def _pick(self) -> str | None:
        """The next text of the stream that waited longest; that stream then waits again."""
        while self._wanted:
            stream_id, texts = self._wanted.popitem(last=False)
            missing = self._missing(texts)
            if len(missing) > 1:
                self._wanted[stream_id] = missing[1:]
            if missing:
                return missing[0]
        return None

    def _fail(self, text: str, info: ErrorInfo) -> None:
        self._failed[text] = info
        while len(self._failed) > FAILURES_KEPT:
            self._failed.popitem(last=False)


Ahead = TextsAhead | NothingAhead
