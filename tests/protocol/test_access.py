"""Bodies of coming in and of links to watch."""

from typing import Any

import pytest
from pydantic import ValidationError

from scope.protocol.access import AccessResponse, EnterRequest, ShareRequest, ShareResponse


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": 1}, {"key": "x" * 513}])
def test_a_key_is_a_text_of_some_length(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EnterRequest.model_validate(body)


def test_a_link_is_good_once_and_for_a_day_unless_it_is_said_otherwise() -> None:
    wish = ShareRequest()
    assert (wish.session_id, wish.expires_s, wish.uses) == (None, 86_400, 1)


@pytest.mark.parametrize(
    "body", [{"expires_s": 59}, {"expires_s": 1e9}, {"uses": 0}, {"uses": 1001}]
)
def test_a_link_has_bounds(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ShareRequest.model_validate(body)


def test_what_is_not_so_is_left_open() -> None:
    assert AccessResponse(locked=False, access="admin").expires_s is None
    assert ShareResponse(path="/output").uses is None
