import re
from collections.abc import Callable

from scope.rtc.answer import compose_answer
from scope.rtc.offer import read_offer

Offers = Callable[[str], str]
LIBRARY = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 1 2",
        "m=video 5000 UDP/TLS/RTP/SAVPF 96",
        "c=IN IP4 198.51.100.4",
        "a=sendonly",
        "a=mid:1",
        "a=candidate:1 1 udp 1 198.51.100.4 5000 typ host",
        "a=end-of-candidates",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:0123456789012345678901",
        "a=fingerprint:sha-256 AA:BB",
        "a=setup:active",
        "m=application 5000 UDP/DTLS/SCTP webrtc-datachannel",
        "a=mid:2",
        "",
    ]
)


def sections(sdp: str) -> list[list[str]]:
    return [block.split("\r\n") for block in re.split(r"(?=^m=)", sdp, flags=re.MULTILINE)][1:]


def test_every_m_line_of_the_offer_is_answered_in_its_order(offer: Offers) -> None:
    answer = compose_answer(LIBRARY, read_offer(offer("audio-first")))
    audio, video, data = sections(answer)
    assert audio[0] == "m=audio 9 UDP/TLS/RTP/SAVPF 111"
    assert "a=inactive" in audio
    assert video[0].startswith("m=video 5000")
    assert data[0].startswith("m=application 5000")
    assert "a=group:BUNDLE 0 1 2\r\n" in answer


def test_the_section_that_carries_the_transport_says_how_to_reach_us(offer: Offers) -> None:
    audio = sections(compose_answer(LIBRARY, read_offer(offer("audio-first"))))[0]
    for line in LIBRARY.split("\r\n"):
        if line.startswith(("a=candidate", "a=end-of", "a=ice-", "a=fingerprint", "a=setup")):
            assert line in audio


def test_what_is_not_bundled_or_unknown_is_refused(offer: Offers) -> None:
    text = offer("seed").replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0")
    text += "m=text 9 RTP/AVP 98\r\na=mid:9\r\n"
    library = LIBRARY[: LIBRARY.index("m=application")]
    answer = compose_answer(library, read_offer(text))
    video, data, other = sections(answer)
    assert video[0].startswith("m=video 5000")
    assert data[0] == "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
    assert other[0] == "m=text 0 RTP/AVP 98"
    assert "a=mid:9" in other
    assert "a=group:BUNDLE 0\r\n" in answer


def test_no_group_is_answered_with_no_group(offer: Offers) -> None:
    text = re.sub(r"a=group:.*\r\n", "", offer("recvonly"))
    library = LIBRARY[: LIBRARY.index("m=application")]
    assert "a=group" not in compose_answer(library, read_offer(text))
