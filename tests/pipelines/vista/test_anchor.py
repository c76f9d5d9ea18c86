"""What adds up over minutes is taken back; what only moves is left alone."""

import numpy as np
import pytest

from scope.pipelines.vista.anchor import LEARNED, SETTLE, Anchor

SHAPE = (4, 12, 20)
ROWS = 6


def frame(seed: int, *, lift: float = 0.0, stretch: float = 1.0) -> np.ndarray:
    """A latent frame whose rows differ, as skies differ from ground."""
    random = np.random.default_rng(seed)
    rows = np.linspace(-1, 1, SHAPE[1], dtype=np.float32)[None, :, None]
    drawn = random.standard_normal(SHAPE, np.float32) * (1 + rows / 2)
    return (stretch * drawn + rows + lift).astype(np.float32)


def fresh() -> Anchor:
    return Anchor.of(np.ones(8, np.float32), channels=SHAPE[0], rows=ROWS)


def taught(count: int = SETTLE + LEARNED) -> Anchor:
    anchor = fresh()
    for number in range(count):
        anchor, _ = anchor.follow(frame(number), 0.3)
    return anchor


def row_means(latent: np.ndarray) -> np.ndarray:
    return latent.reshape(SHAPE[0], ROWS, -1).mean(2)


def row_deviations(latent: np.ndarray) -> np.ndarray:
    return latent.reshape(SHAPE[0], ROWS, -1).std(2)


def test_nothing_is_changed_until_its_looks_are_known():
    anchor = fresh()
    for number in range(SETTLE + LEARNED):
        given = frame(number)
        anchor, kept = anchor.follow(given, 1.0)
        assert kept is given


def test_what_a_change_of_words_still_shows_is_not_learned():
    anchor = fresh()
    for number in range(SETTLE):
        anchor, _ = anchor.follow(frame(number, lift=50.0), 0.3)
    for number in range(LEARNED):
        anchor, _ = anchor.follow(frame(number), 0.3)
    expected = np.mean([row_means(frame(number)) for number in range(LEARNED)], axis=0)
    np.testing.assert_allclose(anchor.looks[0], expected, atol=1e-5)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_share_asked_for_is_undone_of_each_row(share):
    anchor = taught()
    given = frame(99, lift=2.0, stretch=3.0)
    _, kept = anchor.follow(given, share)
    left = row_means(kept) - anchor.looks[0]
    np.testing.assert_allclose(left, (1 - share) * (row_means(given) - anchor.looks[0]), atol=1e-4)
    left = np.log(row_deviations(kept)) - anchor.looks[1]
    before = np.log(row_deviations(given)) - anchor.looks[1]
    np.testing.assert_allclose(left, (1 - share) * before, atol=1e-4)


def test_what_is_not_held_is_not_touched():
    given = frame(99, lift=2.0)
    after, kept = taught().follow(given, 0.0)
    assert kept is given
    assert after.frames == SETTLE + LEARNED + 1


def test_errors_that_add_up_stay_small():
    """Each frame is the one before, a little lighter and coarser; 2,000 frames are 8 minutes."""

    def after(share: float) -> tuple[float, float]:
        anchor, latent = taught(), frame(7)
        for _ in range(2000):
            grown = row_means(latent).mean()
            latent = ((latent - grown) * 1.01 + grown + 0.01).astype(np.float32)
            anchor, latent = anchor.follow(latent, share)
        gone = np.abs(row_means(latent) - anchor.looks[0]).max()
        return float(gone), float(np.abs(np.log(row_deviations(latent)) - anchor.looks[1]).max())

    lifted, coarser = after(0.3)
    assert lifted < 0.1
    assert coarser < 0.1
    assert min(after(0.0)) > 10


def test_what_moves_along_a_row_is_left_where_it_went():
    latent = frame(3)
    anchor = fresh()
    for number in range(SETTLE + LEARNED):
        anchor, _ = anchor.follow(np.roll(latent, number, axis=2), 0.3)
    turned = np.roll(latent, 11, axis=2)
    _, kept = anchor.follow(turned, 1.0)
    np.testing.assert_allclose(kept, turned, atol=1e-4)


def test_a_row_without_detail_makes_no_numbers_that_are_none():
    anchor = fresh()
    flat = np.zeros(SHAPE, np.float32)
    for _ in range(SETTLE + LEARNED + 5):
        anchor, flat = anchor.follow(flat, 1.0)
    _, kept = anchor.follow(frame(1), 1.0)
    assert np.isfinite(kept).all()


def test_a_frame_has_settled_once_the_words_alone_have_made_it():
    anchor = taught(SETTLE + 1)
    assert anchor.settled(ago=0)
    assert not anchor.settled(ago=1)
