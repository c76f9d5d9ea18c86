"""A server that anybody could use does not start."""

import pytest

from scope.server.exposure import Exposed, check_exposure, new_key
from scope.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_key(host: str) -> None:
    check_exposure(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "scope.example"])
def test_any_other_address_needs_one_and_the_refusal_names_the_command(host: str) -> None:
    with pytest.raises(Exposed, match=f"daydream-scope --host {host} --api-key auto"):
        check_exposure(Settings(host=host))


def test_with_a_key_it_may_listen_anywhere() -> None:
    check_exposure(Settings(host="0.0.0.0", api_key="k"))


def test_new_keys_are_long_and_differ() -> None:
    assert new_key() != new_key()
    assert len(new_key()) >= 32
