"""Time, place and number drawn on the copy that is served. What is stored is never touched."""

import io
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageDraw, ImageFont

from mengding.core.fonts import REGULAR

_SMALLEST = 12  # pixels of a line's type


@dataclass(frozen=True, slots=True)
class Line:
    """One line; a `warning` stands on amber instead of black."""

    text: str
    warning: bool = False


def draw(picture: IO[bytes], lines: list[Line]) -> bytes:
    """The picture as JPEG with the lines at its lower left, on a dark ground in any light.

    The type is 1/36 of the longer edge; a line too wide for the picture is set smaller.
    """
    with Image.open(picture, formats=["JPEG"]) as opened:
        image = opened.convert("RGB")
    size = max(_SMALLEST, max(image.size) // 36)
    pad = size // 2
    layer = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(layer)
    bottom = image.height
    for line in reversed(lines):
        font = _fitting(line.text, size, image.width - 2 * pad)
        left, top, right, low = font.getbbox(line.text)
        height, width = int(low - top) + pad, int(right - left) + 2 * pad
        ground = (176, 90, 0, 220) if line.warning else (0, 0, 0, 150)
        pen.rectangle((0, bottom - height, width, bottom), fill=ground)
        pen.text((pad - left, bottom - height + pad // 2 - top), line.text, "white", font=font)
        bottom -= height
    image.paste(layer, mask=layer.getchannel("A"))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=b"", icc_profile=None)
    return out.getvalue()


def _fitting(text: str, size: int, width: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(REGULAR), size)
    if (wide := font.getlength(text)) > width:
        font = ImageFont.truetype(str(REGULAR), max(6, int(size * width / wide)))
    return font
