"""Bodies of the routes by which pages are let in and links to watch are made."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

DAY_S = 86_400.0


class EnterRequest(BaseModel):
    """POST /api/v1/access/session. key: a key, or what stands behind "#key=" of a link."""

    model_config = ConfigDict(strict=True, frozen=True)

    key: str = Field(min_length=1, max_length=512)


class AccessResponse(BaseModel):
    """What the caller may do. locked: whether callers need a key. expires_s: from now."""

    model_config = ConfigDict(frozen=True)

    locked: bool
    access: Literal["public", "view", "control", "admin"]
    label: str | None = None
    expires_s: float | None = None


class ShareRequest(BaseModel):
    """POST /api/v1/access/share. uses: how many browsers the link lets in."""

    model_config = ConfigDict(frozen=True)

    session_id: str | None = Field(default=None, max_length=128)
    expires_s: float = Field(default=DAY_S, ge=60, le=30 * DAY_S)
    uses: int = Field(default=1, ge=1, le=1000)


class ShareResponse(BaseModel):
    """A link to watch, from the server's own address on. expires_s, uses: None where nobody
    needs a key.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    expires_s: float | None = None
    uses: int | None = None
