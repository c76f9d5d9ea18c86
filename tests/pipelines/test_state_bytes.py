"""Arrays survive the way to bytes and back; bytes that were tampered with do not."""

import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.pipelines.state_bytes import pack, unpack

KINDS = ["?", "i1", "u1", "<i2", "<f2", "<i4", "<f4", "<i8", "<f8", "<u8"]


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    kind = np.dtype(draw(st.sampled_from(KINDS)))
    count = int(np.prod(shape, dtype=int)) * kind.itemsize
    raw = draw(st.binary(min_size=count, max_size=count))
    if kind == np.bool_:
        raw = bytes(byte & 1 for byte in raw)
    return np.frombuffer(raw, dtype=kind).reshape(shape)


def packed(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    whole = text + body
    checksum = zlib.crc32(whole, zlib.crc32(struct.pack("<I", len(text))))
    return struct.pack("<8sII", b"SCOPEST1", len(text), checksum) + whole


def test_what_is_packed_by_hand_as_documented_is_read() -> None:
    assert unpack(packed([["x", "<f8", [1]]], struct.pack("<d", 0.5)))["x"].tolist() == [0.5]


@given(st.dictionaries(st.text(max_size=5), arrays(), max_size=4))
def test_arrays_come_back_bit_for_bit(kept: dict[str, np.ndarray]) -> None:
    back = unpack(pack(kept))
    assert list(back) == list(kept)
    for name, array in kept.items():
        assert back[name].shape == array.shape
        assert back[name].dtype == array.dtype
        assert back[name].tobytes() == array.tobytes()


def test_arrays_that_lie_otherwise_in_memory_come_back_equal() -> None:
    array = np.arange(12).reshape(3, 4)
    for view in (array.T, array[:, ::2], array[::-1], array.astype(">i4")):
        np.testing.assert_array_equal(unpack(pack({"x": view}))["x"], view)


def test_what_comes_back_may_be_written_to() -> None:
    kept = pack({"x": np.zeros(3)})
    unpack(kept)["x"][:] = 1
    assert unpack(kept)["x"].sum() == 0


def test_a_scalar_keeps_its_shape() -> None:
    assert unpack(pack({"n": np.array(5)}))["n"].shape == ()


@pytest.mark.parametrize("array", [np.array([object()]), np.array(["text"]), np.array([1 + 2j])])
def test_only_plain_numbers_are_packed(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="can not be packed"):
        pack({"x": array})


@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    good = pack({"x": np.arange(5.0), "y": np.array(True)})
    at = data.draw(st.integers(0, len(good) - 1))
    wrong = bytearray(good)
    wrong[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="not a dumped state"):
        unpack(bytes(wrong))


@given(st.binary(max_size=80))
def test_garbage_is_a_value_error(garbage: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unpack(garbage)


@pytest.mark.parametrize("cut", [0, 1, 15, 16, 40, -1])
def test_a_part_is_a_value_error(cut: int) -> None:
    with pytest.raises(ValueError, match="not a dumped state"):
        unpack(pack({"x": np.arange(5)})[:cut])


@pytest.mark.parametrize("kind", ["<c8", "<U2", "|O", "|S8", "|V8", ">f8", "<M8[s]", "f8"])
def test_a_kind_that_is_never_packed_is_never_unpacked(kind: str) -> None:
    with pytest.raises(ValueError, match="not described"):
        unpack(packed([["x", kind, [1]]], b"\0" * 8))


@pytest.mark.parametrize(
    "wrong",
    [
        packed(b"\xff"),
        packed({}),
        packed([1]),
        packed([["x", "<f8"]]),
        packed([["x", "|O", [1]]], b"\0" * 8),
        packed([[1, "<f8", [1]]], b"\0" * 8),
        packed([["x", "<f8", 1]], b"\0" * 8),
        packed([["x", "<f8", [-1]]], b"\0" * 8),
        packed([["x", "<f8", [2**31]]], b"\0" * 8),
        packed([["x", "<f8", [2**30, 2**30, 2**30]]], b"\0" * 8),
        packed([["x", "<f8", [2]]], b"\0" * 8),
        packed([["x", "<f8", [1]]], b"\0" * 9),
        packed([["x", ["<f8"], [1]]], b"\0" * 8),
    ],
)
def test_a_header_that_lies_is_a_value_error_and_allocates_nothing(wrong: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unpack(wrong)
