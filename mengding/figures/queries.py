"""What the wall screen shows: counts within what the actor may see, and never a word anybody wrote.

A case is in from its report and out when it ends in any way, so that on every day
open = open before + in - out. Days are those of China Standard Time.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import TruncDate

from mengding.cases.lifecycle import TABLE
from mengding.cases.models import Case
from mengding.cases.stages import OPEN, Stage
from mengding.cases.visibility import visible_to
from mengding.catalogue import queries as catalogue
from mengding.clocks.queries import colour
from mengding.core import clock
from mengding.core.actor import Actor, Level
from mengding.core.cache import Versioned
from mengding.core.kept import Kept
from mengding.core.text import T
from mengding.ledger.models import Event
from mengding.regions.models import Region

ZONE = ZoneInfo("Asia/Shanghai")
CLASSES = 7  # most classes named; the others are summed
NEWEST = 9
SPOTS = 200  # most points on the map
SOON = timedelta(hours=1)
PAST_KEPT = 300.0  # s: days that are over hardly change

_BELOW = {Level.DISTRICT: Level.TOWN, Level.TOWN: Level.VILLAGE, Level.VILLAGE: Level.GRID}
_COLUMN = {Level.TOWN: "town_id", Level.VILLAGE: "village_id", Level.GRID: "grid_id"}
_ORDER = [stage for stage in Stage if stage in OPEN] + [Stage.CLOSED]
# `Count` of a column that is never null: the indexes hold it, but not the primary key.
_EACH = "district_id"
_NONE = (0, 0, 0)
_Counts = tuple[int, int, int]
_FOLD = """
SELECT GROUPING(place, kind, stage), place, kind, stage, sum(n), sum(red), sum(soon)
FROM ({rows}) AS open (place, kind, stage, n, red, soon)
GROUP BY GROUPING SETS ((place), (kind), (stage), ())
"""
# Which moves bring a case into a stage.
_ENTERS = {f"case.{row.action}": row.to for row in TABLE if row.to is not None}


@dataclass(frozen=True, slots=True)
class _Division:
    id: int
    code: str
    level: str
    parent_id: int | None
    active: bool
    name: T


def _divisions() -> dict[int, _Division]:
    rows = Region.objects.order_by("code").values_list(
        "pk", "code", "level", "parent_id", "active", "name", "name_en"
    )
    return {
        pk: _Division(pk, code, level, parent, active, T(zh, en or zh))
        for pk, code, level, parent, active, zh, en in rows
    }


_map = Versioned(_divisions, seconds=60)
_past = Kept[list[dict[str, Any]]](PAST_KEPT)


def wall(actor: Actor, days: int = 14) -> dict[str, Any]:
    """Everything on the wall, as it is sent; texts are `T`, instants aware."""
    now = clock.now()
    midnight = _midnight(now)
    seen = Case.objects.filter(visible_to(actor)).order_by()
    below = _BELOW.get(actor.level) if actor.level else None
    standing = _standing(seen, _COLUMN[below] if below else None, now)
    came = _since(seen, "reported_at", now, midnight)
    went = _since(seen.filter(closed_at__isnull=False), "closed_at", now, midnight)
    open_now, red, soon = standing.all
    past = _past.get((actor, days, midnight), lambda: _days(seen, midnight, days))
    today = {"day": _day(now), "received": came["today"], "ended": went["today"]}
    return {
        "at": now,
        "area": _area(actor),
        "today": {
            "received": came["today"],
            "ended": went["today"],
            "closed": went["closed"],
            "open": open_now,
            "overdue": red,
            "due_soon": soon,
        },
        "before": {
            "received": came["before"],
            "ended": went["before"],
            "open": open_now - came["lately"] + went["lately"],
        },
        "stages": _stages(seen, standing, midnight, came["today"]),
        "places": _places(actor, below, standing),
        "classes": _classes(standing),
        "days": [*past, today],
        "newest": _newest(seen, now),
        "spots": _spots(seen, now),
    }


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def _day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


@dataclass(frozen=True, slots=True)
class _Standing:
    """Open cases (n, of these red, red within `SOON`) in all and by one thing each."""

    all: _Counts
    place: dict[int | None, _Counts]
    kind: dict[int | None, _Counts]
    stage: dict[str, _Counts]


def _standing(seen: QuerySet[Case], column: str | None, now: datetime) -> _Standing:
    """One pass over the open cases for all three ways to group them."""
    rows = (
        seen.filter(closed_at__isnull=True)
        .annotate(place=F(column) if column else Value(None, IntegerField()))
        .values_list("place", "case_class_id", "stage")
        .annotate(
            n=Count(_EACH),
            red=Count(_EACH, filter=Q(due_at__lt=now)),
            soon=Count(_EACH, filter=Q(due_at__gte=now, due_at__lt=now + SOON)),
        )
    )
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_FOLD.format(rows=sql), params)
        found = cursor.fetchall()
    standing = _Standing((0, 0, 0), {}, {}, {})
    for grouped, place, kind, stage, *counts in found:
        n, red, soon = (int(count or 0) for count in counts)
        match grouped:
            case 0b011:
                standing.place[place] = (n, red, soon)
            case 0b101:
                standing.kind[kind] = (n, red, soon)
            case 0b110:
                standing.stage[stage] = (n, red, soon)
            case _:
                standing = replace(standing, all=(n, red, soon))
    return standing


def _since(rows: QuerySet[Case], column: str, now: datetime, midnight: datetime) -> dict[str, int]:
    """How many today, yesterday up to this time of day, and in the last 24 hours."""
    yesterday, ago = midnight - timedelta(days=1), now - timedelta(days=1)
    counted: dict[str, int] = rows.filter(**{f"{column}__gte": yesterday}).aggregate(
        today=Count(_EACH, filter=Q(**{f"{column}__gte": midnight})),
        before=Count(_EACH, filter=Q(**{f"{column}__lte": ago})),
        lately=Count(_EACH, filter=Q(**{f"{column}__gt": ago})),
        **(
            {"closed": Count(_EACH, filter=Q(closed_at__gte=midnight, stage=Stage.CLOSED.value))}
            if column == "closed_at"
            else {}
        ),
    )
    return counted


def _days(seen: QuerySet[Case], midnight: datetime, days: int) -> list[dict[str, Any]]:
    """In and out of each day before today, oldest first."""
    since = midnight - timedelta(days=days - 1)

    def by_day(column: str) -> dict[date, int]:
        span = {f"{column}__gte": since, f"{column}__lt": midnight}
        rows = (
            seen.filter(**span).values_list(TruncDate(column, tzinfo=ZONE)).annotate(n=Count(_EACH))
        )
        return dict(rows)

    came, went = by_day("reported_at"), by_day("closed_at")
    dates = [_day(since) + timedelta(days=n) for n in range(days - 1)]
    return [
        {"day": each, "received": came.get(each, 0), "ended": went.get(each, 0)} for each in dates
    ]


def _stages(
    seen: QuerySet[Case], standing: _Standing, midnight: datetime, received: int
) -> list[dict[str, Any]]:
    """Each stage: how many stand there, how many of them red, how many arrivals today.

    An arrival is a move recorded in the ledger: a case that is dispatched twice arrives twice.
    """
    entered: Counter[Stage] = Counter({Stage.RECEIVED: received})
    moves = (
        Event.objects.filter(subject_kind="case", at__gte=midnight, action__in=sorted(_ENTERS))
        .filter(subject_id__in=seen.values("pk"))
        .order_by()
        .values_list("action")
        .annotate(n=Count("*"))
    )
    for action, n in moves:
        entered[_ENTERS[action]] += n
    shown = []
    for each in _ORDER:
        n, red, _ = standing.stage.get(each, _NONE)
        shown.append({"stage": each, "open": n, "overdue": red, "entered": entered[each]})
    return shown


def _area(actor: Actor) -> dict[str, Any] | None:
    """The division of the post."""
    found = _map.get().get(actor.region_id or 0)
    return {"code": found.code, "level": found.level, "name": found.name} if found else None


def _places(actor: Actor, below: Level | None, standing: _Standing) -> list[dict[str, Any]]:
    """The divisions below the actor's, by code, and last what lies in none of them."""
    if below is None:
        return []
    there, known = standing.place, _map.get()
    shown = [
        each
        for each in known.values()
        if each.id in there or (each.parent_id == actor.region_id and each.active)
    ]
    named: list[tuple[int | None, str | None, T]] = [
        (each.id, each.code, each.name) for each in shown
    ]
    if None in there:
        named.append((None, None, T("未定位", "No place")))
    return [
        {"code": code, "name": name, "open": n, "overdue": red}
        for pk, code, name in named
        for n, red, _ in [there.get(pk, _NONE)]
    ]


def _classes(standing: _Standing) -> list[dict[str, Any]]:
    """The classes with most open cases, and the sum of the others."""
    there, red, names = Counter[str](), Counter[str](), {"": T("未分类", "No class yet")}
    for kind, (n, late, _) in standing.kind.items():
        code = ""
        if kind is not None:  # versions of one class are one class
            info = catalogue.class_by_id(kind)
            code, names[info.code] = info.code, info.name
        there[code] += n
        red[code] += late
    ranked = sorted(there, key=lambda code: (-there[code], code))
    shown = [
        {"code": code, "name": names[code], "open": there[code], "overdue": red[code]}
        for code in ranked[:CLASSES]
    ]
    rest = ranked[CLASSES:]
    if rest:
        name = T("其余 {n} 类", "{n} other classes").fill(n=len(rest))
        sums = {"open": sum(there[c] for c in rest), "overdue": sum(red[c] for c in rest)}
        shown.append({"code": None, "name": name, **sums})
    return shown


def _newest(seen: QuerySet[Case], now: datetime) -> list[dict[str, Any]]:
    """The newest cases by number, class and village; confidential ones are not shown at all."""
    rows = (
        seen.filter(confidential=False)
        .order_by("-reported_at", "-pk")
        .values(
            "id", "number", "case_class_id", "town_id", "village_id", "stage", "reported_at",
            "closed_at", "due_at", "yellow_at",
        )[:NEWEST]
    )  # fmt: skip
    known = _map.get()
    shown = []
    for row in rows:
        chain = [known[pk].name for pk in (row["town_id"], row["village_id"]) if pk in known]
        kind = row["case_class_id"]
        light = None if row["closed_at"] else colour(row["yellow_at"], row["due_at"], now)
        shown.append(
            {
                "id": row["id"],
                "number": row["number"],
                "class_name": catalogue.class_by_id(kind).name if kind else None,
                "place": T(" ".join(n.zh for n in chain), ", ".join(n.en for n in reversed(chain))),
                "stage": row["stage"],
                "at": row["reported_at"],
                "colour": light,
            }
        )
    return shown


def _spots(seen: QuerySet[Case], now: datetime) -> list[list[float]]:
    """Where the longest overdue cases lie, to about 100 m, so that no house is pointed out."""
    rows = (
        seen.filter(confidential=False, closed_at__isnull=True, due_at__lt=now, lon__isnull=False)
        .order_by("due_at", "pk")
        .values_list("lon", "lat")[:SPOTS]
    )
    return [[round(lon or 0, 3), round(lat or 0, 3)] for lon, lat in rows]
