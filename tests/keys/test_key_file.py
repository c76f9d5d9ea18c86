"""Keys on disk: what is written is read again, and no secret is among it."""

import json
from pathlib import Path
from typing import Any

import pytest

from scope.keys.access import Access
from scope.keys.key import new_key, parts_of
from scope.keys.key_file import MOST_KEYS, KeyFile, TooManyKeys, iso
from scope.keys.private_file import Damaged


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys.json")


def test_what_is_added_is_read_again(file: KeyFile) -> None:
    first, _ = new_key(Access.VIEW, "ünïcode", now_s=1_000.0, lifetime_s=60)
    second, _ = new_key(Access.ADMIN, now_s=1_001.0)
    file.add(first)
    file.add(second)
    assert file.all() == (first, second)


def test_no_secret_is_in_the_file(file: KeyFile) -> None:
    key, text = new_key(Access.ADMIN, now_s=0.0)
    file.add(key)
    assert parts_of(text)[1] not in file.path.read_text()


def test_a_removed_key_is_gone_and_the_others_stay(file: KeyFile) -> None:
    keys = [new_key(Access.VIEW, now_s=0.0)[0] for _ in range(3)]
    for key in keys:
        file.add(key)
    assert file.remove(keys[1].id) == keys[1]
    assert file.remove(keys[1].id) is None
    assert file.all() == (keys[0], keys[2])


def test_expired_keys_make_room_and_others_do_not(file: KeyFile) -> None:
    old, _ = new_key(Access.VIEW, now_s=0.0, lifetime_s=10)
    file.add(old)
    file.add(new_key(Access.VIEW, now_s=11.0)[0])
    assert old not in file.all()
    value = json.loads(file.path.read_text())
    value["keys"] = value["keys"] * MOST_KEYS
    file.path.write_text(json.dumps(value))
    with pytest.raises(TooManyKeys):
        file.add(new_key(Access.VIEW, now_s=12.0)[0])


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "root"},
        {"scope": "public"},
        {"id": 7},
        {"label": None},
        {"sha256": "ab"},
        {"sha256": "no hex"},
        {"salt": None},
        {"created": "yesterday"},
        {"expires": "never"},
    ],
    ids=str,
)
def test_an_entry_that_is_none_damages_the_file(file: KeyFile, change: dict[str, Any]) -> None:
    file.add(new_key(Access.VIEW, now_s=0.0)[0])
    value = json.loads(file.path.read_text())
    value["keys"][0] |= change
    file.path.write_text(json.dumps(value))
    with pytest.raises(Damaged, match="no key file"):
        file.all()


@pytest.mark.parametrize("content", ["[]", "{}", '{"version": 2, "keys": []}', '"scope_a_b"'])
def test_another_file_is_not_taken_for_one(file: KeyFile, content: str) -> None:
    file.path.write_text(content)
    with pytest.raises(Damaged, match="no key file"):
        file.all()


def test_times_are_told_in_utc() -> None:
    assert iso(0.0) == "1970-01-01T00:00:00+00:00"
    assert iso(None) is None
