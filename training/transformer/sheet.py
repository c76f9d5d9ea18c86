"""Contact sheets: rows of pictures, a prompt above each row."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CAPTION_PX = 14


def write_sheet(
    path: Path, rows: Sequence[tuple[str, Sequence[NDArray[np.uint8]]]], *, scale: float = 1.0
) -> None:
    """Each row is a prompt and its pictures [H, W, 3], all of one size."""
    height, width, _ = rows[0][1][0].shape
    height, width = int(height * scale), int(width * scale)
    columns = max(len(pictures) for _, pictures in rows)
    sheet = Image.new("RGB", (columns * width, len(rows) * (height + CAPTION_PX)), "white")
    draw = ImageDraw.Draw(sheet)
    for row, (prompt, pictures) in enumerate(rows):
        top = row * (height + CAPTION_PX)
        draw.text((2, top + 1), prompt, fill="black")
        for column, picture in enumerate(pictures):
            image = Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR)
            sheet.paste(image, (column * width, top + CAPTION_PX))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
