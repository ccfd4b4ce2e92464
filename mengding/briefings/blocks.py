"""What a briefing is made of, as it is kept and as it is drawn. Pure.

A document is a title, lines below it and blocks, all of plain JSON: it is kept as it was made, and
a later change of template, catalogue or names changes nothing in it.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Cell = str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading between blocks."""

    text: str
    kind: Literal["heading"] = "heading"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words of the template or of a person."""

    text: str
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what it is compared with, in words."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Big numbers side by side."""

    items: tuple[Figure, ...]
    kind: Literal["figures"] = "figures"


@dataclass(frozen=True, slots=True)
class Findings:
    """Sentences made from the numbers."""

    items: tuple[str, ...]
    kind: Literal["findings"] = "findings"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first column are names, the others numbers, or `words` too."""

    title: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    kind: Literal["table"] = "table"
    words: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with the one of the period before behind it; `shown`: the number as text."""

    label: str
    value: float
    before: float
    shown: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in the order of the names' codes: no ranking."""

    title: str
    note: str
    items: tuple[Bar, ...]
    kind: Literal["bars"] = "bars"


@dataclass(frozen=True, slots=True)
class Line:
    """One series over the steps of a trend."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """Series over the same steps."""

    title: str
    steps: tuple[str, ...]
    series: tuple[Line, ...]
    kind: Literal["trend"] = "trend"


Block = Heading | Paragraph | Figures | Findings | Table | Bars | Trend


@dataclass(frozen=True, slots=True)
class Document:
    """A briefing. `below`: lines under the title: the period, where the numbers come from."""

    title: str
    below: tuple[str, ...]
    blocks: tuple[Block, ...] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")  # Word's line break is \x0b
_UNPRINTABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(value: Any) -> Any:
    """Plain JSON whose texts hold only what a file of XML and the database can: line breaks of any
    kind are "\\n", other control characters and halves of surrogate pairs are gone."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", _BREAKS.sub("\n", value))
    if isinstance(value, Mapping):
        return {printable(name): printable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [printable(each) for each in value]
    return value
