"""The example makes an animation, the same one each time."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

FILE = Path(__file__).parent.parent.parent / "examples" / "offline.py"


def test_the_same_words_make_the_same_animation(tmp_path: Path) -> None:
    for name in ("a.gif", "b.gif"):
        line = ("a desert at noon", "--seconds", "0.5", "--out", str(tmp_path / name))
        done = subprocess.run(
            (sys.executable, str(FILE), *line),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "8 pictures" in done.stdout
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    with Image.open(tmp_path / "a.gif") as picture:
        assert (picture.size, picture.n_frames) == ((320, 192), 8)


def test_it_is_short() -> None:
    assert len(FILE.read_text().splitlines()) < 80
