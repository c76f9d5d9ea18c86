import pytest

from scope.errors import NegotiationFailed
from scope.rtc.video_formats import codec_lines

ATTRIBUTES = {
    "rtpmap": [
        "96 VP8/90000",
        "97 rtx/90000",
        "98 VP9/90000",
        "99 rtx/90000",
        "102 H264/90000",
        "103 rtx/90000",
        "104 H264/90000",
        "116 H264/90000",
    ],
    "fmtp": [
        "97 apt=96",
        "99 apt=98",
        "102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "103 apt=102",
        "104 packetization-mode=0;profile-level-id=42e01f",
        "116 packetization-mode=1;profile-level-id=4d001f",
    ],
    "rtcp-fb": ["96 nack", "96 nack pli", "96 transport-cc", "98 nack", "* goog-remb", "x y"],
}
FORMATS = ("96", "97", "98", "99", "102", "103", "104", "116")


def chosen(prefer: str | None = None) -> list[str]:
    return codec_lines(FORMATS, ATTRIBUTES, prefer=prefer)[0]


def test_vp8_and_h264_stay_in_the_order_of_the_offer_with_their_repairs() -> None:
    assert chosen() == ["96", "97", "102", "103"]


def test_a_preference_moves_one_codec_to_the_front() -> None:
    assert chosen("H264") == ["102", "103", "96", "97"]
    assert chosen("VP8") == ["96", "97", "102", "103"]


def test_only_feedback_we_heed_and_only_of_chosen_formats_is_kept() -> None:
    lines = codec_lines(FORMATS, ATTRIBUTES, prefer=None)[1]
    kept = [line for line in lines if line.startswith("a=rtcp-fb")]
    assert kept == ["a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:* goog-remb"]


@pytest.mark.parametrize(
    "rtpmap",
    [[], ["98 VP9/90000"], ["96 VP8/8000"], ["300 VP8/90000"], ["0 VP8/90000"], ["96 VP8"]],
)
def test_without_a_codec_of_ours_there_is_nothing_to_answer(rtpmap: list[str]) -> None:
    with pytest.raises(NegotiationFailed, match="VP8"):
        codec_lines(FORMATS, {"rtpmap": rtpmap}, prefer=None)


def test_a_format_named_twice_counts_once() -> None:
    attributes = {"rtpmap": ["96 VP8/90000", "96 H264/90000"]}
    formats, lines = codec_lines(("96", "96"), attributes, prefer=None)
    assert (formats, lines) == (["96"], ["a=rtpmap:96 VP8/90000"])
