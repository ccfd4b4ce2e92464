"""PDF and plain text: what they are, and that they are nothing else as well."""

import codecs
import re

from mengding.core.text import T
from mengding.evidence import refusals
from mengding.evidence.media import Data

_MARKUP = re.compile(rb"<(!doctype\s+html|html|head|body|script|iframe|svg)\b", re.I)
# No short words here: in megabytes of packed streams every four bytes turn up by chance.
_PAGE = re.compile(rb"<(!doctype\s+html|html|script|iframe)[\s>]", re.I)
_PHP = re.compile(rb"<\?(php|xml)\b", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
_RUNS = re.compile(rb"/(Launch|JavaScript)\b")
_PIECE = 1024 * 1024
_TAIL = 66 * 1024  # the end record of a ZIP lies within this


def refuse_hidden_zip(data: Data) -> None:
    """Refuse what a ZIP reader would open as well: it looks for its end record from the back."""
    tail = data[-_TAIL:]
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    if at + 22 + comment <= len(tail):
        raise refusals.polyglot(T("ZIP 压缩包", "a ZIP archive"))


def check_pdf(data: Data) -> None:
    """A PDF from its first byte to its last, without markup, scripts or launch actions in sight.

    Objects inside compressed streams are not looked into: a PDF is served as a download into a
    sandbox, never shown inside the product.
    """
    if data.rfind(b"%%EOF", max(0, len(data) - 2048)) < 0:
        raise refusals.truncated()
    tail = data[data.rfind(b"%%EOF") + 5 :]
    if tail.strip(b"\r\n \t\x00"):
        raise refusals.polyglot(T("PDF 结尾后有其他内容", "something follows the end of the PDF"))
    if _PAGE.search(data):
        raise refusals.polyglot(T("网页", "a web page"))
    if _RUNS.search(data):
        raise refusals.active_content(T("脚本或启动动作", "scripts or launch actions"))
    if data.find(b"/Encrypt") >= 0:
        raise refusals.encrypted()


def check_text(data: Data) -> str:
    """The character set of a plain text; raises if it is no text, or markup or a script."""
    head = data[:4096]
    if _MARKUP.search(data) or _PHP.search(head) or head.startswith((b"#!", b"\xef\xbb\xbf#!")):
        raise refusals.not_accepted()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        charsets: tuple[str, ...] = ("utf-16",)
    else:
        charsets = ("utf-8", "gb18030")
    for charset in charsets:
        if _reads_as(data, charset):
            return charset
    raise refusals.not_accepted()


def _reads_as(data: Data, charset: str) -> bool:
    """Whether all of it is text in that character set; piece by piece, for it may be long."""
    decoder, before = codecs.getincrementaldecoder(charset)(), ""
    for at in range(0, len(data), _PIECE):
        try:
            text = decoder.decode(data[at : at + _PIECE], final=at + _PIECE >= len(data))
        except UnicodeDecodeError:
            return False
        # In UTF-16 markup does not show in the bytes.
        if _CONTROL.search(text) or (
            charset == "utf-16" and _MARKUP.search((before + text).encode())
        ):
            return False
        before = text[-32:]
    return True
