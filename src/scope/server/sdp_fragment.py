"""`application/trickle-ice-sdpfrag` (RFC 8840): the candidates in it, in their order."""

from scope.errors import InvalidParameters
from scope.rtc.api import Candidate

MOST_LINES = 256
KNOWN_LINES = ("a=", "v=", "o=", "s=", "t=", "c=")


def read_fragment(text: str) -> tuple[Candidate, ...]:
    """The candidates, an empty one where they end. Raises InvalidParameters."""
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    if not lines or len(lines) > MOST_LINES:
        raise InvalidParameters("This is not an SDP fragment.")
    candidates: list[Candidate] = []
    mid: str | None = None
    section: int | None = None
    for line in lines:
        name, _, value = line.partition(":")
        if line.startswith("m="):
            section, mid = (0 if section is None else section + 1), None
        elif name == "a=mid":
            mid = value
        elif name == "a=candidate":
            candidates.append(Candidate(f"candidate:{value}", mid, section))
        elif line == "a=end-of-candidates":
            candidates.append(Candidate(None, mid, section))
        elif not line.startswith(KNOWN_LINES):
            raise InvalidParameters("This is not an SDP fragment.")
    return tuple(candidates)
