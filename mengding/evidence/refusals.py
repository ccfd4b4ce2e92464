"""Why a file is refused, each with a stable code; all of them name the field `file`."""

from mengding.core.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    WrongType,
)
from mengding.core.text import T

FIELD = "file"


def too_large(limit: int) -> DomainError:
    """More bytes than allowed."""
    text = T("文件超过 {mib} MB 的上限。", "The file is larger than {mib} MB.")
    return TooLarge(
        "file_too_large", text.fill(mib=round(limit / 1024 / 1024, 1)), field=FIELD, limit=limit
    )


def too_many_pixels(width: int, height: int, limit: int) -> DomainError:
    """A picture that would fill the memory once decoded."""
    text = T(
        "图片为 {w}×{h} 像素，超过 {mp} 百万像素的上限。",
        "The picture has {w}x{h} pixels, more than {mp} megapixels.",
    )
    filled = text.fill(w=width, h=height, mp=round(limit / 1_000_000, 1))
    return TooLarge("too_many_pixels", filled, field=FIELD, limit=limit)


def archive_bomb(reason: T) -> DomainError:
    """A container that would unpack into far more than it looks."""
    text = T("压缩内容异常，已拒绝：{reason}", "Refused as a decompression bomb: {reason}")
    return TooLarge("archive_bomb", text.fill(reason=reason), field=FIELD)


def not_accepted() -> DomainError:
    """A type we do not take."""
    return WrongType(
        "file_type_not_accepted",
        T(
            "不支持该类型的文件。可上传：照片（JPEG、PNG、WebP、HEIC、GIF）、PDF、Word（docx）、"
            "Excel（xlsx）、文本、CSV、MP4 视频、录音（M4A、AAC、MP3、OGG、WAV）。",
            "Files of this type are not accepted. Accepted are pictures (JPEG, PNG, WebP, HEIC, "
            "GIF), PDF, Word (docx), Excel (xlsx), text, CSV, MP4 video and sound recordings "
            "(M4A, AAC, MP3, OGG, WAV).",
        ),
        field=FIELD,
    )


def active_content(what: T) -> DomainError:
    """A document that would run something."""
    text = T("文件含有{what}，不予接收。", "The file contains {what} and is not accepted.")
    return WrongType("active_content", text.fill(what=what), field=FIELD)


def polyglot(other: T) -> DomainError:
    """A file that is also a file of another kind."""
    text = T(
        "文件同时是另一种文件（{other}），不予接收。",
        "The file is at the same time another kind of file ({other}) and is not accepted.",
    )
    return WrongType("polyglot", text.fill(other=other), field=FIELD)


def truncated() -> DomainError:
    """The end is missing."""
    return Invalid(
        "file_truncated",
        T("文件不完整，可能上传中断，请重新上传。", "The file is cut off; please upload it again."),
        field=FIELD,
    )


def damaged() -> DomainError:
    """It begins like its kind but cannot be read."""
    return Invalid(
        "file_damaged",
        T("文件已损坏，无法读取。", "The file is damaged and unreadable."),
        field=FIELD,
    )


def encrypted() -> DomainError:
    """A password keeps us, and the next reader, from looking inside."""
    return Invalid(
        "file_encrypted",
        T(
            "文件有密码保护，请去除密码后上传。",
            "The file is password-protected; remove that first.",
        ),
        field=FIELD,
    )


def empty() -> DomainError:
    """No bytes at all."""
    return Invalid("file_empty", T("文件是空的。", "The file is empty."), field=FIELD)


def digest_differs() -> DomainError:
    """What arrived is not what was announced; it was thrown away."""
    text = T(
        "收到的内容与声明的 SHA-256 不符，请重新上传。",
        "What arrived does not have the announced SHA-256; send it again.",
    )
    return Invalid("sha256_mismatch", text, field=FIELD, offset=0)


def wrong_offset(offset: int) -> DomainError:
    """The bytes do not go on where we stopped."""
    text = T("请从第 {n} 字节继续。", "Go on from byte {n}.").fill(n=offset)
    return Conflict("upload_offset", text, field="Upload-Offset", offset=offset)


def too_long(size: int) -> DomainError:
    """More bytes than announced."""
    text = T("超过声明的 {n} 字节。", "More than the {n} bytes announced.").fill(n=size)
    return Invalid("upload_too_long", text, field=FIELD)


def unknown_upload() -> DomainError:
    """Never announced by this account, or gone since."""
    text = T("请先申报该文件（或已过期）。", "Announce the file first (or it expired).")
    return NotFound("upload_unknown", text)


def missing_upload(sha256: str, field: str) -> DomainError:
    """Not complete, so it cannot be attached yet."""
    text = T(
        "照片尚未传完，请上传后重发。", "The file is not uploaded yet; upload it, then repeat."
    )
    return Conflict("upload_missing", text, field=field, sha256=sha256)


def uploads_full() -> DomainError:
    """Too much announced and attached to nothing."""
    text = T(
        "未附上的上传过多，请先提交已传的照片。",
        "Too many uploads are attached to nothing; send what they belong to first.",
    )
    return TooMany("uploads_full", text, retry_after=600)
