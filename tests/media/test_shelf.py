"""Where recordings are kept."""

import os
from pathlib import Path

import pytest

from scope.media.shelf import RecordingShelf, ShelfLimits

NOW_S = 1_000_000.0


def shelf(folder: Path, **limits: float) -> RecordingShelf:
    return RecordingShelf(
        folder / "deep" / "down", limits=ShelfLimits(**{"free_bytes": 0, **limits})
    )


def put(shelf: RecordingShelf, session_id: str, *, size: int = 10, age_s: float = 0) -> Path:
    _, path = shelf.place_for(session_id)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))
    return path


def test_recordings_of_a_session_are_numbered(tmp_path: Path) -> None:
    kept = shelf(tmp_path)
    assert kept.find("a") is None
    first, second, other = put(kept, "a"), put(kept, "a"), put(kept, "a-b")
    assert kept.numbers("a") == [1, 2]
    assert kept.find("a") == (2, second)
    assert kept.find("a", 1) == (1, first)
    assert kept.find("a", 3) is None
    assert kept.find("a-b") == (1, other)


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".a", "a" * 65, "a\0b", "-a"])
def test_a_name_can_not_leave_the_folder(tmp_path: Path, name: str) -> None:
    kept = shelf(tmp_path)
    with pytest.raises(OSError, match="name"):
        kept.place_for(name)
    assert kept.find(name) is None


def test_a_full_disk_is_no_place(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"):
        shelf(tmp_path, free_bytes=2**62).place_for("a")


def test_what_is_old_goes_and_so_does_the_oldest_of_too_much(tmp_path: Path) -> None:
    kept = shelf(tmp_path, keep_s=100, total_bytes=25)
    assert kept.tidy(now_s=NOW_S) == []
    old, older = put(kept, "a", age_s=101), put(kept, "b", age_s=50)
    new, newest = put(kept, "c", age_s=10), put(kept, "d")
    assert kept.tidy(now_s=NOW_S) == [old, older]
    assert kept.find("c") == (1, new)
    assert newest.exists()


def test_what_can_not_be_removed_does_not_keep_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = shelf(tmp_path, keep_s=60)
    stuck, free = put(kept, "a", age_s=300), put(kept, "b", age_s=200)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == stuck:
            raise PermissionError(13, "not yours")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert kept.tidy(now_s=NOW_S) == [free]
    assert stuck.exists()
    assert not free.exists()


def test_what_is_being_written_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    kept = shelf(tmp_path, keep_s=0, total_bytes=0)
    running = put(kept, "a", age_s=5)
    foreign = running.with_name("holiday.mp4")
    foreign.write_text("x")
    assert kept.tidy(now_s=NOW_S, keep=[running]) == []
    assert running.exists()
    assert foreign.exists()
