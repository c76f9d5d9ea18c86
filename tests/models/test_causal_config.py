"""Which frames see which."""

from scope.models.causal_config import CausalConfig, FrameLayout


def rows(layout: FrameLayout) -> list[str]:
    return ["".join("x" if seen else "." for seen in row) for row in layout.visible.tolist()]


def test_blocks_see_themselves_whole_and_everything_before():
    assert rows(FrameLayout.block_causal(5, 2)) == ["xx...", "xx...", "xxxx.", "xxxx.", "xxxxx"]


def test_noisy_frames_see_themselves_and_the_clean_past():
    layout = FrameLayout.teacher_forced(3)
    assert rows(layout) == ["x....", "xx...", "..x..", "x..x.", "xx..x"]
    assert layout.positions == (0, 1, 0, 1, 2)


def test_a_clip_of_one_is_a_single_noisy_frame():
    assert rows(FrameLayout.teacher_forced(1)) == ["x"]


def test_a_head_is_its_share_of_the_width():
    assert CausalConfig(dim=1536, heads=12, layers=30, ffn=8960).head_dim == 128
