"""Settings come from the environment and from nowhere else."""

import pytest
from pydantic import ValidationError

from scope.settings import Settings


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
