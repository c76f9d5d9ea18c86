"""Reads an offer and writes the one this server understands.

Only lines we know get through, each checked and written anew, so nothing a client invents
ever reaches the WebRTC library. The rest of the offer is remembered only as far as the
answer has to name it. Limits are `guard`'s, addresses are `candidates`'.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scope.errors import NegotiationFailed
from scope.rtc.video_formats import codec_lines

TOKEN = re.compile(r"[!#$%&'*+.^_`{|}~0-9A-Za-z-]{1,64}", re.ASCII)
_MEDIA = re.compile(
    r"(?P<kind>[a-z]{1,16}) (?P<port>\d{1,5})(?:/\d{1,3})? (?P<profile>[A-Za-z0-9/]{1,32})"
    r"(?P<formats>(?: [!-~]{1,32}){1,64})",
    re.ASCII,
)
_UFRAG = re.compile(r"[!-9;-~]{4,256}", re.ASCII)  # anything but a colon
_PASSWORD = re.compile(r"[!-~]{22,256}", re.ASCII)
_FINGERPRINT = re.compile(
    r"(?P<algorithm>sha-(?:256|384|512)) (?P<value>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31,63})",
    re.ASCII | re.IGNORECASE,
)
_EXTENSION = re.compile(r"(?P<id>\d{1,3})(?:/[a-z]{1,8})? (?P<uri>[!-~]{1,128})(?: .*)?")

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
USED_EXTENSIONS = (
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
)
MAX_FINGERPRINTS = 4


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line of the offer with its attributes, session-wide ones included."""

    index: int
    kind: str
    profile: str
    formats: tuple[str, ...]
    attributes: Mapping[str, Sequence[str]]

    def first(self, name: str) -> str | None:
        """Value of the first attribute `name`."""
        values = self.attributes.get(name)
        return values[0] if values else None

    @property
    def mid(self) -> str | None:
        """Its name, where it has a usable one; no two sections of an offer share one."""
        mid = self.first("mid")
        return mid if mid is not None and TOKEN.fullmatch(mid) else None

    @property
    def direction(self) -> str:
        """What the client wants to do with it."""
        return next((d for d in DIRECTIONS if d in self.attributes), "sendrecv")


@dataclass(frozen=True, slots=True)
class Transport:
    """How to reach and recognise the client; one for all bundled sections."""

    ufrag: str
    password: str
    fingerprints: tuple[str, ...]
    setup: str
    lite: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that can be answered.

    bundle: names of the accepted sections, which share the first one's transport, in the
    client's order. idle: media accepted but never used, since it may carry the transport.
    transport_section: where the client's candidates belong to.
    """

    sections: tuple[Section, ...]
    bundle: tuple[str, ...]
    video: Section
    data: Section | None
    idle: tuple[Section, ...]
    transport_section: Section
    transport: Transport

    @property
    def candidates(self) -> Sequence[str]:
        """Candidates of the transport in use, unchecked."""
        return self.transport_section.attributes.get("candidate", ())


def read_offer(text: str) -> Offer:
    """Understand an offer; raises NegotiationFailed, saying in words what is missing."""
    sections, groups = _sections(text)
    if not sections:
        raise NegotiationFailed("The offer is not a session description: it has no m-line.")
    video = _video(sections)
    by_mid = {section.mid: section for section in sections}
    grouped = [by_mid[mid] for mid in dict.fromkeys(groups) if mid in by_mid]
    if video not in grouped:
        grouped = [video]
    data = next((s for s in grouped if _is_data(s)), None)
    accepted = [s for s in grouped if s is video or s is data or _can_idle(s)]
    carrier = next((s for s in (*accepted, *grouped) if "ice-ufrag" in s.attributes), video)
    return Offer(
        sections=sections,
        bundle=tuple(str(s.mid) for s in accepted) if len(groups) else (),
        video=video,
        data=data,
        idle=tuple(s for s in accepted if s is not video and s is not data),
        transport_section=carrier,
        transport=_transport(carrier),
    )


def write_offer(offer: Offer, *, prefer: str | None) -> str:
    """The offer as this server wants to see it: one video to send, perhaps one channel.

    Both share a transport, video first. `prefer` moves one codec to the front.
    """
    shared = _transport_lines(offer.transport)
    video = offer.video
    formats, about_codecs = codec_lines(video.formats, video.attributes, prefer=prefer)
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if offer.transport.lite:
        lines.append("a=ice-lite")
    data = offer.data
    mids = [str(video.mid), *([str(data.mid)] if data is not None else [])]
    lines.append("a=group:BUNDLE " + " ".join(mids))
    lines += [f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(formats)}", f"a=mid:{video.mid}"]
    lines += ["a=recvonly", "a=rtcp-mux", *_extensions(video), *about_codecs, *shared]
    if data is not None:
        lines += ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", f"a=mid:{data.mid}"]
        lines += [f"a=sctp-port:{_number(data, 'sctp-port', 5000, 65_535)}"]
        lines += [f"a=max-message-size:{_number(data, 'max-message-size', 65_536, 2**31)}"]
        lines += shared
    return "\r\n".join(lines) + "\r\n"


def _sections(text: str) -> tuple[tuple[Section, ...], list[str]]:
    session: dict[str, list[str]] = {}
    found: list[tuple[re.Match[str], dict[str, list[str]]]] = []
    groups: list[str] = []
    current = session
    for line in re.split(r"[\r\n]+", text):
        if line.startswith("m="):
            match = _MEDIA.fullmatch(line[2:].rstrip())
            if match is None:
                raise NegotiationFailed(f"The offer's m-line {len(found)} can not be read.")
            current = {}
            found.append((match, current))
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            current.setdefault(name.strip(), []).append(value.strip())
    for group in session.get("group", ()):
        semantic, *mids = group.split(" ")
        if semantic == "BUNDLE":
            groups += [mid for mid in mids if mid]
    sections = tuple(
        Section(
            index=index,
            kind=match["kind"],
            profile=match["profile"],
            formats=tuple(match["formats"].split()),
            attributes={**_inherited(session, own), **own},
        )
        for index, (match, own) in enumerate(found)
    )
    return sections, groups


def _inherited(
    session: Mapping[str, list[str]], own: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    names = ["ice-ufrag", "ice-pwd", "fingerprint", "setup", "ice-lite"]
    if not any(direction in own for direction in DIRECTIONS):
        names += DIRECTIONS
    return {name: session[name] for name in names if name in session}


def _video(sections: Sequence[Section]) -> Section:
    videos = [section for section in sections if section.kind == "video"]
    if not videos:
        raise NegotiationFailed("The offer has no video m-line: there is nothing to send to.")
    video = next((v for v in videos if v.direction in ("sendrecv", "recvonly")), None)
    if video is None:
        raise NegotiationFailed("The offer's video can not be received (no recvonly, sendrecv).")
    if video.mid is None or sum(s.mid == video.mid for s in sections) > 1:
        raise NegotiationFailed("The offer's video m-line has no a=mid of its own.")
    if "RTP/SAVPF" not in video.profile:
        raise NegotiationFailed("The offer's video does not use DTLS-SRTP (RTP/SAVPF).")
    if "rtcp-mux" not in video.attributes:
        raise NegotiationFailed("The offer's video does not use rtcp-mux.")
    return video


def _can_idle(section: Section) -> bool:
    return (
        section.kind in ("audio", "video")
        and "RTP/SAVPF" in section.profile
        and section.formats[0].isdecimal()
    )


def _is_data(section: Section) -> bool:
    return (
        section.kind == "application"
        and section.profile == "UDP/DTLS/SCTP"
        and section.formats == ("webrtc-datachannel",)
    )


def _transport(section: Section) -> Transport:
    ufrag, password = section.first("ice-ufrag") or "", section.first("ice-pwd") or ""
    if not _UFRAG.fullmatch(ufrag) or not _PASSWORD.fullmatch(password):
        raise NegotiationFailed("The offer has no usable ice-ufrag and ice-pwd.")
    offered = section.attributes.get("fingerprint", ())[:MAX_FINGERPRINTS]
    fingerprints = tuple(value for value in offered if _FINGERPRINT.fullmatch(value))
    if not fingerprints:
        raise NegotiationFailed("The offer has no DTLS fingerprint (sha-256, 384 or 512).")
    setup = section.first("setup") or "actpass"
    if setup not in ("actpass", "active", "passive"):
        raise NegotiationFailed("The offer's a=setup is none of actpass, active, passive.")
    return Transport(
        ufrag=ufrag,
        password=password,
        fingerprints=fingerprints,
        setup=setup,
        lite="ice-lite" in section.attributes,
    )


def _transport_lines(transport: Transport) -> list[str]:
    return [
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        *(f"a=fingerprint:{value}" for value in transport.fingerprints),
        f"a=setup:{transport.setup}",
    ]


def _extensions(video: Section) -> list[str]:
    found: dict[str, int] = {}
    for value in video.attributes.get("extmap", ()):
        match = _EXTENSION.fullmatch(value)
        if match and match["uri"] in USED_EXTENSIONS and 1 <= int(match["id"]) <= 14:
            found.setdefault(match["uri"], int(match["id"]))
    return [f"a=extmap:{number} {uri}" for uri, number in found.items()]


def _number(section: Section, name: str, default: int, most: int) -> int:
    text = section.first(name) or ""
    return min(int(text), most) if re.fullmatch(r"\d{1,12}", text, re.ASCII) else default
