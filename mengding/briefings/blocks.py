"""What a briefing is made of, as it is kept and as it is drawn. Pure.

A document is a title, lines below it and blocks, all of plain JSON: it is kept as it was made, and
a later change of template, catalogue or names changes nothing in it.
"""

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
