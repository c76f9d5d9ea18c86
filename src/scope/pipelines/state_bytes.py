"""Arrays as bytes and back, for parking a stream: no pickle, no surprises.

    magic(8) | length of the header(4) | checksum(4) | header as JSON | raw arrays

Decides the layout; the checksum is that of the length and all that follows. Knows nothing of
what the arrays mean.
"""

import json
import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"SCOPEST1"
_PREFIX = struct.Struct("<8sII")
_DTYPES = frozenset(
    {"|b1", "|i1", "|u1", "<i2", "<u2", "<f2", "<i4", "<u4", "<f4", "<i8", "<u8", "<f8"}
)

AnyArray = NDArray[Any]


def pack(arrays: Mapping[str, AnyArray]) -> bytes:
    """The arrays, of plain numbers or booleans, as one string of bytes."""
    header: list[tuple[str, str, list[int]]] = []
    blobs: list[bytes] = []
    for name, array in arrays.items():
        plain = np.ascontiguousarray(array).reshape(array.shape)
        plain = plain.astype(plain.dtype.newbyteorder("<"), copy=False)
        if plain.dtype.str not in _DTYPES:
            raise ValueError(f"{name}: {plain.dtype} can not be packed")
        header.append((name, plain.dtype.str, list(plain.shape)))
        blobs.append(plain.tobytes())
    text = json.dumps(header).encode()
    body = b"".join((text, *blobs))
    return _PREFIX.pack(_MAGIC, len(text), _checksum(len(text), body)) + body


def unpack(packed: bytes) -> dict[str, AnyArray]:
    """What `pack` was given; the arrays are the caller's own. Raises ValueError otherwise."""
    if len(packed) < _PREFIX.size:
        raise ValueError("not a dumped state: too short")
    magic, header_bytes, checksum = _PREFIX.unpack_from(packed)
    body = memoryview(packed)[_PREFIX.size :]
    if magic != _MAGIC or header_bytes > len(body) or _checksum(header_bytes, body) != checksum:
        raise ValueError("not a dumped state, or a damaged one")
    rest = body[header_bytes:]
    arrays: dict[str, AnyArray] = {}
    for name, kind, shape in _header(bytes(body[:header_bytes])):
        size = math.prod(shape) * np.dtype(kind).itemsize
        if len(rest) < size:
            raise ValueError("not a dumped state: an array is cut short")
        arrays[name] = np.frombuffer(rest[:size], dtype=kind).reshape(shape).copy()
        rest = rest[size:]
    if len(rest):
        raise ValueError("not a dumped state: bytes are left over")
    return arrays


def _checksum(header_bytes: int, body: bytes | memoryview) -> int:
    return zlib.crc32(body, zlib.crc32(header_bytes.to_bytes(4, "little")))


def _header(text: bytes) -> list[tuple[str, str, tuple[int, ...]]]:
    entries = json.loads(text)
    if not isinstance(entries, list):
        raise ValueError("not a dumped state: no list of arrays")
    header = []
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != 3:
            raise ValueError("not a dumped state: an array is not described")
        name, kind, shape = entry
        if not (isinstance(name, str) and isinstance(kind, str) and isinstance(shape, list)):
            raise ValueError("not a dumped state: an array is not described")
        if kind not in _DTYPES:
            raise ValueError("not a dumped state: an array is not described")
        if not all(isinstance(length, int) and 0 <= length < 2**31 for length in shape):
            raise ValueError("not a dumped state: a shape is wrong")
        header.append((name, kind, tuple(shape)))
    return header
