"""Orders and news survive the way between the two processes."""

from pathlib import Path

import pytest

from scope.hub.order import Failed, Finished, Moved, News, Order, Planned, of_line, to_line
from scope.pipelines.artifacts import Artifact


def test_an_order_comes_out_as_it_went_in(model: Artifact) -> None:
    tiny = Artifact("a/b", ("c",), "decoder", "MIT", 1, only_for=("vae_type", ("tae", "x")))
    order = Order(endpoint="http://h", cache=Path("/c"), artifacts=(model, tiny), token="t")
    line = order.to_line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert Order.of_line(line) == order


@pytest.mark.parametrize(
    "news",
    [Planned(10, 2), Moved("checking", "a\nb", 5), Failed("gated", "Ask →"), Finished()],
)
def test_news_are_one_line(news: News) -> None:
    assert "\n" not in to_line(news)
    assert of_line(to_line(news).encode()) == news
