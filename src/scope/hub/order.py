"""What the download's two processes say to each other: one JSON object a line.

Frozen values and their text. Decides nothing.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from scope.pipelines.artifacts import Artifact

PART = ".scope-part"
"""Ends the name of a file that is not whole yet."""

Stage = Literal["asking", "downloading", "checking"]


@dataclass(frozen=True, slots=True)
class Order:
    """Fetch `artifacts` from the hub at `endpoint` into the folder `cache`."""

    endpoint: str
    cache: Path
    artifacts: tuple[Artifact, ...]
    token: str | None = None

    def to_line(self) -> bytes:
        """For the child's standard input: a secret has no place in an argument list."""
        body = asdict(self) | {"cache": str(self.cache)}
        return json.dumps(body).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> "Order":
        """The order again."""
        body: dict[str, Any] = json.loads(line)
        return cls(
            endpoint=body["endpoint"],
            cache=Path(body["cache"]),
            artifacts=tuple(_artifact(entry) for entry in body["artifacts"]),
            token=body["token"],
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """The hub has told all sizes. bytes_done: what was here before."""

    bytes_total: int
    bytes_done: int


@dataclass(frozen=True, slots=True)
class Moved:
    """`name` is at `stage`; `bytes_done` of all files are here."""

    stage: Stage
    name: str
    bytes_done: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing more comes; `detail` is for people."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Everything is here and was checked."""


News = Planned | Moved | Failed | Finished

_KINDS = {kind.__name__: kind for kind in (Planned, Moved, Failed, Finished)}


def to_line(news: News) -> str:
    """One line, without its end."""
    return json.dumps({"news": type(news).__name__, **asdict(news)})


def of_line(line: bytes) -> News:
    """The news again."""
    body: dict[str, Any] = json.loads(line)
    news: News = _KINDS[body.pop("news")](**body)
    return news


def _artifact(entry: dict[str, Any]) -> Artifact:
    only_for = entry["only_for"]
    return Artifact(
        **{
            **entry,
            "files": tuple(entry["files"]),
            "only_for": None if only_for is None else (only_for[0], tuple(only_for[1])),
        }
    )
