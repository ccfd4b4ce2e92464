"""File names as people may see them and headers may carry them."""

import re
import unicodedata
from pathlib import PurePosixPath

_LONGEST = 120
_RESERVED = re.compile(r'[<>:"/\\|?*]')


def clean_name(name: str, extension: str) -> str:
    """A name without folders, control and direction characters, ending in `.extension`.

    "C:\\\\x\\\\..\\\\井盖\u202egpj.exe" with "jpg" becomes "井盖gpj.jpg"; never empty.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    name = _RESERVED.sub("_", name)
    stem = PurePosixPath(name).stem.strip(" .") or "附件"
    return f"{stem[: _LONGEST - len(extension) - 1]}.{extension}"
