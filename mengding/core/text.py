"""Texts people read, in Chinese and English side by side.

Both languages stand next to each other in the code, so neither can be forgotten and no
catalogue has to be compiled. The reader's language is a context variable set per request.
"""

from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]

language: ContextVar[Language] = ContextVar("language", default="zh")


class T(NamedTuple):
    """One text in both languages; `{name}` placeholders are filled by `fill`."""

    zh: str
    en: str

    def fill(self, **values: Any) -> "T":
        """The text with its placeholders filled; a value that is a `T` is filled per language."""
        zh = {k: v.zh if isinstance(v, T) else v for k, v in values.items()}
        en = {k: v.en if isinstance(v, T) else v for k, v in values.items()}
        return T(self.zh.format(**zh), self.en.format(**en))

    def said(self, lang: Language | None = None) -> str:
        """The text in `lang`, or in the current reader's language."""
        return self.en if (lang or language.get()) == "en" else self.zh


def pick_language(accept_language: str) -> Language:
    """The first of our two languages an Accept-Language header names; Chinese otherwise."""
    for part in accept_language.lower().split(","):
        tag = part.split(";")[0].strip()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"
