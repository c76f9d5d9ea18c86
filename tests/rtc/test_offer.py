import re
from collections.abc import Callable

import pytest
from aiortc.sdp import SessionDescription

from scope.errors import NegotiationFailed
from scope.rtc.offer import read_offer, write_offer

Offers = Callable[[str], str]


@pytest.mark.parametrize("name", ["seed", "recvonly", "audio-first", "max-bundle", "gathered"])
def test_a_real_offer_is_understood_and_written_as_the_library_reads_it(
    offer: Offers, name: str
) -> None:
    read = read_offer(offer(name))
    written = SessionDescription.parse(write_offer(read, prefer=None))
    kinds = [media.kind for media in written.media]
    assert kinds == (["video"] if name == "recvonly" else ["video", "application"])
    assert written.media[0].direction == "recvonly"
    codecs = [codec.name for codec in written.media[0].rtp.codecs if codec.name != "rtx"]
    assert codecs == ["VP8", "H264", "H264"]
    assert written.media[0].dtls is not None
    assert written.media[0].ice.usernameFragment == read.transport.ufrag


def test_the_tagged_section_carries_the_transport(offer: Offers) -> None:
    read = read_offer(offer("audio-first"))
    assert read.transport_section.kind == "audio"
    assert [section.kind for section in read.idle] == ["audio"]
    assert read.bundle == ("0", "1", "2")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("audio-only", "no video m-line"),
        ("data-only", "no video m-line"),
        ("sendonly", "can not be received"),
    ],
)
def test_an_offer_without_video_to_receive_is_refused_in_words(
    offer: Offers, name: str, words: str
) -> None:
    with pytest.raises(NegotiationFailed, match=words):
        read_offer(offer(name))


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"a=ice-ufrag:.*", "a=ice-ufrag:a", "ice-ufrag"),
        (r"a=ice-pwd:.*", "", "ice-pwd"),
        (r"a=fingerprint:sha-256 .*", "a=fingerprint:sha-1 AA:BB", "fingerprint"),
        (r"a=setup:actpass", "a=setup:holdconn", "setup"),
        (r"a=rtcp-mux", "", "rtcp-mux"),
        (r"a=mid:0", "", "a=mid"),
        (r"a=mid:1", "a=mid:0", "a=mid"),
        (r"UDP/TLS/RTP/SAVPF", "RTP/AVP", "DTLS"),
        (r"m=video 9", "m=video nine", "m-line"),
        (r"VP8|H264", "VP7", "VP8"),
        (r"(?s)^.*$", "hello", "m-line"),
    ],
)
def test_what_is_missing_is_said(offer: Offers, pattern: str, replacement: str, words: str) -> None:
    text = re.sub(pattern, replacement, offer("seed").replace("\r\n", "\n"))
    with pytest.raises(NegotiationFailed, match=words):
        write_offer(read_offer(text), prefer=None)


def test_attributes_of_the_session_hold_for_its_sections(offer: Offers) -> None:
    shared, sections = [], []
    for line in offer("recvonly").splitlines():
        moved = line.startswith(("a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup"))
        (shared if moved else sections).append(line)
    at = next(i for i, line in enumerate(sections) if line.startswith("m="))
    text = "\r\n".join([*sections[:at], *shared, *sections[at:]])
    assert read_offer(text).transport == read_offer(offer("recvonly")).transport


def test_a_section_bundled_only_borrows_the_transport_of_the_group(offer: Offers) -> None:
    head, video, data = re.split(r"(?=^m=)", offer("seed"), flags=re.MULTILINE)
    bare = re.sub(r"a=(ice-ufrag|ice-pwd|fingerprint|setup):.*\r\n", "", data)
    written = SessionDescription.parse(write_offer(read_offer(head + video + bare), prefer=None))
    assert written.media[1].ice == written.media[0].ice


def test_without_a_bundle_only_the_video_is_taken(offer: Offers) -> None:
    text = re.sub(r"a=group:.*\r\n", "", offer("seed"))
    read = read_offer(text)
    assert read.data is None
    assert read.bundle == ()


def test_nothing_a_client_invents_gets_through(offer: Offers) -> None:
    text = offer("seed").replace("a=mid:0", "a=mid:0\r\na=evil:1\r\nx=y\r\na=extmap:0 urn:x")
    written = write_offer(read_offer(text), prefer=None)
    assert "evil" not in written
    assert "x=y" not in written
    assert "urn:x" not in written


def test_a_preferred_codec_comes_first(offer: Offers) -> None:
    written = SessionDescription.parse(write_offer(read_offer(offer("seed")), prefer="H264"))
    assert written.media[0].rtp.codecs[0].name == "H264"
