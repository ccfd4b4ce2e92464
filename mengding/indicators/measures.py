"""What is counted: each measure is one bit of a fact. Pure: no Django.

A fact says of one thing (a case as it came in, one dispatch of it, its end, its call-back) which
measures count it, and on which day. Numbers are sums of facts; a rate is a sum over a sum, worked
out once at the very end, so that no average is ever averaged again.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a fact is about, and which of its days it is counted on."""

    IN = "in"  # a case, on the day it was reported
    LEAD = "lead"  # one dispatch to a lead organisation, on the day it was sent
    ASSIST = "assist"  # one dispatch to an assisting organisation, on the day it was sent
    OUT = "out"  # the end of a case, on its day
    CALL = "call"  # the newest call-back of a case, on its day


class Value(msgspec.Struct, frozen=True, gc=False):  # made by the thousand for one page
    """`n` cases or dispatches; of a rate, `n` of `of`, and what share that is (0 to 1; None where
    there is nothing to take a share of)."""

    n: int
    of: int | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        if self.of:
            msgspec.structs.force_setattr(self, "share", self.n / self.of)


@dataclass(frozen=True, slots=True)
class Measure:
    """`bit`: its place in `Fact.bits`, never given to another measure."""

    code: str
    kind: Kind
    bit: int

    @property
    def mask(self) -> int:
        """The bit as a number."""
        return 1 << self.bit


_CODES: dict[Kind, tuple[str, ...]] = {
    Kind.IN: (
        "received", "filed", "declined", "voided", "merged", "unfinished",
        "response_due", "response_in_time", "valid", "missed",
    ),
    Kind.LEAD: (
        "sent", "accurate", "returned", "reassigned", "reopened", "to_handle", "timed", "handled",
        "in_time", "late_done", "overdue", "not_due", "extended", "suspended", "paused",
        "should_close", "closed", "reworked",
    ),
    Kind.ASSIST: ("assist_due", "assist_done", "assist_in_time"),
    Kind.OUT: ("ended", "closed_then", "fixed"),
    Kind.CALL: ("called", "satisfied", "dissatisfied", "resolved", "unresolved"),
}  # fmt: skip
MEASURES: tuple[Measure, ...] = tuple(
    Measure(code, kind, bit)
    for bit, (kind, code) in enumerate((k, c) for k, codes in _CODES.items() for c in codes)
)
BY_CODE: dict[str, Measure] = {measure.code: measure for measure in MEASURES}


def bits(**said: bool) -> int:
    """The bits of the measures that are true: `bits(received=True, missed=False)`."""
    return sum(BY_CODE[code].mask for code, true in said.items() if true)
