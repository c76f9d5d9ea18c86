"""The example watches a real server as its docstring says."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.cli.conftest import Aside

FILE = Path(__file__).parent.parent.parent / "examples" / "receive.py"


def test_each_prompt_leaves_a_picture(tmp_path: Path) -> None:
    server = Aside()
    try:
        done = subprocess.run(
            [
                *(sys.executable, str(FILE), "one", "two", "--url", server.url),
                *("--seconds", "0.5", "--out", str(tmp_path)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        server.end()
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("in the picture after") == 2
    with Image.open(tmp_path / "1.png") as first, Image.open(tmp_path / "2.png") as second:
        assert first.size == (512, 128)
        assert first.getpixel((10, 10)) != second.getpixel((10, 10))


def test_it_is_short() -> None:
    assert len(FILE.read_text().splitlines()) < 80
