import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from scope.errors import NegotiationFailed, TooLarge
from scope.rtc.api import SdpLimits
from scope.rtc.guard import guard_offer, guard_sdp

Offers = Callable[[str], str]
CORPUS = Path(__file__).parent.parent / "corpora" / "sdp"
LIMITS = SdpLimits()
SLOWEST_S = 0.02
SEED = (CORPUS / "chromium-seed.sdp").read_bytes().decode()


def verdict(sdp: str) -> str:
    """`fine`, or the code of the refusal; anything else is a fault. Never slow."""
    best_s = 1.0
    for _ in range(3):
        started_s = time.process_time()
        try:
            written = guard_sdp(sdp, LIMITS)
            said = "fine"
        except (TooLarge, NegotiationFailed) as error:
            written, said = "", error.code
        best_s = min(best_s, time.process_time() - started_s)
        if best_s <= SLOWEST_S:
            break
    assert best_s <= SLOWEST_S
    if said == "fine":
        SessionDescription.parse(written)
        assert guard_sdp(written, LIMITS) == written
    return said


def candidates(count: int) -> str:
    return "".join(
        f"a=candidate:{n} 1 udp 2113937151 198.51.{n >> 8 & 255}.{n & 255} 50000 typ host\r\n"
        for n in range(count)
    )


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.sdp")), ids=lambda path: path.stem)
def test_every_offer_of_the_corpus_gets_its_verdict(path: Path) -> None:
    refused = path.stem.removeprefix("chromium-") in ("audio-only", "data-only", "sendonly")
    text = path.read_bytes().decode()
    assert verdict(text) == ("negotiation_failed" if refused else "fine")


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        " \r\n",
        "v=0",
        "hello",
        "m=",
        "m=video",
        "{}" * 1000,
        "\x00" * 100,
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        "\ud800",
        "v=0\nm=video 9 UDP/TLS/RTP/SAVPF " + "9 " * 500,
    ],
)
def test_garbage_is_refused_readably(sdp: str) -> None:
    assert verdict(sdp) == "negotiation_failed"


@pytest.mark.parametrize(
    "sdp",
    [
        "v" * (LIMITS.max_bytes + 1),
        "ü" * (LIMITS.max_bytes // 2 + 1),
        SEED + "a=x\r\n" * 2001,
        SEED + "a=x\n" * 2001,
        SEED + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 8,
        SEED + candidates(1000),
        SEED + candidates(5000),
    ],
)
def test_too_much_is_refused_before_it_is_read(sdp: str) -> None:
    assert verdict(sdp) == "too_large"


def test_candidates_are_counted_filtered_and_kept_away_from_the_library(offer: Offers) -> None:
    bad = "a=candidate:1 1 udp 1 169.254.169.254 5000 typ host\r\na=candidate:nonsense\r\n"
    head, data = offer("seed").split("m=application")
    guarded = guard_offer(
        f"{head}{bad}{candidates(40)}a=end-of-candidates\r\nm=application{data}",
        LIMITS,
        prefer=None,
        client_is_loopback=False,
    )
    assert len(guarded.candidates) == LIMITS.candidates
    assert guarded.candidates[0].address == "198.51.0.0"
    assert "candidate" not in guarded.sdp


def test_names_and_addresses_of_a_gathered_offer_are_found(offer: Offers) -> None:
    guarded = guard_offer(offer("gathered-mdns"), LIMITS, prefer=None, client_is_loopback=False)
    assert [candidate.mdns for candidate in guarded.candidates] == [True, True]
    guarded = guard_offer(offer("gathered"), LIMITS, prefer=None, client_is_loopback=False)
    assert [c.address for c in guarded.candidates] == ["192.0.2.7", "2001:db8::7"]


@given(st.text(max_size=2000))
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict(text)


@given(st.text(st.characters(), max_size=400), st.integers(0, len(SEED)))
def test_an_offer_with_anything_put_into_it_gets_a_verdict(text: str, at: int) -> None:
    verdict(SEED[:at] + text + SEED[at:])


def test_five_thousand_mutations_of_real_offers_get_a_verdict() -> None:
    rng = random.Random(7)
    corpus = [path.read_bytes().decode().split("\r\n") for path in sorted(CORPUS.glob("*.sdp"))]
    words = ["", "0", "-1", "99999999999", "a=mid:", "m=video", "\x00", "ü", " ", ":", "/", "*"]
    for _ in range(5000):
        lines = list(rng.choice(corpus))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(lines))
            line = lines[at]
            cut = rng.randint(0, len(line))
            match rng.randrange(5):
                case 0:
                    lines.pop(at)
                    lines = lines or [""]
                case 1:
                    lines[at] = line[:cut] + rng.choice(words) + line[cut:]
                case 2:
                    lines[at] = line[:cut]
                case 3:
                    lines.insert(at, rng.choice(rng.choice(corpus)))
                case 4:
                    other = rng.randrange(len(lines))
                    lines[at], lines[other] = lines[other], lines[at]
        verdict("\r\n".join(lines))
