"""Spans of days as people name them, and what they are compared with. Pure: no Django."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Kind = Literal["day", "week", "month", "quarter", "year", "span"]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days [since, until)."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.since).days


@dataclass(frozen=True, slots=True)
class Pieces:
    """Whole months, days more, and days less."""

    months: Span | None
    more: list[Span]
    less: list[Span]


def cut_up(days: Span) -> Pieces:
    """A span as whole months and as few days beside them as can be: of a month of which most is
    asked for, the days that are not are taken off."""
    first, last = span("month", days.since), span("month", days.until - DAY)
    if first == last:
        if 2 * days.days <= first.days:
            return Pieces(None, [days], [])
        less = [Span(first.since, days.since), Span(days.until, first.until)]
        return Pieces(first, [], [each for each in less if each.days])
    whole, more, less = Span(first.since, last.until), [], []
    begin, end = Span(days.since, first.until), Span(last.since, days.until)
    if 2 * begin.days > first.days:
        less.append(Span(first.since, days.since))
    else:
        whole = Span(first.until, whole.until)
        more.append(begin)
    if 2 * end.days > last.days:
        less.append(Span(days.until, last.until))
    else:
        whole = Span(whole.since, last.since)
        more.append(end)
    return Pieces(whole if whole.days else None, more, [each for each in less if each.days])


def span(kind: Kind, day: date) -> Span:
    """The day, week (from Monday), month, quarter or year in which `day` lies."""
    match kind:
        case "week":
            since = day - timedelta(days=day.weekday())
            return Span(since, since + 7 * DAY)
        case "month":
            since = day.replace(day=1)
            return Span(since, months_on(since, 1))
        case "quarter":
            since = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            return Span(since, months_on(since, 3))
        case "year":
            return Span(date(day.year, 1, 1), date(day.year + 1, 1, 1))
        case _:
            return Span(day, day + DAY)


def called(days: Span) -> str:
    """A whole month, quarter or year as it is written: 2026-11, 2026-Q4, 2026."""
    match kind_of(days):
        case "year":
            return f"{days.since:%Y}"
        case "quarter":
            return f"{days.since:%Y}-Q{(days.since.month + 2) // 3}"
        case _:
            return f"{days.since:%Y-%m}"


def written(text: str) -> tuple[Kind, Span]:
    """The reverse of `called`; ValueError for anything else."""
    year, _, part = text.partition("-")
    kind: Kind = "quarter" if part.startswith("Q") else "month" if part else "year"
    month = int(part[1:]) * 3 - 2 if kind == "quarter" else int(part or 1)
    return kind, span(kind, date(int(year), month, 1))


def kind_of(days: Span) -> Kind:
    """Which kind of period these days are: month, quarter, year, or else a span."""
    kinds: tuple[Kind, ...] = ("month", "quarter", "year")
    return next((kind for kind in kinds if span(kind, days.since) == days), "span")


def months_of(days: Span) -> list[Span]:
    """The whole months in a month, quarter or year."""
    found = [span("month", days.since)]
    while found[-1].until < days.until:
        found.append(span("month", found[-1].until))
    return found


def months_on(day: date, months: int) -> date:
    """So many months later (earlier), at the end of a shorter month if need be."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    for number in (day.day, 30, 29, 28):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def compared(kind: Kind, now: Span, today: date) -> tuple[Span, Span]:
    """(the span before, the same span a year earlier), as far into them as the span has come.

    On the 10th of a month its first ten days are compared with the first ten days of the others.
    """
    months = {"month": 1, "quarter": 3, "year": 12}.get(kind)
    before = months_on(now.since, -months) if months else now.since - now.days * DAY
    earlier = (
        now.since - 52 * 7 * DAY if kind == "week" else months_on(now.since, -12)
    )  # weeks keep their weekdays
    whole = [
        Span(since, months_on(since, months) if months else since + now.days * DAY)
        for since in (before, earlier)
    ]
    if now.until <= today + DAY or now.since > today:
        return whole[0], whole[1]
    gone = (today - now.since).days + 1
    cut = [Span(each.since, min(each.until, each.since + gone * DAY)) for each in whole]
    return cut[0], cut[1]
