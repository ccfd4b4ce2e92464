"""Every kind of file gets its right answer, without database or store."""

import io
import tempfile
from datetime import UTC, datetime
from typing import IO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mengding.core.errors import DomainError
from mengding.evidence.images import PREVIEW_EDGE, THUMB_EDGE
from mengding.evidence.intake import Intake, examine
from mengding.evidence.limits import MIB, Limits
from mengding.evidence.tests import files

ZONE = ZoneInfo("Asia/Shanghai")


def take(content: bytes, limits: Limits | None = None) -> Intake:
    return examine(io.BytesIO(content), limits or Limits(), ZONE)


def refusal(content: bytes, limits: Limits | None = None) -> DomainError:
    with pytest.raises(DomainError) as caught:
        take(content, limits)
    assert caught.value.field == "file"
    assert caught.value.text.zh
    assert caught.value.text.en
    return caught.value


def served(intake: Intake) -> bytes:
    return b"".join(intake.served.chunks())


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (files.jpeg(), "image/jpeg"),
        (files.saved(files.picture(), "PNG"), "image/png"),
        (files.saved(files.picture(), "WEBP"), "image/webp"),
        (files.saved(files.picture(), "GIF"), "image/gif"),
        (files.heic(), "image/heic"),
        (files.pdf(), "application/pdf"),
        (
            files.docx(),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (files.xlsx(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (files.mp4(), "video/mp4"),
        (files.mp4(b"M4A "), "audio/mp4"),
        (files.mp3(), "audio/mpeg"),
        (files.aac(), "audio/aac"),
        (files.ogg(), "audio/ogg"),
        (files.wav(), "audio/wav"),
        ("编号,地点\n1,蒙顶山镇\n".encode(), "text/plain"),
    ],
)
def test_accepted_by_content(content: bytes, media_type: str) -> None:
    intake = take(content)
    assert intake.media_type == media_type
    assert intake.sent.size == len(content)
    if media_type.startswith("image/"):
        assert intake.served_type == "image/jpeg"
        assert Image.open(io.BytesIO(served(intake))).format == "JPEG"
        assert (intake.width, intake.height) == (64, 48)
    assert len(served(intake)) == intake.served.size


@pytest.mark.parametrize("content", [files.jpeg(), files.heic()])
def test_exif_is_read_then_gone(content: bytes) -> None:
    intake = take(content)
    assert intake.captured_at == datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
    assert (intake.lat, intake.lon) == pytest.approx(files.GPS, abs=1e-6)
    assert intake.accuracy_m == 5.0
    for part in (intake.served, intake.preview, intake.thumb):
        assert part is not None
        content = b"".join(part.chunks())
        image = Image.open(io.BytesIO(content))
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)
        assert b"SpyPhone" not in content
        assert b"SerialNumber" not in content


def test_time_without_offset_is_local() -> None:
    content = files.saved(files.picture(), "JPEG", exif=files.exif(offset=""))
    assert take(content).captured_at == datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
    content = files.saved(files.picture(), "JPEG", exif=files.exif(offset="-05:00"))
    assert take(content).captured_at == datetime(2026, 5, 1, 13, 30, tzinfo=UTC)


def test_turned_upright() -> None:
    turned = files.saved(files.picture(), "JPEG", exif=files.exif(orientation=6), quality=95)
    intake = take(turned)
    assert (intake.width, intake.height) == (48, 64)
    image = Image.open(io.BytesIO(served(intake)))
    red, _, blue = image.getpixel((24, 5))  # type: ignore[misc]
    assert red > blue  # the left half is on top now


def test_preview_and_thumb_keep_the_proportions() -> None:
    intake = take(files.saved(files.picture(3000, 1500), "JPEG"))
    assert intake.preview is not None
    assert intake.thumb is not None
    preview = Image.open(io.BytesIO(b"".join(intake.preview.chunks())))
    thumb = Image.open(io.BytesIO(b"".join(intake.thumb.chunks())))
    assert preview.size == (PREVIEW_EDGE, PREVIEW_EDGE // 2)
    assert thumb.size == (THUMB_EDGE, THUMB_EDGE // 2)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_pixel_format_becomes_jpeg(mode: str) -> None:
    image = files.picture().convert("L" if mode.startswith("I") else "RGBA")
    image = (
        image.point(lambda v: v * 256, "I").convert(mode)
        if mode[0] == "I"
        else (
            image.convert("RGB").convert(mode) if mode in {"1", "L", "P"} else image.convert(mode)
        )
    )
    intake = take(files.saved(image, "PNG"))
    grey = Image.open(io.BytesIO(served(intake))).convert("L")
    assert grey.getextrema() != (255, 255)
    assert grey.getpixel((5, 5)) != 255


def test_transparency_on_white() -> None:
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image = Image.open(io.BytesIO(served(take(files.saved(clear, "PNG")))))
    assert image.getpixel((10, 10)) == (255, 255, 255)


def test_truncated_picture() -> None:
    whole = files.saved(files.picture(800, 600), "JPEG", quality=95)
    error = refusal(whole[: len(whole) // 2])
    assert (error.status, error.code) == (422, "file_truncated")
    assert "重新上传" in error.text.zh
    heic = files.saved(files.picture(800, 600), "HEIF")
    assert refusal(heic[: len(heic) // 2]).status == 422
    assert refusal(files.saved(files.picture(), "PNG")[:60]).status == 422


def test_pixels_are_counted_before_decoding() -> None:
    bomb = files.png_bomb()
    assert len(bomb) < 10_000
    error = refusal(bomb)
    assert (error.status, error.code) == (413, "too_many_pixels")
    # Just above our own limit, below the decoder's: ours has to hold.
    assert refusal(files.png_bomb(7100, 7100)).code == "too_many_pixels"
    within = files.saved(files.picture(100, 100), "PNG")
    assert refusal(within, Limits(pixels=9_999)).code == "too_many_pixels"
    assert take(within, Limits(pixels=10_000)).width == 100


def test_sizes() -> None:
    photo = files.jpeg()
    assert refusal(photo, Limits(image_bytes=len(photo) - 1)).code == "file_too_large"
    assert take(photo, Limits(image_bytes=len(photo))).sent.size == len(photo)
    assert refusal(files.wav(), Limits(file_bytes=1000)).status == 413
    assert refusal(b"").code == "file_empty"


@pytest.mark.parametrize(
    "content",
    [
        files.jpeg() + files.zipped({"evil.txt": files.PAYLOAD}),
        files.saved(files.picture(), "GIF") + files.PAYLOAD,
        files.saved(files.picture(), "PNG") + files.PAYLOAD,
        files.saved(files.picture(), "JPEG", comment=files.PAYLOAD),
        # GIF and JavaScript at once: the size bytes open a comment that the end closes.
        b"GIF89a/*" + files.saved(files.picture(12074, 1), "GIF")[8:] + b"*/=1;alert(1)//",
    ],
)
def test_what_hides_in_pictures_is_not_served(content: bytes) -> None:
    intake = take(content)
    assert intake.served is not intake.sent
    for part in (intake.served, intake.preview, intake.thumb):
        assert part is not None
        clean = b"".join(part.chunks())
        assert clean.startswith(b"\xff\xd8\xff")
        assert clean.endswith(b"\xff\xd9")
        assert b"PK\x05\x06" not in clean
        assert b"script" not in clean
        assert b"alert" not in clean


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (files.pdf(files.PAYLOAD), "polyglot"),
        (files.pdf() + files.PAYLOAD, "polyglot"),
        (files.pdf() + files.zipped({"a": b"b"}), "polyglot"),
        (files.pdf(b"4 0 obj<</S/JavaScript/JS(app.alert(1))>>endobj\n"), "active_content"),
        (files.pdf(b"4 0 obj<</S/Launch/F(cmd.exe)>>endobj\n"), "active_content"),
        (files.pdf(b"4 0 obj<</Encrypt 5 0 R>>endobj\n"), "file_encrypted"),
        (files.pdf()[:-40], "file_truncated"),
        (files.wav() + files.zipped({"a": b"b"}), "polyglot"),
        (files.wav() + files.PAYLOAD, "polyglot"),
        (files.wav()[:-50], "file_truncated"),
        (files.mp3() + files.PAYLOAD, "polyglot"),
        (files.mp3() + files.zipped({"a": b"b"}), "polyglot"),
        (files.aac() + files.PAYLOAD, "polyglot"),
        (files.ogg() + files.PAYLOAD, "polyglot"),
        (files.ogg()[:-5], "file_truncated"),
        (files.ogg(codec=b"\x80theora"), "file_type_not_accepted"),
        (files.mp4() + files.zipped({"a": b"b"}), "polyglot"),
        (files.mp4() + files.box(b"evil", files.PAYLOAD), "polyglot"),
        (files.mp4()[:-50], "file_truncated"),
        (files.docx() + files.PAYLOAD, "polyglot"),
        (files.PAYLOAD + files.docx(), "polyglot"),
        (b"PK\x03\x04" + bytes(100), "file_damaged"),
    ],
)
def test_other_polyglots_and_damage_refused(content: bytes, code: str) -> None:
    assert refusal(content).code == code


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg/>',
        b"<!DOCTYPE html><p>hi",
        b"\xef\xbb\xbf  <HTML>",
        "文字 <script>alert(1)</script>".encode(),
        "<html>".encode("utf-16"),
        b"#!/bin/sh\nrm -rf /\n",
        b"<?php system($_GET['x']);",
        b"MZ" + bytes(200),
        b"\x7fELF" + bytes(60),
        b"\x00\x00\x00\x20ftypavif" + bytes(40),
        b"\x00\x00\x00\x14ftypqt  " + bytes(40),
        b"{\\rtf1 \x01}",
        files.zipped({"a.txt": b"just a zip"}),
    ],
)
def test_not_accepted(content: bytes) -> None:
    assert refusal(content).status == 415


def test_archive_bombs() -> None:
    # 300 MB of zeros in 300 kB.
    bomb = refusal(files.docx(word__media__x_dot_xml=bytes(300 * MIB)))
    assert (bomb.status, bomb.code) == (413, "archive_bomb")
    assert "200 MB" in bomb.text.en
    dense = refusal(files.docx(word__x_dot_xml=bytes(20 * MIB)))
    assert (dense.code, "100 times" in dense.text.en) == ("archive_bomb", True)
    many = refusal(files.zipped({f"m{n}": b"" for n in range(2001)}))
    assert (many.code, "2001" in many.text.en) == ("archive_bomb", True)
    overlap = refusal(files.overlapping_zip())
    assert (overlap.code, "overlap" in overlap.text.en) == ("archive_bomb", True)
    nested = refusal(files.docx(word__inner_dot_zip=files.zipped({"a": b"b"})))
    assert nested.code == "archive_bomb"
    renamed = refusal(files.docx(word__media__a_dot_png=files.zipped({"a": b"b"})))
    assert renamed.code == "archive_bomb"
    twice = files.docx(
        word__embeddings__a_dot_xlsx=files.docx(word__embeddings__b_dot_xlsx=files.xlsx())
    )
    assert refusal(twice).code == "archive_bomb"
    inside = files.docx(word__embeddings__a_dot_xlsx=files.docx(x=bytes(20 * MIB)))
    assert refusal(inside).code == "archive_bomb"
    assert refusal(files.lying_zip()).code == "file_damaged"


def test_a_chart_brings_its_workbook() -> None:
    assert take(files.docx(word__embeddings__a_dot_xlsx=files.xlsx())).sent.size


def test_macros_and_foreign_content() -> None:
    assert refusal(files.docx(word__vbaProject_dot_bin=b"x")).code == "active_content"
    assert refusal(files.docx(word__embeddings__ole_dot_bin=b"x")).code == "active_content"
    link = (
        b'<Relationships><Relationship Id="r" Type="http://x/relationships/%s" '
        b'Target="http://evil/t.dotm" TargetMode="External"/></Relationships>'
    )
    template = files.docx(word___rels__s_dot_rels=link % b"attachedTemplate")
    assert refusal(template).code == "active_content"
    assert take(files.docx(word___rels__s_dot_rels=link % b"hyperlink")).sent.size
    content_types = files.zipped(
        {
            "[Content_Types].xml": b"application/vnd.ms-word.document.macroEnabled",
            "word/document.xml": b"",
        }
    )
    assert refusal(content_types).code == "active_content"


def test_recordings_lose_their_metadata_and_keep_their_offsets() -> None:
    film = files.mp4()
    intake = take(film)
    clean = served(intake)
    assert (intake.lat, intake.lon) == files.GPS
    assert intake.captured_at is not None
    assert intake.captured_at.year == 2026
    assert len(clean) == len(film)
    assert clean.index(b"mdat") == film.index(b"mdat")
    assert b"xyz" not in clean
    assert b"secret" not in clean
    assert take(clean).lat is None
    tagged = served(take(files.mp3(tagged=True)))
    assert tagged == files.mp3()
    noted = files.wav()
    extra = b"LIST" + (8).to_bytes(4, "little") + b"INFOname"
    noted = noted[:4] + (len(noted) - 8 + 16).to_bytes(4, "little") + noted[8:] + extra
    assert b"INFOname" not in served(take(noted))


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_in_the_charsets_people_use(charset: str) -> None:
    intake = take("名山区,蒙顶山镇\r\n".encode(charset))
    assert intake.served_type.startswith("text/plain; charset=")
    told = intake.served_type.split("=")[1]
    assert "蒙顶山镇" in served(intake).decode(told)


def test_long_text_is_read_in_pieces() -> None:
    # A character, and markup in UTF-16, across the border between two pieces.
    assert take(b"a" * (MIB - 1) + "镇".encode() * 10).served_type.endswith("utf-8")
    page = ("a" * (MIB // 2 - 4) + "<script>").encode("utf-16")
    assert refusal(page).status == 415
    assert refusal(b"a" * (2 * MIB) + b"\0").status == 415


def test_two_pictures_in_one_jpeg() -> None:
    out = io.BytesIO()
    two = [files.picture()]
    files.picture().save(out, "MPO", save_all=True, append_images=two, exif=files.exif().tobytes())
    assert take(out.getvalue()).lat == pytest.approx(files.GPS[0], abs=1e-6)


def test_packed_streams_of_a_pdf_are_not_taken_for_markup() -> None:
    assert take(files.pdf(b"\x80\x03<svg\x99/JS\x81<\nscript")).media_type == "application/pdf"


def _on_disk(content: bytes) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(content)
    return file


@pytest.mark.parametrize("content", [files.mp4(), files.pdf(), files.docx(), files.heic(), b"text"])
def test_the_same_from_disk_and_memory(content: bytes) -> None:
    with _on_disk(content) as file:
        mapped = examine(file, Limits(), ZONE)
        assert mapped.sent.sha256 == take(content).sent.sha256
        assert b"".join(mapped.sent.chunks()) == content
        assert mapped.served.sha256 == take(content).served.sha256


_SEEDS = [
    *(files.jpeg(), files.heic(), files.saved(files.picture(), "PNG"), files.pdf()),
    *(files.docx(), files.mp4(), files.mp3(), files.aac(), files.ogg(), files.wav()),
]


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(_SEEDS),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
)
def test_broken_files_are_taken_or_refused_never_a_crash(
    seed: bytes, cut: float, flips: list[tuple[float, int]]
) -> None:
    content = bytearray(seed[: max(1, int(len(seed) * cut))])
    for where, value in flips:
        content[int(where * len(content))] = value
    refused = None
    try:
        assert take(bytes(content)).sent.size == len(content)
    except DomainError as error:
        refused = error
    assert refused is None or (refused.field == "file" and refused.status in {413, 415, 422})


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=400))
def test_random_bytes(content: bytes) -> None:
    refused = None
    try:
        assert take(content).media_type == "text/plain"
    except DomainError as error:
        refused = error
    assert refused is None or refused.field == "file"
