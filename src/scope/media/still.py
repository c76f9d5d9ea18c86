"""One picture as a file. It does not know where the picture comes from."""

import io
from collections.abc import Mapping

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from scope.frames import Pixels


def jpeg(pixels: Pixels, quality: int = 85) -> bytes:
    """uint8 [H, W, 3] as JPEG; `quality` is brought into 1..95."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=min(max(quality, 1), 95))
    return out.getvalue()


def png(pixels: Pixels, text: Mapping[str, str]) -> bytes:
    """uint8 [H, W, 3] as PNG that carries `text` (e.g. prompt and seed) inside."""
    info = PngInfo()
    for key, value in text.items():
        info.add_itxt(key, value)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", pnginfo=info, compress_level=1)
    return out.getvalue()
