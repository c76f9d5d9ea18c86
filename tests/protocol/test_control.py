"""The body that names a peer."""

import pytest
from pydantic import ValidationError

from scope.protocol.control import TakeControlRequest, TakeControlResponse


def test_it_names_one_peer() -> None:
    assert TakeControlRequest.model_validate({"peer_id": "p"}).peer_id == "p"
    assert TakeControlResponse(session_id="s", peer_id="p").model_dump()["session_id"] == "s"


@pytest.mark.parametrize("body", [{}, {"peer_id": 1}, {"peer_id": "x" * 129}, []])
def test_anything_else_is_refused(body: object) -> None:
    with pytest.raises(ValidationError):
        TakeControlRequest.model_validate(body)
