import io

import numpy as np
from PIL import Image

from scope.media.still import jpeg, png


def picture() -> np.ndarray:
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:, :24] = (200, 40, 90)
    return pixels


def test_a_jpeg_shows_the_picture() -> None:
    shown = np.asarray(Image.open(io.BytesIO(jpeg(picture(), 90))))
    assert shown.shape == (32, 48, 3)
    assert np.abs(shown[4, 4].astype(int) - (200, 40, 90)).max() < 12


def test_any_jpeg_quality_is_brought_into_range() -> None:
    assert len(jpeg(picture(), -5)) <= len(jpeg(picture(), 1000))


def test_a_png_is_exact_and_carries_text() -> None:
    image = Image.open(io.BytesIO(png(picture(), {"prompt": "ein Hügel 🌊", "seed": "7"})))
    assert np.array_equal(np.asarray(image), picture())
    assert image.text == {"prompt": "ein Hügel 🌊", "seed": "7"}
