"""Candidates as WHEP players trickle them."""

import pytest

from scope.errors import InvalidParameters
from scope.rtc.api import Candidate
from scope.server.sdp_fragment import read_fragment

FRAGMENT = """a=ice-ufrag:EsAw\r
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r
m=audio 9 UDP/TLS/RTP/SAVPF 0\r
a=mid:0\r
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host\r
m=video 9 UDP/TLS/RTP/SAVPF 96\r
a=mid:1\r
a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host\r
a=end-of-candidates\r
"""


def test_each_candidate_belongs_to_its_section() -> None:
    assert read_fragment(FRAGMENT) == (
        Candidate("candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host", "0", 0),
        Candidate("candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host", "1", 1),
        Candidate(None, "1", 1),
    )


def test_a_fragment_may_have_no_section() -> None:
    assert read_fragment("a=candidate:1 1 udp 1 192.0.2.1 5000 typ host") == (
        Candidate("candidate:1 1 udp 1 192.0.2.1 5000 typ host", None, None),
    )


@pytest.mark.parametrize("text", ["", "\r\n", "hello", "<html>", "a=mid:0\n" * 1000])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameters):
        read_fragment(text)
