"""Settings come from the environment and from nowhere else."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from scope.settings import HubSettings, KeySettings, RemoteSettings, Settings


def test_the_names_other_programs_document_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE", "testcard")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC1")
    settings = Settings()
    assert settings.pipeline == "testcard"
    assert settings.hf_token is not None
    assert settings.hf_token.get_secret_value() == "hf_secret"
    assert settings.twilio_account_sid == "AC1"


def test_our_own_names_carry_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPE_PORT", "9001")
    monkeypatch.setenv("PORT", "9002")
    assert Settings().port == 9001


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPE_ALLOWED_HOSTS", "a.example, b.example,")
    monkeypatch.setenv("SCOPE_ALIASES", "longlive=vista, wan=vista")
    settings = Settings()
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.aliases == {"longlive": "vista", "wan": "vista"}


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    assert Settings().hf_token is None


def test_values_given_in_code_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE", "testcard")
    assert Settings(pipeline="vista").pipeline == "vista"


def test_secrets_do_not_show_in_a_print() -> None:
    assert "tell-nobody" not in repr(Settings(api_key="tell-nobody"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCOPE_PORT", "70000"),
        ("SCOPE_ALIASES", "longlive"),
        ("SCOPE_ALLOWED_ORIGINS", "app.example"),
        ("SCOPE_ALLOWED_ORIGINS", "https://app.example/page"),
        ("SCOPE_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_model_files_lie_where_other_programs_of_the_hub_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert HubSettings().hub_cache == Path("~/.cache/huggingface/hub").expanduser()
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert HubSettings().hub_cache == Path("/x/huggingface/hub")
    monkeypatch.setenv("HF_HOME", "/h")
    assert Settings().hub_cache == Path("/h/hub")
    monkeypatch.setenv("HF_HUB_CACHE", "/c")
    assert Settings().hub_cache == Path("/c")


def test_the_hub_can_be_another_one_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert (HubSettings().hf_endpoint, HubSettings().hf_offline) == ("http://127.0.0.1:9", True)
    monkeypatch.setenv("HF_ENDPOINT", "hub.example")
    with pytest.raises(ValidationError):
        HubSettings()


def test_commands_know_their_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert RemoteSettings().url == "http://localhost:8000"
    monkeypatch.setenv("SCOPE_URL", "https://gpu.example")
    monkeypatch.setenv("SCOPE_API_KEY", "tell-nobody")
    assert RemoteSettings().url == "https://gpu.example"
    assert "tell-nobody" not in repr(RemoteSettings())


def test_adapters_lie_with_the_users_data_or_where_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert HubSettings().loras == Path.home() / ".local/share/daydream-scope/loras"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert HubSettings().loras == tmp_path / "daydream-scope" / "loras"
    monkeypatch.setenv("SCOPE_LORAS_FOLDER", str(tmp_path / "mine"))
    assert HubSettings().loras == Settings().loras == tmp_path / "mine"


def test_keys_and_what_outlives_a_restart_lie_in_the_users_own_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert KeySettings().key_file == Path("~/.config/daydream-scope/keys.json").expanduser()
    assert Settings().state() == Path("~/.local/state/daydream-scope").expanduser()
    monkeypatch.setenv("XDG_CONFIG_HOME", "/c")
    monkeypatch.setenv("XDG_STATE_HOME", "/s")
    assert Settings().key_file == Path("/c/daydream-scope/keys.json")
    assert Settings().state() == Path("/s/daydream-scope")
    monkeypatch.setenv("SCOPE_API_KEY_FILE", "~/k.json")
    assert Settings().key_file == KeySettings().key_file == Path("~/k.json").expanduser()
    assert Settings(state_folder=Path("/x")).state() == Path("/x")


@pytest.mark.parametrize(
    "url",
    [
        "turn.example.com:3478",
        "turn:",
        "turn:a b",
        "turn:t.example:x",
        "stun:s.example",
        "http://t",
        "turn:t.example?transport=sctp",
        "turn:t.example?x=1",
        "turn:t.example/path",
    ],
)
def test_an_address_no_browser_takes_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match=r"turn:ice\.example:3478"):
        Settings(turn_urls=(url,))


def test_addresses_of_relays_have_these_forms() -> None:
    urls = ("turn:t.example", "turns:t.example:5349?transport=tcp", "turn:[2001:db8::7]:3478")
    assert Settings(turn_urls=urls).turn_urls == urls
    assert Settings(stun_urls=("stuns:s.example",)).stun_urls == ("stuns:s.example",)
