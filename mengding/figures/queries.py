"""What the wall screen shows: counts within what the actor may see, and never a word anybody wrote.

In, out, open, overdue and in time are the indicators of these names, so that the wall and the
dashboards never differ. What no indicator says (how many stand in a stage, what comes due within
the hour, what it was yesterday by now) is counted from the same cases. Days are those of China.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from mengding.cases.lifecycle import TABLE
from mengding.cases.models import Case
from mengding.cases.stages import OPEN, Stage
from mengding.cases.visibility import visible_to
from mengding.catalogue import queries as catalogue
from mengding.clocks.queries import colour
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.cache import Versioned
from mengding.core.kept import Kept
from mengding.core.text import T
from mengding.indicators import queries as indicators
from mengding.indicators.queries import Filters
from mengding.indicators.queries.labels import labels
from mengding.indicators.queries.scope import COLUMN
from mengding.indicators.queries.sums import BEGINNING
from mengding.ledger.models import Event
from mengding.regions.models import Region

ZONE = ZoneInfo("Asia/Shanghai")
CLASSES = 7  # most classes named; the others are summed
NEWEST = 9
SPOTS = 200  # most points on the map
SOON = timedelta(hours=1)
GRID = COLUMN.index("grid")
PAST_KEPT = 300.0  # s: days that are over hardly change

_ORDER = [stage for stage in Stage if stage in OPEN] + [Stage.CLOSED]
# `Count` of a column that is never null: the indexes hold it, but not the primary key.
_EACH = "district_id"
_STANDING = ["open", "overdue"]
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
    midnight, today = _midnight(now), _day(now)
    until = today + timedelta(days=1)
    counted = Case.objects.filter(indicators.cases_in(actor)).order_by()
    visible = Case.objects.filter(visible_to(actor)).order_by()
    flow = indicators.measure(actor, ["received", "ended", "closed"], "", today, until).total
    month = indicators.measure(actor, ["in_time_rate"], "", today.replace(day=1), until).total
    standing = indicators.measure(actor, _STANDING, "", BEGINNING, until).total
    stages, soon = _standing(counted, now)
    came = _since(counted, "reported_at", now, midnight)
    went = _since(counted, "closed_at", now, midnight)
    past = _past.get((actor, days, midnight), lambda: _days(actor, today, days))
    flows = {code: value.n for code, value in flow.items()}
    return {
        "at": now,
        "area": _area(actor),
        "today": {
            **flows,
            "open": standing["open"].n,
            "overdue": standing["overdue"].n,
            "due_soon": soon,
        },
        "in_time": {"n": month["in_time_rate"].n, "of": month["in_time_rate"].of},
        "before": {
            "received": came["before"],
            "ended": went["before"],
            "open": standing["open"].n - came["lately"] + went["lately"],
        },
        "stages": _stages(counted, stages, midnight, flows["received"]),
        "places": _places(actor, until),
        "classes": _classes(actor, until),
        "days": [
            *past,
            {"day": today, "received": flows["received"], "ended": flows["ended"]},
        ],
        "newest": _newest(visible, now),
        "spots": _spots(visible, now),
    }


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def _day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def _standing(counted: QuerySet[Case], now: datetime) -> tuple[dict[str, tuple[int, int]], int]:
    """By stage: how many stand open there, and of these past a limit; in all, how many come due
    within `SOON`."""
    rows = (
        counted.filter(closed_at__isnull=True)
        .values_list("stage")
        .annotate(
            n=Count(_EACH),
            red=Count(_EACH, filter=Q(due_at__lt=now)),
            soon=Count(_EACH, filter=Q(due_at__gte=now, due_at__lt=now + SOON)),
        )
    )
    found = list(rows)
    return {stage: (n, red) for stage, n, red, _ in found}, sum(soon for *_, soon in found)


def _since(rows: QuerySet[Case], column: str, now: datetime, midnight: datetime) -> dict[str, int]:
    """How many yesterday up to this time of day, and in the last 24 hours."""
    yesterday, ago = midnight - timedelta(days=1), now - timedelta(days=1)
    counted: dict[str, int] = rows.filter(**{f"{column}__gte": yesterday}).aggregate(
        before=Count(_EACH, filter=Q(**{f"{column}__lte": ago})),
        lately=Count(_EACH, filter=Q(**{f"{column}__gt": ago})),
    )
    return counted


def _days(actor: Actor, today: date, days: int) -> list[dict[str, Any]]:
    """In and out of each day before today, oldest first."""
    since = today - timedelta(days=days - 1)
    rows = indicators.measure(actor, ["received", "ended"], "", since, today, step="day").rows
    found = {row.step: row.values for row in rows}
    dates = [since + timedelta(days=n) for n in range(days - 1)]
    return [
        {
            "day": each,
            "received": found[each]["received"].n if each in found else 0,
            "ended": found[each]["ended"].n if each in found else 0,
        }
        for each in dates
    ]


def _stages(
    seen: QuerySet[Case], standing: dict[str, tuple[int, int]], midnight: datetime, received: int
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
        n, red = standing.get(each, (0, 0))
        shown.append({"stage": each, "open": n, "overdue": red, "entered": entered[each]})
    return shown


def _area(actor: Actor) -> dict[str, Any] | None:
    """The division that the numbers are about."""
    found = _map.get().get(indicators.scope_of(actor, Filters()).place or 0)
    return {"code": found.code, "level": found.level, "name": found.name} if found else None


def _places(actor: Actor, until: date) -> list[dict[str, Any]]:
    """The divisions below the actor's, by code, and last what lies in none of them."""
    scope = indicators.scope_of(actor, Filters())
    if scope.place is None or scope.level == GRID:
        return []
    rows = indicators.measure(actor, _STANDING, "region", BEGINNING, until).rows
    there = {int(row.key): row.values for row in rows}
    known = _map.get()
    named: list[tuple[int, str | None, T]] = [
        (each.id, each.code, each.name)
        for each in known.values()
        if each.id in there or (each.parent_id == scope.place and each.active)
    ]
    if 0 in there and there[0]["open"].n:
        named.append((0, None, T("未定位", "No place")))
    return [
        {
            "code": code,
            "name": name,
            **{each: there[pk][each].n if pk in there else 0 for each in _STANDING},
        }
        for pk, code, name in named
    ]


def _classes(actor: Actor, until: date) -> list[dict[str, Any]]:
    """The classes with most open cases, and the sum of the others."""
    rows = indicators.measure(actor, _STANDING, "class", BEGINNING, until).rows
    there = {
        row.key: {each: row.values[each].n for each in _STANDING}
        for row in rows
        if row.values["open"].n
    }
    ranked = sorted(there, key=lambda code: (-there[code]["open"], code))
    named = labels("class", set(ranked[:CLASSES]))
    shown: list[dict[str, Any]] = [
        {"code": code, "name": named[code][1], **there[code]} for code in ranked[:CLASSES]
    ]
    rest = [there[code] for code in ranked[CLASSES:]]
    if rest:
        name = T("其余 {n} 类", "{n} other classes").fill(n=len(rest))
        sums = {each: sum(row[each] for row in rest) for each in _STANDING}
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
