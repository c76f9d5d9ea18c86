"""The output page: the picture only, of a stream that somebody else drives."""

from typing import Any

from tests.e2e.hands import phase, says, serious, shows


def test_it_waits_follows_a_stream_and_waits_again(tunable: Any, browse: Any) -> None:
    tunable.end_sessions()
    output = browse(f"{tunable.base}/output", width=960, height=540)
    says(output, "Waiting for a stream.")
    assert serious(output) == []

    page = browse(tunable.base)
    phase(page, "ready")
    page.fill("#prompt", "a red barn")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    shows(output, "a red barn")
    assert output.locator("button, input, textarea").count() == 0
    page.fill("#prompt", "a blue boat")
    page.keyboard.press("Shift+Enter")
    shows(output, "a blue boat")
    page.wait_for_function("() => document.querySelector('#viewers').textContent === '2 viewers'")

    page.keyboard.press("Escape")
    page.keyboard.press(".")
    output.wait_for_function("() => !document.body.classList.contains('live')")
    says(output, "Waiting for a stream.")
    page.keyboard.press("Enter")
    shows(output, "a blue boat")


def test_the_output_button_opens_it_on_this_stream(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    page.fill("#prompt", "a white tower")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Output window").click()
    assert "session_id=" in opened.value.url
    shows(opened.value, "a white tower")
