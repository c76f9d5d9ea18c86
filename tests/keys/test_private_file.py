"""A file for its owner only, whole at every moment."""

import json
import stat
import threading
from pathlib import Path

import pytest

from scope.keys.private_file import MOST_BYTES, Damaged, PrivateFile


@pytest.fixture
def file(tmp_path: Path) -> PrivateFile:
    return PrivateFile(tmp_path / "new" / "it.json")


def test_without_a_file_there_is_nothing(file: PrivateFile) -> None:
    assert file.read() is None
    assert file.signature() is None


def test_only_the_owner_may_read_it_and_its_folder(file: PrivateFile) -> None:
    file.write({"a": 1})
    assert file.read() == {"a": 1}
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_wider_mode_is_mended_by_the_next_write(file: PrivateFile) -> None:
    file.write(1)
    file.path.chmod(0o644)
    file.write(2)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_every_write_changes_the_signature_even_to_the_same(file: PrivateFile) -> None:
    file.write(1)
    before = file.signature()
    file.write(1)
    assert file.signature() != before


def test_a_reader_sees_the_old_or_the_new_never_a_part(file: PrivateFile) -> None:
    whole = ["a" * 50_000, "b" * 50_000]
    file.write(whole[0])
    over = threading.Event()

    def rewrite() -> None:
        for n in range(60):
            file.write(whole[n % 2])
        over.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not over.is_set():
        assert file.read() in whole
    writer.join()
    assert [path.name for path in file.path.parent.iterdir()] == ["it.json"]


@pytest.mark.parametrize(
    "content", [b"{", b"\xff\xfe", b"[" * 100_000, b'"' + b"x" * MOST_BYTES + b'"']
)
def test_what_is_no_json_or_too_large_is_damaged(file: PrivateFile, content: bytes) -> None:
    file.write(1)
    file.path.write_bytes(content)
    with pytest.raises(Damaged, match=str(file.path)):
        file.read()


def test_where_nothing_can_be_written_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Damaged, match="cannot be written"):
        PrivateFile(tmp_path / "file" / "it.json").write(1)
    (tmp_path / "it.json").mkdir()
    (tmp_path / "it.json" / "x").touch()
    with pytest.raises(Damaged, match="cannot be written"):
        PrivateFile(tmp_path / "it.json").write(1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "it.json"]


def test_writers_that_hold_it_lose_nothing_of_each_other(file: PrivateFile) -> None:
    file.write([])

    def append(name: int) -> None:
        with file.held():
            file.write([*file.read(), name])

    writers = [threading.Thread(target=append, args=(n,)) for n in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(json.loads(file.path.read_text())) == list(range(16))
