"""Files made in code: honest ones, and the hostile ones the product has to answer rightly."""

import io
import struct
import wave
import zipfile
import zlib

from PIL import ExifTags, Image

PAYLOAD = b"<html><script>alert(1)</script></html>"
GPS = (30.0833, 103.1167)  # lat, lon


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """Left half red, right half blue, so that turning shows."""
    image = Image.new("RGB", (width, height), (220, 20, 20))
    image.paste((20, 20, 220), (width // 2, 0, width, height))
    return image


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """The picture as a file of that format."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def exif(*, orientation: int = 1, offset: str = "+08:00") -> Image.Exif:
    """What a phone writes: camera, time, place."""
    found = Image.Exif()
    found[ExifTags.Base.Make] = "SpyPhone"
    found[ExifTags.Base.Model] = "SerialNumber12345"
    found[ExifTags.Base.Orientation] = orientation
    shot = found.get_ifd(ExifTags.IFD.Exif)
    shot[ExifTags.Base.DateTimeOriginal] = "2026:05:01 08:30:00"
    if offset:
        shot[ExifTags.Base.OffsetTimeOriginal] = offset
    gps = found.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (30.0, 4.0, 59.88)
    gps[ExifTags.GPS.GPSLongitudeRef] = "E"
    gps[ExifTags.GPS.GPSLongitude] = (103.0, 7.0, 0.12)
    gps[ExifTags.GPS.GPSHPositioningError] = 5.0
    return found


def jpeg(**options: object) -> bytes:
    """A phone's photo."""
    return saved(picture(), "JPEG", exif=exif(), quality=90, **options)


def heic() -> bytes:
    """As an iPhone sends it."""
    return saved(picture(), "HEIF", exif=exif().tobytes(), quality=80)


def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A valid PNG of a few kilobytes that decodes into gigabytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000), 9)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def pdf(body: bytes = b"") -> bytes:
    """A one-page PDF."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n" + body + b"xref\n0 4\n"
        b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n150\n%%EOF\n"
    )


def zipped(members: dict[str, bytes]) -> bytes:
    """A deflated ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(**more: bytes) -> bytes:
    """The least Word document; `more`: members, "__" for "/" and "_dot_" for "."."""
    members = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"}
    named = {k.replace("__", "/").replace("_dot_", "."): v for k, v in more.items()}
    return zipped(members | named)


def xlsx() -> bytes:
    """The least workbook."""
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


def overlapping_zip(copies: int = 30) -> bytes:
    """Many directory entries that share one packed member."""
    plain = zipped({"a": b"x" * 1000})
    start = plain.index(b"PK\x01\x02")
    end = plain.index(b"PK\x05\x06")
    entry = plain[start:end]
    directory = entry * copies
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, copies, copies, len(directory), start, 0)
    return plain[:start] + directory + tail


def lying_zip() -> bytes:
    """A document whose directory says a member is small while it unpacks into much more."""
    plain = bytearray(docx(word__big_dot_xml=b"\0" * 1_000_000))
    at = plain.rindex(b"PK\x01\x02")
    plain[at + 24 : at + 28] = (10).to_bytes(4, "little")
    return bytes(plain)


def wav() -> bytes:
    """A tenth of a second of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return out.getvalue()


def mp3(frames: int = 5, *, tagged: bool = False) -> bytes:
    """Silent MPEG-1 layer III frames, 128 kbit/s, 44.1 kHz."""
    tag = b"ID3\x03\x00\x00\x00\x00\x00\x14" + b"TIT2 Zhang San home " if tagged else b""
    return tag + (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def aac(frames: int = 5) -> bytes:
    """ADTS frames of 64 bytes."""
    length = 64
    head = bytes(
        [0xFF, 0xF1, 0x50, 0x40 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC]
    )
    return (head + bytes(length - 7)) * frames


def ogg(pages: int = 3, codec: bytes = b"OpusHead") -> bytes:
    """Opus pages."""
    found = b""
    for number in range(pages):
        body = (codec if number == 0 else b"").ljust(40, b"\0")
        found += b"OggS" + bytes(14) + struct.pack("<II", number, 0) + b"\x01" + bytes([40]) + body
    return found


def box(name: bytes, body: bytes = b"") -> bytes:
    """An ISO box."""
    return struct.pack(">I4s", len(body) + 8, name) + body


def mp4(brand: bytes = b"isom") -> bytes:
    """A film whose metadata says where it was shot."""
    made = (3_860_000_000).to_bytes(4, "big")  # seconds since 1904: in 2026
    place = box(b"\xa9xyz", b"\x00\x12\x15\xc7+30.0833+103.1167/")
    moov = box(b"mvhd", bytes(4) + made + made + bytes(88)) + box(b"udta", place)
    moov += box(b"trak", box(b"tkhd", bytes(84)) + box(b"udta", b"secret name"))
    film = box(b"ftyp", brand + bytes(4) + brand) + box(b"moov", moov)
    return film + box(b"free", b"secret note") + box(b"mdat", bytes(999))
