"""What a stream takes in at its chunk boundaries: what was sent, and what was written before.

Decides that nothing is taken before its words are ready, and that an update whose words can
not be had is refused. Knows nothing of pipelines or frames.
"""

from collections.abc import Callable

from scope.control import ControlUpdate, TimedUpdate
from scope.engine.control import Control, Judge, anything
from scope.engine.control_mailbox import ControlMailbox, Merged
from scope.engine.script import Script
from scope.engine.texts_ahead import Ahead
from scope.events import PROMPT_CUT, EngineEvent, ErrorInfo, StreamWarning, UpdateRejected

MOST_REMARKS = 64
REST_SHOWN = 120


class Intake:
    """Of one stream; `texts` is shared with the others."""

    def __init__(
        self,
        *,
        stream_id: str,
        control: Control,
        texts: Ahead,
        tell: Callable[[EngineEvent], None],
        judge: Judge = anything,
    ) -> None:
        self.script = Script()
        self._stream_id = stream_id
        self._texts = texts
        self._tell = tell
        self._mailbox = ControlMailbox(
            type(control.params), control.values, ready=texts.ready, judge=judge
        )
        self._first_words: tuple[str, ...] = ()
        self._remarked: set[str] = set()

    def put(self, update: ControlUpdate) -> None:
        """Take an update in. Raises InvalidParameters and keeps everything as it is."""
        self._mailbox.put(update)
        if update.words():
            self._want(self._first_words)

    def paused(self, now: bool) -> bool:
        """Whether the stream is paused once everything that waits is in force."""
        return self._mailbox.paused(now)

    def ready(self, *, chunk: int, first_index: int, first: Control | None) -> bool:
        """Whether the words this chunk can not do without are ready; they are asked for.

        first: the control in force, where the chunk is the first of a stream or of what is
        left of one.
        """
        self._first_words = () if first is None else first.schedule.words()
        needed = self._first_words + self.script.words(chunk, first_index)
        if self._texts.ready(needed):
            return True
        self._want(needed)
        return False

    def words_ready(self) -> bool:
        """Whether nothing that was sent waits for its words."""
        return self._texts.ready(self._mailbox.words())

    def take(self, *, chunk: int, first_index: int, before: Control) -> Merged | None:
        """What this chunk takes; None when there is nothing."""
        sent = self._mailbox.take()
        failure = self._texts.failure(sent.update.words()) if sent is not None else None
        if sent is not None and failure is not None:
            self._mailbox.forget_values(before.values)
            for revision in sent.revisions:
                self._tell(UpdateRejected(self._stream_id, revision, failure))
            sent = None
        self._remark((*self._first_words, *(sent.update.words() if sent is not None else ())))
        return self.script.join(
            sent, chunk=chunk, first_index=first_index, revision=before.revision
        )

    def put_back(self, taken: Merged | None) -> None:
        """A chunk is not kept: the next one takes the same again, and what came since."""
        if taken is not None and (sent := self.script.put_back(taken)):
            self._mailbox.put_back(sent)

    def waiting(self, taken: Merged | None) -> tuple[Merged, ...]:
        """What would be taken if what was `taken` just now were put back."""
        sent = taken.sent if taken is not None and taken.scripted else taken
        return self._mailbox.waiting() if sent is None else (sent, *self._mailbox.waiting())

    def rest_of_script(self, taken: Merged | None) -> tuple[TimedUpdate, ...]:
        """The same for what was written beforehand."""
        return self.script.rest(besides=0 if taken is None else taken.scripted)

    def go_on(self, waiting: tuple[Merged, ...], script: tuple[TimedUpdate, ...]) -> None:
        """Take over what another stream had waiting."""
        self.script = Script(script)
        for group in reversed(waiting):
            self._mailbox.put_back(group)

    def close(self) -> None:
        """Nothing is wanted any more."""
        self._texts.forget(self._stream_id)

    def _remark(self, texts: tuple[str, ...]) -> None:
        """Tell, once, of a text that is too long to be read to its end."""
        for text in dict.fromkeys(texts):
            rest = "" if text in self._remarked else self._texts.unused(text)
            if not rest or len(self._remarked) >= MOST_REMARKS:
                continue
            self._remarked.add(text)
            shown = rest if len(rest) <= REST_SHOWN else f"{rest[:REST_SHOWN]}…"
            detail = f"The prompt is longer than the model reads; left out: {shown}"
            info = ErrorInfo(PROMPT_CUT, detail, "prompts")
            self._tell(StreamWarning(self._stream_id, info))

    def _want(self, needed: tuple[str, ...]) -> None:
        self._texts.want(self._stream_id, needed + self._mailbox.words())
