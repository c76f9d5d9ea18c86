"""The bench of pipelines measures whatever can be loaded, and says why something cannot."""

import math

from bench.gpu import measure, parse, row
from scope.pipelines.registry import Listed
from scope.pipelines.testcard import CardLoad, TestCard


def test_a_pipeline_is_measured_through_its_own_interface():
    card = TestCard(CardLoad(), device="cpu", progress=lambda _stage, _share: None)
    figures = {figure.what: figure.value for figure in measure(card, 3)}
    assert figures["testcard: pictures a second"] > 0
    assert figures["testcard: block, p99"] >= figures["testcard: block, p50"] > 0
    assert figures["testcard: new prompt to its first picture, p50"] > 0


def test_what_cannot_be_loaded_is_a_line_with_the_reason():
    options = parse(["--load", '{"width": -1}', "--device", "cpu"])
    (figure,) = row("testcard", Listed(TestCard.spec(), TestCard), options)
    assert math.isnan(figure.value)
    assert "width" in figure.note
