"""A laptop without any network: server and browser in a name space that has only loopback."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAYS = (
    "tests/e2e/test_quickstart.py::test_a_prompt_becomes_moving_pictures_and_a_glide_changes_them"
)
INSIDE = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def test_pictures_play_without_any_network_interface() -> None:
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("unshare or ip is not on this machine")
    probe = subprocess.run([*INSIDE, "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"this machine allows no network name space: {probe.stderr.strip()}")

    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", PLAYS]
    result = subprocess.run(
        [*INSIDE, *tests], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "1 passed" in result.stdout
