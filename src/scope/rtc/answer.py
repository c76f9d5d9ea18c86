"""Turns the library's answer into one that names every m-line of the client's offer.

The library only ever saw one video and perhaps one channel (see `offer`). Here the sections
it was not shown come back: bundled media as inactive, since they may carry the transport,
everything else refused.
"""

import re
from collections.abc import Sequence

from scope.rtc.offer import TOKEN, Offer, Section

_SHARED = ("a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:", "a=fingerprint:", "a=setup:")
_REACHABLE = ("a=candidate:", "a=end-of-candidates")


def compose_answer(sdp: str, offer: Offer) -> str:
    """The answer for `offer`, out of the library's `sdp` to the part it was shown."""
    session, *blocks = _blocks(sdp)
    video, data = blocks[0], blocks[1] if len(blocks) > 1 else []
    sections = [_section(section, offer, video, data) for section in offer.sections]
    lines = [line for line in session if not line.startswith("a=group:")]
    if offer.bundle:
        lines.append("a=group:BUNDLE " + " ".join(offer.bundle))
    for section in sections:
        lines += section
    return "\r\n".join(lines) + "\r\n"


def _blocks(sdp: str) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in sdp.splitlines():
        if line.startswith("m="):
            blocks.append([])
        if line:
            blocks[-1].append(line)
    return blocks


def _section(
    section: Section, offer: Offer, video: Sequence[str], data: Sequence[str]
) -> Sequence[str]:
    if section is offer.video:
        return video
    if section is offer.data:
        return data
    if section in offer.idle:
        return _idle(section, offer, video)
    return _refused(section)


def _idle(section: Section, offer: Offer, video: Sequence[str]) -> list[str]:
    payload = section.formats[0]
    prefixes = _SHARED + (_REACHABLE if section is offer.transport_section else ())
    return [
        f"m={section.kind} 9 {section.profile} {payload}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=inactive",
        "a=rtcp-mux",
        *_about(section, payload),
        *(line for line in video if line.startswith(prefixes)),
    ]


def _about(section: Section, payload: str) -> list[str]:
    """What the client said about `payload`, as far as it is plain."""
    lines = []
    for name in ("rtpmap", "fmtp"):
        for value in section.attributes.get(name, ()):
            if re.fullmatch(rf"{payload} [!-~]{{1,128}}", value):
                lines.append(f"a={name}:{value}")
                break
    return lines


def _refused(section: Section) -> list[str]:
    formats = " ".join(section.formats)
    lines = [f"m={section.kind} 0 {section.profile} {formats}", "c=IN IP4 0.0.0.0", "a=inactive"]
    mid = section.first("mid")
    if mid is not None and TOKEN.fullmatch(mid):
        lines.append(f"a=mid:{mid}")
    return lines
