"""One log format for everybody: readable on a terminal, JSON otherwise."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from scope.server.logs import configure_logs
from scope.settings import Settings


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_away_from_a_terminal_every_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings())
    structlog.get_logger("ours").info("started", port=8000)
    logging.getLogger("theirs").warning("odd %s", "thing")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["port"], first["level"]) == ("started", 8000, "info")
    assert (second["event"], second["logger"]) == ("odd thing", "theirs")


def test_an_error_carries_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings())
    structlog.get_logger().error("failed", exc_info=ValueError("why"))
    assert "ValueError: why" in json.loads(capsys.readouterr().err)["exception"]


def test_text_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_format="text"))
    structlog.get_logger().info("started")
    line = capsys.readouterr().err
    assert "started" in line
    assert not line.startswith("{")


def test_chatty_libraries_are_quiet_and_the_level_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(Settings(log_level="warning"))
    logging.getLogger("aioice.ice").info("checking pair")
    logging.getLogger("anything").info("detail")
    assert capsys.readouterr().err == ""
