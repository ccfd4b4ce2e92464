"""Pictures: decoded within limits, their metadata read, and encoded anew.

What is served is always a fresh JPEG of the pixels, upright, in sRGB, without EXIF, XMP, colour
profile or anything that followed the picture in the file.
"""

import io
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from math import isfinite
from typing import IO, Any

from PIL import ExifTags, Image, ImageCms, ImageOps
from pillow_heif import register_heif_opener

from mengding.core.errors import DomainError
from mengding.evidence import refusals
from mengding.evidence.kinds import GIF, HEIC, JPEG, PNG, WEBP, Kind
from mengding.evidence.limits import Limits

register_heif_opener(thumbnails=False)

THUMB_EDGE = 480
PREVIEW_EDGE = 1600
_FORMATS = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF", WEBP: "WEBP", HEIC: "HEIF"}
_SRGB = ImageCms.createProfile("sRGB")
# A decoded 50-megapixel picture takes 200 MB, and turning it as much again.
_DECODING = threading.BoundedSemaphore(1)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Captured:
    """When and where a picture says it was taken: WGS-84 degrees, metres."""

    at: datetime | None = None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Renditions:
    """JPEG files made from one picture; width and height of `full` in pixels."""

    width: int
    height: int
    full: bytes
    preview: bytes
    thumb: bytes
    captured: Captured


def render(file: IO[bytes], kind: Kind, limits: Limits, zone: tzinfo) -> Renditions:
    """Decode a picture of that kind and make what is served.

    `zone`: the time zone of camera times that do not name one. Raises the refusal for too many
    pixels (before decoding), a cut-off or a damaged file.
    """
    try:
        # Only the decoder of the sniffed kind, never whichever feels responsible.
        with Image.open(file, formats=[_FORMATS[kind]]) as image:
            if image.width * image.height > limits.pixels:
                raise refusals.too_many_pixels(image.width, image.height, limits.pixels)
            with _DECODING:
                return _render(image, zone)
    except Image.DecompressionBombError as error:
        raise refusals.too_many_pixels(0, 0, limits.pixels) from error
    except DomainError:
        raise
    except Exception as error:
        # Decoders meet hostile bytes here and fail in every way there is; each is the same
        # answer to the sender, and the cause stays attached.
        words = str(error).lower()
        cut = any(sign in words for sign in ("truncat", "end of file", "eof", "incomplete"))
        raise (refusals.truncated() if cut else refusals.damaged()) from error


def _render(image: Image.Image, zone: tzinfo) -> Renditions:
    image.load()
    captured = _captured(image.getexif(), zone)
    profile = image.info.get("icc_profile")
    lossless = image.format in {"PNG", "GIF"}
    # Each copy of the largest picture costs 200 MB, so steps work in place where they can.
    ImageOps.exif_transpose(image, in_place=True)
    full = _to_srgb(_flatten(image, profile), profile)
    full.info = {}  # nothing of it may travel along
    width, height = full.size
    # Screenshots and drawings keep their sharp edges with full colour resolution.
    served = _jpeg(full, quality=90, subsampling=0 if lossless else 2)
    full.thumbnail((PREVIEW_EDGE, PREVIEW_EDGE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    preview = _jpeg(full, quality=82, subsampling=2)
    full.thumbnail((THUMB_EDGE, THUMB_EDGE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    thumb = _jpeg(full, quality=78, subsampling=2)
    return Renditions(width, height, served, preview, thumb, captured)


def _flatten(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB (or CMYK with its profile), transparency on white."""
    if image.mode in {"I;16", "I", "F"}:
        # 16-bit grey: Pillow's own conversion to 8 bits clips instead of scaling.
        image = image.convert("I").point(lambda value: value / 256, "L")
    if "A" in image.mode or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    if image.mode == "RGB" or (image.mode == "CMYK" and profile):
        return image
    return image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Pixels in sRGB, so that the profile can go."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a profile that does not fit the pixels: show them as they are
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _jpeg(image: Image.Image, *, quality: int, subsampling: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=subsampling, exif=b"", icc_profile=None)
    return out.getvalue()


def _captured(exif: Image.Exif, zone: tzinfo) -> Captured:
    """Time and place from EXIF; nothing about the camera is taken. Nonsense becomes None."""
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    written = shot.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime)
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S")
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or (lat, lon) == (0.0, 0.0):
        lat = lon = None
    accuracy = _number(gps.get(ExifTags.GPS.GPSHPositioningError))
    if lat is None or accuracy is None or accuracy < 0:
        accuracy = None
    at = _time(written, shot.get(ExifTags.Base.OffsetTimeOriginal), zone)
    return Captured(at, lon, lat, accuracy)


def _time(written: Any, offset: Any, zone: tzinfo) -> datetime | None:
    """'2026:05:01 08:30:00' with '+08:00' or without an offset."""
    try:
        sign, hours, minutes = str(offset)[0], str(offset)[1:3], str(offset)[4:6]
        shift = timedelta(hours=int(hours), minutes=int(minutes))
        zone = timezone(-shift if sign == "-" else shift)
    except (ValueError, IndexError):
        pass  # no usable offset: the zone of the district
    try:
        at = datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return at.astimezone(UTC) if at >= _EARLIEST else None


def _number(value: Any) -> float | None:
    """A rational as a finite float."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if isfinite(number) else None


def _degrees(parts: Any, reference: Any, negative: str) -> float | None:
    """Degrees, minutes, seconds as one signed number."""
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    degrees, minutes, seconds = (number or 0.0 for number in numbers)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if str(reference).strip("\0 ").upper() == negative else value
