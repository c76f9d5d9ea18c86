"""The page with the model that ships: what a newcomer sees in the first minute."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.hands import phase, says

MEAN = """() => {
    const video = document.querySelector("video");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [16, 10];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, 16, 10);
    const { data } = context.getImageData(0, 0, 16, 10);
    return [0, 1, 2].map((c) => {
        let sum = 0;
        for (let i = c; i < data.length; i += 4) sum += data[i];
        return sum / (data.length / 4);
    });
}"""


def distance(a: list[float], b: list[float]) -> float:
    return float(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5)


@pytest.fixture(scope="module")
def vista(serve_all: Any) -> Any:
    return serve_all(pipeline="vista")


def test_one_click_brings_a_picture_and_a_second_one_glides_to_another(
    vista: Any, browse: Any, tmp_path: Path
) -> None:
    page = browse(vista.base)
    phase(page, "ready")
    page.screenshot(path=tmp_path / "ready.png")
    page.locator("#send").click()
    phase(page, "streaming")
    page.wait_for_function("() => document.querySelector('video').videoWidth === 320")
    page.wait_for_function(f"() => ({MEAN})().some((value) => value > 20)")
    page.wait_for_selector("#fps:has-text('fps')")
    before = page.evaluate(MEAN)
    page.screenshot(path=tmp_path / "before.png")

    page.evaluate(f"""() => {{
        const mean = {MEAN};
        window.samples = [];
        setInterval(() => {{
            const glide = document.querySelector(".glide");
            if (!glide.hidden) samples.push([glide.textContent, mean()]);
        }}, 50);
    }}""")
    page.locator(".slot", has_text="snowy mountains").click()
    page.wait_for_selector(".glide:visible")
    page.screenshot(path=tmp_path / "between.png")
    page.wait_for_selector(".glide", state="hidden")
    says(page, "First picture of the new prompt after")
    after = page.evaluate(MEAN)
    page.screenshot(path=tmp_path / "after.png")
    samples = page.evaluate("samples")
    assert len({text for text, _ in samples}) > 2  # it counts the chunks
    assert all(text.startswith("→ snowy mountains") for text, _ in samples)
    assert distance(before, after) > 20
    between = max(min(distance(before, mean), distance(mean, after)) for _, mean in samples)
    assert between > 5  # a glide, no cut
