"""Hashes as the hub uses them."""

import hashlib
from pathlib import Path

from scope.hub.hashes import content_hash


def test_a_large_file_is_named_by_its_sha256(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc" * 1000)
    assert content_hash(path, like="0" * 64) == hashlib.sha256(b"abc" * 1000).hexdigest()


def test_a_small_file_is_named_as_git_does(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"hello\n")
    assert content_hash(path, like="0" * 40) == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_another_name_is_no_hash(tmp_path: Path) -> None:
    assert content_hash(tmp_path, like="W/xyz") is None
