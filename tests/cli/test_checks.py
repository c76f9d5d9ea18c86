"""What the checks find, on this machine and on machines made up for it."""

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scope.cli import checks
from scope.protocol.http import HardwareResponse
from scope.settings import Settings


@pytest.fixture
def stun_server() -> Iterator[str]:
    """Answers one kind of request: where it came from."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def answer() -> None:
        try:
            request, (host, port) = server.recvfrom(1500)
        except OSError:
            return
        number = struct.unpack("!I", socket.inet_aton(host))[0] ^ checks.STUN_COOKIE
        mapped = struct.pack("!BBHI", 0, 1, port ^ 0x2112, number)
        software = struct.pack("!HH", 0x8022, 3) + b"abc\0"
        attributes = software + struct.pack("!HH", 0x0020, len(mapped)) + mapped
        head = struct.pack("!HHI", 0x0101, len(attributes), checks.STUN_COOKIE)
        server.sendto(head + request[8:20] + attributes, (host, port))

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"stun:127.0.0.1:{server.getsockname()[1]}"
    server.close()
    thread.join(5)


def settings(**changes: Any) -> Settings:
    return Settings(**{"port": 0, "stun_urls": (), **changes})


def test_this_machine_is_fit() -> None:
    for finding in (checks.versions(), checks.udp(), checks.built_in_model()):
        assert finding.verdict == "ok", finding
    assert checks.port(settings()).verdict == "ok"
    assert checks.processors().words


def test_a_gpu_needs_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = HardwareResponse(gpu="RTX", vram_gb=24.0, cpu_count=1)
    monkeypatch.setattr(checks, "hardware", lambda: machine)
    assert checks.gpu().words.startswith("RTX, 24 GB")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    without = checks.gpu()
    assert (without.verdict, without.remedy) == ("warn", "uv sync --extra torch")
    assert checks.processors().verdict == "warn"


def test_without_a_gpu_the_small_model_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "hardware", lambda: HardwareResponse(cpu_count=4))
    assert checks.gpu().verdict == "warn"
    assert checks.processors().verdict == "ok"


@pytest.mark.parametrize(("free_gb", "verdict"), [(0.5, "fail"), (5, "warn"), (100, "ok")])
def test_room_on_the_disk(
    free_gb: float, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = int(free_gb * 10**9)

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
    assert checks.disk(settings(hf_hub_cache=tmp_path / "not" / "yet")).verdict == verdict


def test_a_taken_port_is_told_with_another_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finding = checks.port(settings(port=taken.getsockname()[1]))
    assert finding.verdict == "warn"
    assert finding.remedy is not None
    assert "--port" in finding.remedy


def test_stun_tells_where_this_machine_is_seen(stun_server: str) -> None:
    finding = checks.stun(settings(stun_urls=(stun_server,)))
    assert (finding.verdict, finding.words.endswith("at 127.0.0.1")) == ("ok", True)


def test_stun_that_is_silent_wrong_or_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "STUN_TIMEOUT_S", 0.05)
    assert checks.stun(settings()).verdict == "warn"
    assert checks.stun(settings(stun_urls=("stun:x:99999",))).verdict == "fail"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"stun:127.0.0.1:{silent.getsockname()[1]}"
        assert checks.stun(settings(stun_urls=(url,))).verdict == "warn"


def test_turn_credentials_have_a_source() -> None:
    assert checks.turn(settings(turn_urls=("turn:t.example",))).verdict == "ok"
    assert checks.turn(settings(hf_token=None, turn_urls=())).verdict == "warn"
