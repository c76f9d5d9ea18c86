"""The laws of mixing embeddings."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from scope.control import Interpolation
from scope.pipelines.blending import Embedding, blend, interpolate, linear, normalised, slerp

SHAPE = (3, 4)
METHODS: tuple[Interpolation, ...] = ("linear", "slerp")

numbers = st.floats(-100, 100, width=32).map(lambda x: 0.0 if abs(x) < 1e-3 else x)
embeddings = npst.arrays(np.float32, SHAPE, elements=numbers)
methods = st.sampled_from(METHODS)
weights = st.floats(0, 1e6, allow_subnormal=False).map(lambda x: 0.0 if x < 1e-6 else x)
shares = st.floats(0, 1)


def norm(array: Embedding) -> float:
    return float(np.linalg.norm(array.astype(np.float64)))


def close(a: Embedding, b: Embedding) -> bool:
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-3))


def tokens_curve(a: Embedding, b: Embedding) -> bool:
    """Whether every token of a and b spans an arc that is neither nothing nor half a turn."""
    for x, y in zip(a.astype(float), b.astype(float), strict=True):
        lengths = np.linalg.norm(x) * np.linalg.norm(y)
        if lengths < 1e-2 or abs(x @ y) / lengths > 0.999:
            return False
    return True


@given(st.lists(weights, min_size=1, max_size=8))
def test_weights_become_shares_of_one(given_weights: list[float]) -> None:
    got = normalised(given_weights)
    assert math.isclose(sum(got), 1, rel_tol=1e-9)
    assert all(share >= 0 for share in got)
    for (w, a), (v, b) in itertools.pairwise(zip(given_weights, got, strict=True)):
        assert w * b == pytest.approx(v * a, rel=1e-6, abs=1e-9) or max(given_weights) == 0


def test_three_to_one_is_three_quarters_to_one_quarter() -> None:
    assert normalised([3, 1]) == (0.75, 0.25)


@pytest.mark.parametrize("same", [[0, 0], [5e-324, 5e-324], [1e308, 1e308], [7, 7]])
def test_equal_weights_are_equal_shares_also_at_the_ends_of_the_range(same: list[float]) -> None:
    assert normalised(same) == (0.5, 0.5)


@given(embeddings, embeddings, methods, st.integers(-8, 8))
def test_only_the_ratio_of_weights_counts(
    a: Embedding, b: Embedding, method: Interpolation, power: int
) -> None:
    scale = 2.0**power
    expected = blend([a, b], [0.75, 0.25], method)
    np.testing.assert_array_equal(blend([a, b], [3 * scale, scale], method), expected)


@given(st.lists(embeddings, min_size=1, max_size=4), methods, st.data())
def test_a_blend_is_finite_and_of_the_same_kind(
    parts: list[Embedding], method: Interpolation, data: st.DataObject
) -> None:
    given_weights = data.draw(st.lists(weights, min_size=len(parts), max_size=len(parts)))
    mixed = blend(parts, given_weights, method)
    assert mixed.shape == SHAPE
    assert mixed.dtype == np.float32
    assert np.isfinite(mixed).all()


@given(st.lists(embeddings, min_size=1, max_size=4), st.data())
def test_a_linear_blend_has_the_weighted_mean_of_the_norms(
    parts: list[Embedding], data: st.DataObject
) -> None:
    given_weights = data.draw(st.lists(weights, min_size=len(parts), max_size=len(parts)))
    got = normalised(given_weights)
    wanted = sum(share * norm(part) for share, part in zip(got, parts, strict=True))
    plain = sum(share * part.astype(float) for share, part in zip(got, parts, strict=True))
    assume(float(np.linalg.norm(plain)) > 1e-3 * wanted)
    assert norm(linear(parts, got)) == pytest.approx(wanted, rel=1e-4, abs=1e-4)


@given(embeddings, embeddings, st.floats(0.01, 0.99))
def test_a_linear_blend_points_where_the_weighted_sum_points(
    a: Embedding, b: Embedding, t: float
) -> None:
    plain = (1 - t) * a.astype(float) + t * b.astype(float)
    length = float(np.linalg.norm(plain))
    assume(length > 1e-2 * max(norm(a), norm(b)) > 0)
    mixed = linear([a, b], [1 - t, t])
    assert close(mixed, (plain / length * norm(mixed)).astype(np.float32))


@given(embeddings, methods)
def test_one_prompt_is_itself_whatever_it_weighs(a: Embedding, method: Interpolation) -> None:
    for weight in (0, 1e-9, 1, 1e9):
        np.testing.assert_array_equal(blend([a], [weight], method), a)


@given(embeddings, embeddings, methods)
def test_a_prompt_without_weight_does_not_show(
    a: Embedding, b: Embedding, method: Interpolation
) -> None:
    np.testing.assert_array_equal(blend([a, b], [1, 0], method), a)
    np.testing.assert_array_equal(blend([a, b], [0, 1], method), b)


@given(embeddings, embeddings, embeddings)
def test_slerp_of_three_is_linear(a: Embedding, b: Embedding, c: Embedding) -> None:
    np.testing.assert_array_equal(
        blend([a, b, c], [1, 2, 3], "slerp"), blend([a, b, c], [1, 2, 3], "linear")
    )


@given(embeddings, embeddings, methods)
def test_both_ends_are_met_exactly(a: Embedding, b: Embedding, method: Interpolation) -> None:
    assert interpolate(a, b, 0, method) is a
    assert interpolate(a, b, 1, method) is b


@given(embeddings, embeddings, shares)
def test_slerp_interpolates_the_norm_of_each_token(a: Embedding, b: Embedding, t: float) -> None:
    assume(tokens_curve(a, b))
    mixed = np.linalg.norm(slerp(a, b, t).astype(float), axis=-1)
    wanted = (1 - t) * np.linalg.norm(a.astype(float), axis=-1)
    wanted += t * np.linalg.norm(b.astype(float), axis=-1)
    np.testing.assert_allclose(mixed, wanted, rtol=1e-4, atol=1e-4)


@given(embeddings, embeddings, shares)
def test_slerp_turns_at_a_constant_rate(a: Embedding, b: Embedding, t: float) -> None:
    assume(tokens_curve(a, b))

    def angles(x: Embedding, y: Embedding) -> np.ndarray:
        x, y = x.astype(float), y.astype(float)
        x /= np.linalg.norm(x, axis=-1, keepdims=True)
        y /= np.linalg.norm(y, axis=-1, keepdims=True)
        return 2 * np.arctan2(np.linalg.norm(x - y, axis=-1), np.linalg.norm(x + y, axis=-1))

    mixed = slerp(a, b, t)
    np.testing.assert_allclose(angles(a, mixed), t * angles(a, b), atol=1e-3)


@given(embeddings, embeddings, shares)
def test_slerp_backwards_is_the_same_way(a: Embedding, b: Embedding, t: float) -> None:
    assert close(slerp(a, b, t), slerp(b, a, 1 - t))


def test_slerp_of_a_right_angle_is_a_quarter_circle() -> None:
    a, b = np.array([[1, 0]], np.float32), np.array([[0, 1]], np.float32)
    np.testing.assert_allclose(slerp(a, b, 0.5), [[math.sqrt(0.5)] * 2], rtol=1e-6)


def test_slerp_of_unequal_norms_keeps_direction_and_norm_apart() -> None:
    a, b = np.array([[2, 0]], np.float32), np.array([[0, 6]], np.float32)
    half = slerp(a, b, 0.5)
    np.testing.assert_allclose(half, [[4 * math.sqrt(0.5)] * 2], rtol=1e-6)


@given(embeddings, shares, st.floats(0.125, 8))
def test_parallel_tokens_are_mixed_in_a_straight_line(a: Embedding, t: float, k: float) -> None:
    b = (a * np.float32(k)).astype(np.float32)
    assert close(slerp(a, b, t), ((1 - t) * a + t * b).astype(np.float32))


@given(embeddings, shares)
def test_antipodal_tokens_are_mixed_in_a_straight_line(a: Embedding, t: float) -> None:
    assert close(slerp(a, -a, t), ((1 - 2 * t) * a).astype(np.float32))


@given(embeddings, shares)
def test_zero_tokens_are_mixed_in_a_straight_line(a: Embedding, t: float) -> None:
    assert close(slerp(np.zeros_like(a), a, t), (t * a).astype(np.float32))
    assert close(slerp(a, np.zeros_like(a), t), ((1 - t) * a).astype(np.float32))


def test_each_token_falls_back_on_its_own() -> None:
    a = np.array([[1, 0], [1, 0], [1, 0], [0, 0]], np.float32)
    b = np.array([[0, 1], [3, 0], [-1, 0], [4, 4]], np.float32)
    half = math.sqrt(0.5)
    np.testing.assert_allclose(
        slerp(a, b, 0.5), [[half, half], [2, 0], [0, 0], [2, 2]], rtol=1e-6, atol=1e-7
    )


def test_opposite_prompts_cancel_without_blowing_up() -> None:
    a = np.array([[1, 2]], np.float32)
    np.testing.assert_array_equal(blend([a, -a], [1, 1], "linear"), [[0, 0]])


def test_the_inputs_are_left_alone() -> None:
    a, b = np.ones(SHAPE, np.float32), np.full(SHAPE, -2, np.float32)
    for method in METHODS:
        blend([a, b], [1, 2], method)
    assert (a == 1).all()
    assert (b == -2).all()


@pytest.mark.parametrize(
    ("count", "given_weights"), [(0, []), (2, [1.0]), (1, [1.0, 1.0])], ids=str
)
def test_weights_and_embeddings_must_pair_up(count: int, given_weights: list[float]) -> None:
    with pytest.raises(ValueError, match="as many weights"):
        blend([np.ones(SHAPE, np.float32)] * count, given_weights, "linear")


def test_embeddings_of_two_shapes_do_not_mix() -> None:
    with pytest.raises(ValueError, match="one shape"):
        blend([np.ones((2, 3), np.float32), np.ones((2, 4), np.float32)], [1, 1], "slerp")


@given(
    st.lists(embeddings, min_size=1, max_size=4),
    methods,
    st.floats(1e-3, 1e3),
    st.data(),
)
def test_a_blend_does_not_depend_on_the_scale_of_its_weights(
    parts: list[Embedding], method: Interpolation, scale: float, data: st.DataObject
) -> None:
    of_one = st.floats(0.01, 10)
    given_weights = data.draw(st.lists(of_one, min_size=len(parts), max_size=len(parts)))
    plain = sum(
        share * part.astype(float)
        for share, part in zip(normalised(given_weights), parts, strict=True)
    )
    assume(float(np.linalg.norm(plain)) > 1e-2 * max(map(norm, parts)))  # no cancelling
    mixed = blend(parts, given_weights, method)
    assert close(mixed, blend(parts, [scale * weight for weight in given_weights], method))
