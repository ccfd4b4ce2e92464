"""What anybody may read: months of figures, and cases without words, number or exact place."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mengding.cases.queries.publishing import first_published, published
from mengding.cases.stages import Stage
from mengding.catalogue import queries as catalogue
from mengding.catalogue.queries import CaseClassInfo
from mengding.core import clock
from mengding.core.errors import Invalid, NotFound
from mengding.core.kept import Kept
from mengding.core.text import T
from mengding.opendata.disclosure import CLOSED, DECLINED, OPEN, Count, Disclosure, Fact, disclose
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
    """One month of open data. `final`: whole, and past the days it is marked as changing; what is
    closed, voided or merged later still changes it."""

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


@dataclass(frozen=True, slots=True)
class Line:
    """One town or group of classes; None where a count is left out."""

    code: str
    name: T
    received: int | None
    closed: int | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """A month in numbers, None where one is left out; a table without lines is left out itself.
    `in_time`: of the cases handled, in percent."""

    month: Month
    terms: Terms
    received: int | None
    closed: int | None
    in_time: float | None
    towns: list[Line]
    groups: list[Line]


_held = Kept[tuple[Statistics, list[dict[str, Any]]]](KEPT)


def statistics(of: Month) -> Statistics:
    """The month in numbers."""
    return _month(of)[0]


def cases(of: Month) -> list[dict[str, Any]]:
    """Rows of `COLUMNS`, by day, class and place: nothing tells in which order they came."""
    return _month(of)[1]


def _month(of: Month) -> tuple[Statistics, list[dict[str, Any]]]:
    # Numbers and cases of one moment: from two, what changed between them would show.
    held = open_terms()
    return _held.get((of, held.version), lambda: _make(of, held))


def _make(of: Month, held: Terms) -> tuple[Statistics, list[dict[str, Any]]]:
    since = datetime(of.year, of.month, 1, tzinfo=ZONE)
    until = datetime.combine(of.until + timedelta(days=1), datetime.min.time(), tzinfo=ZONE)
    rows = published(since, until)
    towns = {
        pk: (code, T(zh, en or zh))
        for pk, code, zh, en in Region.objects.filter(level="town")
        .order_by("code")
        .values_list("pk", "code", "name", "name_en")
    }
    facts = [_fact(row, towns) for row in rows]
    told = disclose(facts, held.threshold, held.finest)
    town_names = dict(towns.values()) | (
        {"": T("位置未明确到乡镇", "Place not known to the town")} if "" in told.towns else {}
    )
    infos = {row["case_class_id"]: catalogue.class_by_id(row["case_class_id"]) for row in rows}
    group_names = {_group(info): info.big for info in infos.values()}
    class_names = group_names | {info.code: info.name for info in infos.values()}
    figures = Statistics(
        month=of,
        terms=held,
        received=told.whole.received,
        closed=told.whole.closed,
        in_time=told.in_time,
        towns=_lines(told.towns, town_names),
        groups=_lines(told.groups, dict(sorted(group_names.items()))),
    )
    return figures, _listed(rows, told, town_names, class_names)


def _fact(row: dict[str, Any], towns: dict[int, tuple[str, T]]) -> Fact:
    info = catalogue.class_by_id(row["case_class_id"])
    return Fact(
        town=towns[row["town_id"]][0] if row["town_id"] in towns else "",
        group=_group(info),
        class_code=info.code,
        state={Stage.CLOSED: CLOSED, Stage.DECLINED: DECLINED}.get(row["stage"], OPEN),
        late=row["handled_late"],
        cell=row["cell"],
    )


def _group(info: CaseClassInfo) -> str:
    return info.letter + info.big_code


def _lines(counts: dict[str, Count], names: dict[str, T]) -> list[Line]:
    if not counts:
        return []
    found = {code: counts.get(code, Count(0, 0)) for code in names}
    return [
        Line(code, name, found[code].received, found[code].closed) for code, name in names.items()
    ]


def _listed(
    rows: list[dict[str, Any]], told: Disclosure, towns: dict[str, T], classes: dict[str, T]
) -> list[dict[str, Any]]:
    found = []
    for row, shown in zip(rows, told.rows, strict=False):  # none is told of a month with few
        day = row["reported_at"].astimezone(ZONE).date()
        # The end of a case that is not said to have ended would say so.
        ended = (
            row["closed_at"].astimezone(ZONE).date() if shown.state in (CLOSED, DECLINED) else None
        )
        found.append(
            {
                "reported_on": day.isoformat(),
                "class_code": shown.class_code,
                "class_name": classes[shown.class_code] if shown.class_code else "",
                "town_code": shown.town,
                "town_name": towns[shown.town] if shown.town else "",
                "state": shown.state,
                "closed_on": ended.isoformat() if ended else "",
                "days": (ended - day).days if ended else None,
                "in_time": shown.in_time,
                "lon": shown.place.lon if shown.place else None,
                "lat": shown.place.lat if shown.place else None,
                "place_metres": shown.place.metres if shown.place else None,
            }
        )
    return sorted(found, key=lambda row: (row["reported_on"], row["class_code"], str(row)))
