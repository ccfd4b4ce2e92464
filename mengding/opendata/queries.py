"""What anybody may read: months of figures, and cases without words, number or exact place."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mengding.cases.queries.publishing import first_published, published
from mengding.cases.stages import Stage
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.errors import Invalid, NotFound
from mengding.core.kept import Kept
from mengding.core.text import T
from mengding.opendata.coarsen import Guarded, guarded, spots
from mengding.opendata.models import Terms
from mengding.regions.models import Region

ZONE = ZoneInfo("Asia/Shanghai")
KEPT = 600.0  # s: the pages are public, so asking often must cost little
DEFAULT = Terms(version=0, published=False, threshold=5, finest=16, delay_days=5)
COLUMNS = (
    *("reported_on", "class_code", "class_name", "town_code", "town_name", "state"),
    *("closed_on", "days", "in_time", "lon", "lat", "place_metres"),
)


def terms() -> Terms:
    """The terms in force."""
    return Terms.objects.order_by("-version").first() or DEFAULT


@dataclass(frozen=True, slots=True)
class Month:
    """One month of open data. `final`: nothing reported in it can still be missing."""

    year: int
    month: int
    until: date  # the last day in it
    final: bool

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"


def open_terms() -> Terms:
    """The terms, where the district publishes at all."""
    found = terms()
    if not found.published:
        raise NotFound(
            "not_published", T("本区没有开放数据。", "This district publishes no open data.")
        )
    return found


def months() -> list[Month]:
    """Newest first. The running month ends yesterday; on its first day it is not there yet."""
    held = open_terms()
    first = first_published()
    if first is None:
        return []
    yesterday = clock.now().astimezone(ZONE).date() - timedelta(days=1)
    found = []
    start = first.astimezone(ZONE).date().replace(day=1)
    while start <= yesterday:
        following = (start + timedelta(days=32)).replace(day=1)
        last = min(following - timedelta(days=1), yesterday)
        final = following + timedelta(days=held.delay_days) <= yesterday
        found.append(Month(start.year, start.month, last, final))
        start = following
    return found[::-1]


def month(text: str) -> Month:
    """The month written as 2026-11; `Invalid` where it is none, `NotFound` where it is not out."""
    try:
        wanted = datetime.strptime(text, "%Y-%m").replace(tzinfo=ZONE)
    except ValueError as error:
        raise Invalid(
            "month_invalid",
            T("月份应写作 2026-11。", "Write a month as 2026-11."),
            field="month",
        ) from error
    for each in months():
        if (each.year, each.month) == (wanted.year, wanted.month):
            return each
    raise NotFound("month_unknown", T("该月数据尚未开放。", "This month is not open."))


def _rows(of: Month) -> list[dict[str, Any]]:
    since = datetime(of.year, of.month, 1, tzinfo=ZONE)
    until = datetime.combine(of.until + timedelta(days=1), datetime.min.time(), tzinfo=ZONE)
    return published(since, until)


@dataclass(frozen=True, slots=True)
class Line:
    """One town or group of classes; None where a count is left out."""

    code: str
    name: T
    received: int | None
    closed: int | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """A month in numbers. `in_time`: of the cases handled, in percent; None where too few."""

    month: Month
    terms: Terms
    received: int | None
    closed: int | None
    in_time: float | None
    towns: list[Line]
    groups: list[Line]


_statistics = Kept[Statistics](KEPT)
_cases = Kept[list[dict[str, Any]]](KEPT)


def statistics(of: Month) -> Statistics:
    """The month in numbers; every table left out of where counts are small."""
    held = open_terms()
    return _statistics.get((of, held.version), lambda: _count(of, held))


def _count(of: Month, held: Terms) -> Statistics:
    rows = _rows(of)
    towns = {
        pk: (code, T(zh, en or zh))
        for pk, code, zh, en in Region.objects.filter(level="town")
        .order_by("code")
        .values_list("pk", "code", "name", "name_en")
    }
    groups: dict[str, T] = {}
    for row in rows:
        info = catalogue.class_by_id(row["case_class_id"])
        groups.setdefault(info.letter + info.big_code, info.big)
        row["group"] = info.letter + info.big_code
    by_town = dict(towns.values())
    for row in rows:
        row["town"] = towns[row["town_id"]][0] if row["town_id"] in towns else ""
    if any(not row["town"] for row in rows):
        by_town[""] = T("位置未明确到乡镇", "Place not known to the town")
    received, closed, lines = _lines(rows, "town", by_town, held.threshold)
    _, _, kinds = _lines(rows, "group", dict(sorted(groups.items())), held.threshold)
    handled = [row["handled_late"] for row in rows if row["handled_late"] is not None]
    late = sum(handled)
    enough = len(handled) >= held.threshold * 4 and held.threshold <= late
    return Statistics(
        month=of,
        terms=held,
        received=received,
        closed=closed,
        in_time=round(100 * (len(handled) - late) / len(handled), 1) if enough else None,
        towns=lines,
        groups=kinds,
    )


def _lines(
    rows: list[dict[str, Any]], by: str, names: dict[str, T], threshold: int
) -> tuple[int | None, int | None, list[Line]]:
    def counted(some: list[dict[str, Any]]) -> Guarded[str]:
        found = Counter(row[by] for row in some)
        return guarded({code: found[code] for code in names}, threshold)

    received = counted(rows)
    closed = counted([row for row in rows if row["stage"] == Stage.CLOSED])
    lines = [
        Line(code, name, received.counts[code], closed.counts[code]) for code, name in names.items()
    ]
    return received.total, closed.total, lines


def cases(of: Month) -> Iterator[dict[str, Any]]:
    """Rows of `COLUMNS`, by day, class and place: nothing tells in which order they came."""
    held = open_terms()
    yield from _cases.get((of, held.version), lambda: _listed(of, held))


def _listed(of: Month, held: Terms) -> list[dict[str, Any]]:
    rows = _rows(of)
    places = spots([row["cell"] for row in rows], held.threshold, held.finest)
    sizes = Counter(row["town_id"] for row in rows)
    all_towns = Region.objects.filter(level="town")
    towns: dict[int | None, str] = dict(all_towns.values_list("pk", "code"))
    names: dict[int | None, str] = dict(all_towns.values_list("pk", "name"))
    found = []
    for row, place in zip(rows, places, strict=True):
        town = row["town_id"] if sizes[row["town_id"]] >= held.threshold else None
        day = row["reported_at"].astimezone(ZONE).date()
        ended = row["closed_at"].astimezone(ZONE).date() if row["closed_at"] else None
        found.append(
            {
                "reported_on": day.isoformat(),
                "class_code": row["class_code"],
                "class_name": catalogue.class_by_id(row["case_class_id"]).name.zh,
                "town_code": towns.get(town, ""),
                "town_name": names.get(town, ""),
                "state": _state(row["stage"]),
                "closed_on": ended.isoformat() if ended else "",
                "days": (ended - day).days if ended else None,
                "in_time": None if row["handled_late"] is None else not row["handled_late"],
                "lon": place.lon if place else None,
                "lat": place.lat if place else None,
                "place_metres": place.metres if place else None,
            }
        )
    return sorted(found, key=lambda row: (row["reported_on"], row["class_code"], str(row)))


def _state(stage: str) -> str:
    return stage if stage in (Stage.CLOSED, Stage.DECLINED) else "open"
