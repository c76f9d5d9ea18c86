"""A server that anybody could use does not start, nor one that nobody could."""

from pathlib import Path

import pytest

from scope.keys import key as keys
from scope.keys.access import Access
from scope.keys.key_file import KeyFile
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


def test_a_file_with_a_key_will_do(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyFile(path).add(keys.new_key(Access.VIEW, now_s=0.0)[0])
    check_exposure(Settings(host="0.0.0.0", api_key_file=path))


def test_a_file_that_is_named_and_holds_no_key_is_refused_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with pytest.raises(Exposed, match=f"keys create --scope admin --api-key-file {path}"):
        check_exposure(Settings(api_key_file=path))
    check_exposure(Settings(api_key_file=path, api_key="k"))


def test_a_damaged_file_is_refused_even_on_loopback(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{")
    with pytest.raises(Exposed, match=str(path)):
        check_exposure(Settings(api_key_file=path, api_key="k"))


def test_new_keys_are_long_and_differ() -> None:
    assert new_key() != new_key()
    assert len(new_key()) >= 32
