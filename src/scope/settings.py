"""Every setting of the server, read once from the environment; the only reader of it.

Names carry the prefix `SCOPE_`; `PIPELINE`, the names of Hugging Face, Cloudflare and Twilio
are those their own documentation uses. This module knows no component: each takes the values
it needs as arguments. Lists in the environment are separated by commas, pairs are `a=b`.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

Words = Annotated[tuple[str, ...], NoDecode]
Pairs = Annotated[dict[str, str], NoDecode]


class HubSettings(BaseSettings):
    """Where model files come from and where they lie; a worker and a command need no more."""

    model_config = SettingsConfigDict(
        env_prefix="SCOPE_",
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    hf_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("hf_token", "HF_TOKEN")
    )
    hf_endpoint: str = Field(
        default="https://huggingface.co",
        pattern=r"^https?://[^/]",
        validation_alias=AliasChoices("hf_endpoint", "HF_ENDPOINT"),
    )
    hf_home: Path | None = Field(default=None, validation_alias=AliasChoices("hf_home", "HF_HOME"))
    hf_hub_cache: Path | None = Field(
        default=None, validation_alias=AliasChoices("hf_hub_cache", "HF_HUB_CACHE")
    )
    xdg_cache_home: Path | None = Field(
        default=None, validation_alias=AliasChoices("xdg_cache_home", "XDG_CACHE_HOME")
    )
    xdg_data_home: Path | None = Field(
        default=None, validation_alias=AliasChoices("xdg_data_home", "XDG_DATA_HOME")
    )
    hf_offline: bool = Field(
        default=False, validation_alias=AliasChoices("hf_offline", "HF_HUB_OFFLINE")
    )
    download_models: bool = True
    """Whether a load fetches what it needs; else it says what is missing."""
    loras_folder: Path | None = None
    """Where adapters lie; a client can name those in it and no others."""

    @property
    def hub_cache(self) -> Path:
        """The folder of model files, the same one other programs of the hub use."""
        shared = (self.xdg_cache_home or Path("~/.cache")) / "huggingface"
        cache = self.hf_hub_cache or (self.hf_home or shared) / "hub"
        return cache.expanduser()

    @property
    def loras(self) -> Path:
        """The folder of adapters."""
        data = (self.xdg_data_home or Path("~/.local/share")) / "daydream-scope"
        return (self.loras_folder or data / "loras").expanduser()


class RemoteSettings(BaseSettings):
    """Which server commands talk to, and the key it wants."""

    model_config = SettingsConfigDict(
        env_prefix="SCOPE_", frozen=True, extra="forbid", env_ignore_empty=True
    )

    url: str = Field(default="http://localhost:8000", pattern=r"^https?://[^/]")
    api_key: SecretStr | None = None


class KeySettings(BaseSettings):
    """Where keys lie; the commands about keys need no more."""

    model_config = SettingsConfigDict(
        env_prefix="SCOPE_",
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        populate_by_name=True,
    )

    api_key_file: Path | None = None
    """The keys of a server, as digests; without it those in the user's folder count, if any."""
    xdg_config_home: Path | None = Field(
        default=None, validation_alias=AliasChoices("xdg_config_home", "XDG_CONFIG_HOME")
    )

    @property
    def key_file(self) -> Path:
        """The file of keys, which need not be there."""
        usual = (self.xdg_config_home or Path("~/.config")) / "daydream-scope" / "keys.json"
        return (self.api_key_file or usual).expanduser()


class Settings(HubSettings, KeySettings):
    """Values the whole server is composed from; frozen."""

    # Where and for whom
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    open_browser: bool = True
    display: str | None = Field(
        default=None, validation_alias=AliasChoices("display", "DISPLAY", "WAYLAND_DISPLAY")
    )
    api_key: SecretStr | None = None
    shows_key: bool = False
    """Whether the key was made at start, so that the link which is printed carries it."""
    state_folder: Path | None = None
    xdg_state_home: Path | None = Field(
        default=None, validation_alias=AliasChoices("xdg_state_home", "XDG_STATE_HOME")
    )
    allowed_hosts: Words = ()
    allowed_origins: Words = ()
    allow_null_origin: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"
    git_commit: str | None = None

    # What is shown
    pipeline: str | None = Field(
        default="vista", validation_alias=AliasChoices("pipeline", "PIPELINE", "SCOPE_PIPELINE")
    )
    load_params: dict[str, Any] = {}
    aliases: Pairs = {}
    engine: Literal["process", "inline"] = "process"
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d{1,2})?)$")
    codec: Literal["VP8", "H264"] | None = None
    encoder_threads: int = Field(default=2, ge=1, le=64)

    # ICE servers
    cloudflare_turn_key_id: str | None = Field(
        default=None,
        validation_alias=AliasChoices("cloudflare_turn_key_id", "CLOUDFLARE_TURN_KEY_ID"),
    )
    cloudflare_turn_key_api_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices(
            "cloudflare_turn_key_api_token", "CLOUDFLARE_TURN_KEY_API_TOKEN"
        ),
    )
    twilio_account_sid: str | None = Field(
        default=None, validation_alias=AliasChoices("twilio_account_sid", "TWILIO_ACCOUNT_SID")
    )
    twilio_auth_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("twilio_auth_token", "TWILIO_AUTH_TOKEN")
    )
    turn_urls: Words = ()
    turn_username: str | None = None
    turn_credential: SecretStr | None = None
    turn_secret: SecretStr | None = None
    stun_urls: Words = ("stun:stun.l.google.com:19302",)
    turn_ttl_s: int = Field(default=600, ge=120, le=86_400)
    turn_timeout_s: float = Field(default=2.0, gt=0, le=30)
    hf_turn_url: str = "https://turn.fastrtc.org"
    cloudflare_turn_url: str = "https://rtc.live.cloudflare.com"
    twilio_url: str = "https://api.twilio.com"

    # Limits
    max_body_bytes: int = Field(default=256 * KIB, ge=KIB)
    body_timeout_s: float = Field(default=15.0, gt=0)
    max_sdp_bytes: int = Field(default=64 * KIB, ge=KIB)
    max_sdp_lines: int = Field(default=2_000, ge=10)
    max_media_sections: int = Field(default=8, ge=1)
    max_candidates_per_body: int = Field(default=32, ge=1)
    max_candidates_per_session: int = Field(default=64, ge=1)
    max_mdns_candidates: int = Field(default=4, ge=0)
    max_sessions: int = Field(default=16, ge=1)
    max_peers_per_session: int = Field(default=16, ge=1)
    max_parked_sessions: int = Field(default=8, ge=0)
    max_parked_bytes: int = Field(default=256 * MIB, ge=0)
    max_previews: int = Field(default=8, ge=0)
    wrong_keys_per_s: float = Field(default=0.2, gt=0)
    wrong_keys_burst: int = Field(default=10, ge=1)
    pending_offers: int = Field(default=8, ge=1)
    pending_offers_per_address: int = Field(default=4, ge=1)
    failed_offers_per_s: float = Field(default=1.0, gt=0)
    failed_offers_burst: int = Field(default=5, ge=1)

    # Recordings
    recordings_folder: Path | None = None
    recordings_kept_s: float = Field(default=86_400.0, ge=0)
    max_recordings: int = Field(default=8, ge=0)
    max_recording_bytes: int = Field(default=2 * GIB, ge=MIB)
    max_recordings_bytes: int = Field(default=10 * GIB, ge=MIB)

    # Deadlines
    startup_wait_s: float = Field(default=10.0, ge=0)
    connect_deadline_s: float = Field(default=10.0, gt=0)
    silence_s: float = Field(default=5.0, gt=0)
    lost_s: float = Field(default=30.0, gt=0)
    parked_s: float = Field(default=60.0, ge=0)
    """How long a session waits for its owner, from when the owner fell silent."""
    drain_s: float = Field(default=2.0, ge=0, le=8)
    """How long viewers keep watching between the first SIGTERM and the end of the streams."""

    def recordings(self) -> Path:
        """The folder recordings are kept in."""
        cache = (self.xdg_cache_home or Path("~/.cache")) / "daydream-scope"
        return (self.recordings_folder or cache / "recordings").expanduser()

    def state(self) -> Path:
        """The folder of what outlives a restart."""
        usual = (self.xdg_state_home or Path("~/.local/state")) / "daydream-scope"
        return (self.state_folder or usual).expanduser()

    @field_validator("allowed_hosts", "allowed_origins", "turn_urls", "stun_urls", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("aliases", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = (pair.partition("=") for pair in value.split(",") if pair.strip())
        return {alias.strip(): target.strip() for alias, _, target in pairs}

    @field_validator("aliases")
    @classmethod
    def _complete_pairs(cls, value: dict[str, str]) -> dict[str, str]:
        if any(not alias or not target for alias, target in value.items()):
            raise ValueError("an alias is written as name=pipeline")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _whole_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not origin.startswith(("http://", "https://")) or origin.count("/") > 2:
                raise ValueError(f"{origin!r} is not an origin such as https://app.example")
        return value

    @field_validator("turn_urls", "stun_urls")
    @classmethod
    def _ice_urls(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        scheme = str(info.field_name).removesuffix("_urls")
        for url in value:
            if not is_ice_url(url) or not url.startswith(scheme):
                raise ValueError(f"{url!r} is not an address such as {scheme}:ice.example:3478")
        return value


def is_ice_url(text: str) -> bool:
    """Whether browsers take it as an ICE server (RFC 7064 and 7065)."""
    return _ICE_URL.fullmatch(text) is not None


_ICE_URL = re.compile(
    r"(stuns?|turns?):([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"
    r"(\?transport=(udp|tcp))?"
)
