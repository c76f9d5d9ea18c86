"""Each message to a client is one JSON object with the keys of the wire format."""

import json

import pytest

from scope.protocol.notices import (
    MAX_DETAIL_CHARACTERS,
    Applied,
    Draining,
    ErrorNotice,
    Hello,
    Notice,
    ParametersUpdated,
    Paused,
    PipelineError,
    Stats,
    StreamStoppedNotice,
)

HELLO = Hello(
    session_id="s", resume_token="t", pipeline_id="vista", seed=5, fps=16, width=320, height=192
)


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        (
            HELLO,
            {
                "type": "hello",
                "sessionId": "s",
                "resumeToken": "t",
                "pipeline_id": "vista",
                "seed": 5,
                "fps": 16.0,
                "width": 320,
                "height": 192,
            },
        ),
        (
            Applied(revision=3, first_frame=24, chunk=2, rtp_timestamp=7, ms=81.5, message_id="a"),
            {
                "type": "applied",
                "revision": 3,
                "first_frame": 24,
                "chunk": 2,
                "rtp_timestamp": 7,
                "ms": 81.5,
                "_id": "a",
            },
        ),
        (
            ErrorNotice(code="invalid_parameters", field="seed", detail="seed: no"),
            {
                "type": "error",
                "severity": "error",
                "code": "invalid_parameters",
                "field": "seed",
                "detail": "seed: no",
            },
        ),
        (StreamStoppedNotice(), {"type": "stream_stopped"}),
        (
            StreamStoppedNotice(error_message="gone", code="worker_lost", retry_after=2),
            {
                "type": "stream_stopped",
                "error_message": "gone",
                "code": "worker_lost",
                "retry_after": 2.0,
            },
        ),
        (
            ParametersUpdated(parameters={"seed": 1, "prompts": None}),
            {"type": "parameters_updated", "parameters": {"seed": 1, "prompts": None}},
        ),
        (Paused(), {"type": "paused", "paused": True}),
        (Draining(in_s=5), {"type": "draining", "in_s": 5.0}),
        (
            PipelineError(message="m", recoverable=True),
            {"type": "pipeline_error", "message": "m", "recoverable": True},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Notice) else "",
)
def test_a_notice_reads_as_the_wire_format_says(notice: Notice, told: dict[str, object]) -> None:
    assert json.loads(notice.to_json()) == told


def test_figures_not_known_yet_are_null() -> None:
    assert json.loads(Stats(fps=15.9, queue=3).to_json()) == {
        "type": "stats",
        "fps": 15.9,
        "chunk_ms": None,
        "delay_ms": None,
        "queue": 3,
        "bitrate_kbps": None,
        "rtt_ms": None,
        "loss": None,
    }


def test_a_long_detail_is_cut() -> None:
    told = json.loads(ErrorNotice(code="c", detail="x" * 5_000).to_json())
    assert told["detail"] == "x" * MAX_DETAIL_CHARACTERS


def test_a_refusal_fits_one_datagram() -> None:
    refused = ErrorNotice(code="invalid_parameters", field="f" * 64, detail="x" * 5_000)
    assert len(refused.to_json()) < 1_000
    assert len(HELLO.to_json()) < 1_000
