"""Which of the offered payload types we can send, written as the lines that say so.

VP8, and H264 in constrained baseline with fragmentation (packetization-mode 1), each with
its retransmissions. It does not know who offers.
"""

import re
from collections.abc import Mapping, Sequence

from scope.errors import NegotiationFailed

_RTPMAP = re.compile(
    r"(?P<pt>\d{1,3}) (?P<name>[A-Za-z0-9.-]{1,32})/(?P<clock>\d{1,6})(?:/\d)?", re.ASCII
)
_FMTP = re.compile(r"(?P<pt>\d{1,3}) (?P<parameters>[!-~]{1,256})", re.ASCII)
_FEEDBACK = re.compile(r"(?P<pt>\d{1,3}|\*) (?:nack pli|nack|goog-remb|ccm fir)", re.ASCII)
_REPAIRS = re.compile(r"apt=(\d{1,3})", re.ASCII)
_BASELINE = re.compile(r"42[0-9a-f]{4}", re.ASCII)
MAX_OFFERED = 64


def codec_lines(
    formats: Sequence[str], attributes: Mapping[str, Sequence[str]], *, prefer: str | None
) -> tuple[list[str], list[str]]:
    """Payload types in order of preference (the offer's, `prefer` first), and their lines.

    Raises NegotiationFailed when there is none we can send.
    """
    names = _names(attributes.get("rtpmap", ()))
    parameters = _parameters(attributes.get("fmtp", ()))
    offered = [pt for pt in dict.fromkeys(formats) if pt in names][:MAX_OFFERED]
    codecs = [pt for pt in offered if _can_send(names[pt], parameters.get(pt, ""))]
    if not codecs:
        raise NegotiationFailed("The offer's video has neither VP8 nor H264 (baseline).")
    if prefer is not None:
        codecs.sort(key=lambda pt: names[pt].upper() != prefer)
    repairs = {}
    for pt in offered:
        match = _REPAIRS.fullmatch(parameters.get(pt, ""))
        if match and names[pt].lower() == "rtx":
            repairs[match[1]] = pt
    chosen = [pt for codec in codecs for pt in (codec, repairs.get(codec)) if pt is not None]
    lines = []
    for pt in chosen:
        lines.append(f"a=rtpmap:{pt} {names[pt]}/90000")
        if pt in parameters:
            lines.append(f"a=fmtp:{pt} {parameters[pt]}")
    return chosen, lines + _feedback(attributes.get("rtcp-fb", ()), codecs)


def _names(values: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for value in values:
        match = _RTPMAP.fullmatch(value)
        if match and match["clock"] == "90000" and 35 <= int(match["pt"]) <= 127:
            names.setdefault(match["pt"], match["name"])
    return names


def _parameters(values: Sequence[str]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for value in values:
        match = _FMTP.fullmatch(value)
        if match:
            parameters.setdefault(match["pt"], match["parameters"])
    return parameters


def _feedback(values: Sequence[str], codecs: Sequence[str]) -> list[str]:
    lines = []
    for value in dict.fromkeys(values):
        match = _FEEDBACK.fullmatch(value)
        if match and match["pt"] in ("*", *codecs):
            lines.append(f"a=rtcp-fb:{value}")
    return lines


def _can_send(name: str, parameters: str) -> bool:
    if name.upper() != "H264":
        return name.upper() == "VP8"
    values = dict(pair.partition("=")[::2] for pair in parameters.lower().split(";"))
    profile = values.get("profile-level-id", "42e01f")
    return values.get("packetization-mode") == "1" and bool(_BASELINE.fullmatch(profile))
