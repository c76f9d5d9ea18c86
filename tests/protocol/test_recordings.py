from scope.protocol.recordings import RecordingResponse


def test_an_error_is_there_only_if_there_was_one() -> None:
    told = RecordingResponse(
        session_id="s", number=1, recording=True, url="/x", seconds=0.5, bytes=3
    )
    assert "error" not in told.model_dump(exclude_none=True)
