"""Which texts open a server, now and after its file changed."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from scope.keys.access import Access
from scope.keys.key import MOST_CHARACTERS, new_key
from scope.keys.key_file import KeyFile
from scope.keys.private_file import Damaged
from scope.keys.ring import KeyRing


class World:
    """A key file, a time, and rings that read them."""

    def __init__(self, path: Path) -> None:
        self.file = KeyFile(path)
        self.now_s = 1_000.0

    def key(self, access: Access = Access.VIEW, lifetime_s: float | None = None) -> tuple[str, str]:
        key, text = new_key(access, now_s=self.now_s, lifetime_s=lifetime_s)
        self.file.add(key)
        return key.id, text

    def ring(self, chosen: str | None = None, *, must: bool = False) -> KeyRing:
        return KeyRing(chosen=chosen, file=self.file, must=must, now=lambda: self.now_s)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "keys.json")


def test_without_any_key_none_is_needed(world: World) -> None:
    assert not world.ring().locked
    assert world.ring(must=True).locked
    assert world.ring("abc").locked


def test_a_key_of_the_file_and_a_chosen_one_both_open(world: World) -> None:
    key_id, text = world.key()
    ring = world.ring("abc")
    found, chosen = ring.find(text), ring.find("abc")
    assert found is not None
    assert (found.id, found.access) == (key_id, Access.VIEW)
    assert chosen is not None
    assert chosen.access is Access.ADMIN


def test_nothing_else_opens(world: World) -> None:
    key_id, text = world.key()
    ring = world.ring("abc")
    wrong = ["", "ab", "abcd", text[:-1], f"{text}x", f"scope_{key_id}_", f"scope_00000000_{text}"]
    assert [ring.find(each) for each in (*wrong, "x" * (MOST_CHARACTERS + 1))] == [None] * 8


def test_a_ring_without_a_chosen_key_is_not_opened_by_an_empty_one(world: World) -> None:
    world.key()
    assert world.ring().find("") is None
    assert world.ring("").find("") is None


def test_a_key_ends_when_it_expires(world: World) -> None:
    key_id, text = world.key(lifetime_s=60)
    ring = world.ring()
    world.now_s += 59
    assert ring.find(text)
    world.now_s += 1
    assert ring.find(text) is None
    assert ring.get(key_id) is None


def test_a_revoked_key_opens_nothing_after_a_look(world: World) -> None:
    key_id, text = world.key()
    other_id, other = world.key()
    ring = world.ring()
    assert not ring.refresh()
    world.file.remove(key_id)
    assert ring.refresh()
    assert ring.find(text) is None
    assert ring.get(key_id) is None
    assert ring.find(other)
    assert ring.get(other_id)


def test_a_new_key_opens_and_locks_what_was_open(world: World) -> None:
    ring = world.ring()
    _, text = world.key()
    ring.refresh()
    assert ring.locked
    assert ring.find(text)


def test_what_was_locked_stays_locked_without_its_file(world: World) -> None:
    _, text = world.key()
    ring = world.ring()
    world.file.path.unlink()
    ring.refresh()
    assert ring.locked
    assert ring.find(text) is None


def test_a_damaged_file_locks_everybody_out_but_the_chosen_key(world: World) -> None:
    _, text = world.key()
    ring = world.ring("abc")
    world.file.path.write_text("{")
    with pytest.raises(Damaged):
        ring.refresh()
    assert ring.locked
    assert ring.find(text) is None
    assert ring.find("abc")
    with pytest.raises(Damaged):
        world.ring()


def failing(monkeypatch: pytest.MonkeyPatch, call: str, code: int) -> None:
    """Every `call` on a path fails until the patch is undone."""

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, call, fail)


@pytest.mark.parametrize(
    ("call", "code"),
    [("stat", errno.EACCES), ("stat", errno.ESTALE), ("stat", errno.EIO), ("open", errno.EMFILE)],
)
def test_a_disk_that_fails_for_a_moment_takes_no_key_away(
    world: World, call: str, code: int
) -> None:
    key_id, text = world.key()
    ring = world.ring()
    _, newer = world.key()
    with pytest.MonkeyPatch.context() as disk:
        failing(disk, call, code)
        for _ in range(2):
            with pytest.raises(Damaged):
                ring.refresh()
            assert ring.find(text)
            assert ring.get(key_id)
    assert ring.refresh()
    assert ring.find(text)
    assert ring.find(newer)


def test_a_file_that_is_gone_after_the_disk_failed_lets_nobody_in(world: World) -> None:
    _, text = world.key()
    ring = world.ring()
    with pytest.MonkeyPatch.context() as disk:
        failing(disk, "stat", errno.EIO)
        with pytest.raises(Damaged):
            ring.refresh()
    world.file.path.unlink()
    assert ring.refresh()
    assert ring.locked
    assert ring.find(text) is None


def test_a_damaged_file_is_looked_at_again_though_nothing_seems_to_have_changed(
    world: World,
) -> None:
    _, text = world.key()
    good = world.file.path.read_bytes()
    ring = world.ring()
    world.file.path.write_bytes(b"{" + good[1:].replace(b"}", b"x"))
    status = world.file.path.stat()
    with pytest.raises(Damaged):
        ring.refresh()
    assert ring.find(text) is None
    world.file.path.write_bytes(good)
    os.utime(world.file.path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ring.refresh()
    assert ring.find(text)


def test_a_folder_where_the_file_was_lets_nobody_in(world: World) -> None:
    _, text = world.key()
    ring = world.ring()
    world.file.path.unlink()
    world.file.path.mkdir()
    with pytest.raises(Damaged):
        ring.refresh()
    assert ring.find(text) is None


def test_without_keys_one_is_needed_only_as_long_as_the_file_can_not_be_looked_at(
    world: World,
) -> None:
    ring = world.ring()
    with pytest.MonkeyPatch.context() as disk:
        failing(disk, "stat", errno.EIO)
        with pytest.raises(Damaged):
            ring.refresh()
        assert ring.locked
    ring.refresh()
    assert not ring.locked


def test_the_owner_has_the_chosen_key_or_an_admin_key_that_is_good(world: World) -> None:
    world.key(Access.CONTROL)
    ring = world.ring()
    assert ring.of_owner() is None
    admin_id, _ = world.key(Access.ADMIN, lifetime_s=10)
    ring.refresh()
    owner = ring.of_owner()
    assert owner is not None
    assert owner.id == admin_id
    world.now_s += 10
    assert ring.of_owner() is None
    assert world.ring("abc").of_owner()
