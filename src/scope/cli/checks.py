"""What `doctor` looks at: each check finds one thing out about this machine, in words.

Decides what is fine, what is a warning and what will not work. Each check blocks for at most a
few seconds and changes nothing.
"""

import importlib.util
import secrets
import shutil
import socket
import struct
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from scope.pipelines.registry import discover
from scope.server.hardware import hardware
from scope.server.serving import PortTaken, listen
from scope.settings import Settings

Verdict = Literal["ok", "warn", "fail"]

PACKAGES = ("daydream-scope", "aiortc", "av", "onnxruntime", "fastapi", "huggingface-hub")
ROOM_FOR_A_MODEL_GB = 20.0
LEAST_ROOM_GB = 1.0
STUN_TIMEOUT_S = 2.0
STUN_COOKIE = 0x2112A442
STUN_PORT = 3478
PROBE = b"daydream-scope doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. remedy: what to do, where something is."""

    name: str
    verdict: Verdict
    words: str
    remedy: str | None = None


def versions() -> Finding:
    """Python and the packages everything stands on."""
    found = [f"Python {sys.version_info.major}.{sys.version_info.minor}"]
    missing = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        return Finding("versions", "fail", f"{', '.join(missing)} missing", "Run: uv sync")
    return Finding("versions", "ok", ", ".join(found))


def gpu() -> Finding:
    """An NVIDIA GPU, and torch to use it."""
    machine = hardware()
    if machine.gpu is None:
        return Finding(
            "gpu",
            "warn",
            "no NVIDIA GPU or driver; vista plays on the processor",
            "The large models need one.",
        )
    words = f"{machine.gpu}, {machine.vram_gb:g} GB"
    if importlib.util.find_spec("torch") is None:
        return Finding("gpu", "warn", f"{words}; torch is not installed", "uv sync --extra torch")
    return Finding("gpu", "ok", words)


def processors() -> Finding:
    """Enough of a processor for the built-in model."""
    machine = hardware()
    words = f"{machine.cpu_count} cores, {machine.memory_gb or 0:g} GB memory"
    if machine.cpu_count < 2:
        return Finding("processor", "warn", words, "One core encodes or generates, not both.")
    return Finding("processor", "ok", words)


def disk(settings: Settings) -> Finding:
    """Room for model files."""
    folder = settings.hub_cache
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free_gb = shutil.disk_usage(there).free / 10**9
    words = f"{free_gb:.1f} GB free for model files at {folder}"
    if free_gb < LEAST_ROOM_GB:
        return Finding("disk", "fail", words, "Free some, or set HF_HOME to a larger disk.")
    if free_gb < ROOM_FOR_A_MODEL_GB:
        return Finding("disk", "warn", words, "The large models need 13 to 36 GB each.")
    return Finding("disk", "ok", words)


def port(settings: Settings) -> Finding:
    """Whether the server could listen."""
    where = f"{settings.host} port {settings.port}"
    try:
        listen(settings).close()
    except PortTaken:
        return Finding(
            "port",
            "warn",
            f"{where} is taken, perhaps by this server",
            f"Another port: --port {settings.port + 1}",
        )
    return Finding("port", "ok", f"{where} is free")


def udp() -> Finding:
    """Whether datagrams pass on this machine, as media does."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        here.bind(("127.0.0.1", 0))
        here.settimeout(1)
        try:
            there.sendto(PROBE, here.getsockname())
            passed = here.recv(len(PROBE)) == PROBE
        except OSError:
            passed = False
    if passed:
        return Finding("udp", "ok", "datagrams pass on this machine")
    return Finding("udp", "fail", "datagrams do not pass", "A firewall blocks UDP on loopback.")


def stun(settings: Settings) -> Finding:
    """Whether viewers on other networks could be told a public address."""
    if not settings.stun_urls:
        return Finding("stun", "warn", "none is configured", "Set SCOPE_STUN_URLS.")
    url = settings.stun_urls[0]
    address = _stun_address(url)
    if address is None:
        return Finding("stun", "fail", f"{url} is no STUN address", "Write it as stun:host:port")
    mapped = _ask_stun(address)
    if mapped is None:
        return Finding(
            "stun",
            "warn",
            f"{url} does not answer",
            "On this machine and its network everything works without it.",
        )
    return Finding("stun", "ok", f"{url} sees this machine at {mapped}")


def turn(settings: Settings) -> Finding:
    """Whether viewers behind strict firewalls could be reached."""
    sources = {
        "Hugging Face": settings.hf_token is not None,
        "Cloudflare": settings.cloudflare_turn_key_id is not None,
        "Twilio": settings.twilio_account_sid is not None,
        "SCOPE_TURN_URLS": bool(settings.turn_urls),
    }
    used = [name for name, given in sources.items() if given]
    if used:
        return Finding("turn", "ok", f"credentials from {', '.join(used)}")
    return Finding(
        "turn",
        "warn",
        "none is configured",
        "Viewers behind strict firewalls need one: HF_TOKEN, or SCOPE_TURN_URLS.",
    )


def built_in_model() -> Finding:
    """Whether the weights in the package are whole."""
    from scope.pipelines.vista.manifest import read_manifest

    spec = importlib.util.find_spec("scope.pipelines.vista")
    folders = (spec.submodule_search_locations or []) if spec else []
    try:
        version = read_manifest(Path(next(iter(folders))) / "assets").version
    except (OSError, ValueError, StopIteration) as error:
        return Finding("vista", "fail", str(error) or "not in the package", "Install it again.")
    others = sorted(ref.name for ref in discover() if ref.name != "vista")
    return Finding("vista", "ok", f"version {version}; also installed: {', '.join(others)}")


def _stun_address(url: str) -> tuple[str, int] | None:
    scheme, _, rest = url.partition(":")
    if scheme != "stun" or not rest:
        return None
    parts = urlsplit(f"//{rest}")
    try:
        return (parts.hostname, parts.port or STUN_PORT) if parts.hostname else None
    except ValueError:
        return None


def _ask_stun(address: tuple[str, int]) -> str | None:
    """One binding request; the address in the answer. IPv4 only, as most servers are."""
    transaction = secrets.token_bytes(12)
    request = struct.pack("!HHI", 1, 0, STUN_COOKIE) + transaction
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(STUN_TIMEOUT_S)
        try:
            asking.sendto(request, address)
            answer = asking.recv(1500)
        except OSError:
            return None
    if len(answer) < 20 or answer[8:20] != transaction:
        return None
    return _mapped(answer[20:])


def _mapped(attributes: bytes) -> str | None:
    """The XOR-MAPPED-ADDRESS among the attributes."""
    while len(attributes) >= 4:
        kind, length = struct.unpack("!HH", attributes[:4])
        value = attributes[4 : 4 + length]
        if kind == 0x0020 and len(value) >= 8 and value[1] == 1:
            number = struct.unpack("!I", value[4:8])[0] ^ STUN_COOKIE
            return socket.inet_ntoa(struct.pack("!I", number))
        attributes = attributes[4 + (length + 3) // 4 * 4 :]
    return None
