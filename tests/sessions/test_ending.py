"""Everybody learns why a session ended, in words."""

import pytest

from scope.events import ErrorInfo, StopReason, StreamStopped
from scope.sessions.ending import DELETED_BY_OWNER, WISHED, ending_of


def test_the_clients_own_wish_has_no_message() -> None:
    assert WISHED.notice().to_json() == '{"type":"stream_stopped"}'
    assert DELETED_BY_OWNER.notice().error_message


@pytest.mark.parametrize("reason", list(StopReason))
def test_every_reason_of_the_engine_has_words_and_a_code(reason: StopReason) -> None:
    notice = ending_of(StreamStopped("s", reason)).notice()
    assert notice.error_message
    assert notice.code == reason.value


def test_the_engines_own_words_are_passed_on() -> None:
    error = ErrorInfo("out_of_memory", "Needs 20 GB, 8 GB are free.")
    ending = ending_of(StreamStopped("s", StopReason.OUT_OF_MEMORY, error))
    assert "Needs 20 GB" in (ending.message or "")
    assert ending.retry_after_s is not None
