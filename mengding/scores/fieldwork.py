"""外勤: what field work came to, by area. No number here is about one person, and none is ranked.

Time on duty is told as days on which a village had somebody on duty: hours are not summed
(docs/boundaries.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from mengding.cases.stages import Channel
from mengding.core import clock
from mengding.core.actor import Actor, Level
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.duty import queries as duty
from mengding.duty.rota import LOCAL
from mengding.indicators import queries as indicators
from mengding.indicators.measures import Value
from mengding.indicators.queries import Filters
from mengding.indicators.spans import Span
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.regions import areas
from mengding.regions.models import Region
from mengding.tasks.models import Answer, Deed, Inspection, Task
from mengding.tasks.queries import overview
from mengding.tasks.queries.tasks import day_bounds

LONGEST = 366  # days
_BELOW = {Level.DISTRICT: Level.TOWN, Level.TOWN: Level.VILLAGE}
_COLUMN = {Level.DISTRICT: "district_id", Level.TOWN: "town_id", Level.VILLAGE: "village_id"}


class Thing(StrEnum):
    """What a figure counts, and what its list is a list of."""

    DAY = "day"  # of a village
    VILLAGE = "village"
    TASK = "task"
    INSPECTION = "inspection"
    ITEM = "item"  # of a checklist, answered in an inspection
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Figure:
    """A count (`over` empty) or a rate (`counts` of `over`). `good`: which way is better."""

    code: str
    thing: Thing
    name: T
    formula: T
    counts: str
    over: str = ""
    good: str = ""

    @property
    def rate(self) -> bool:
        """Whether it is a share of something."""
        return bool(self.over)


# fmt: off
FIGURES = (
    Figure("covered_rate", Thing.DAY, T("在岗覆盖率", "Days covered"),
           T("有人在岗的村日 ÷ 全部村日：一个村一天只要有人在岗就算一个；"
             "在村、网格或所属乡镇街道在岗都算。不累计时长。",
             "Village-days with somebody on duty ÷ all village-days: in the village, a grid of it "
             "or the town it lies in. Hours are not summed."),
           "duty_days", "village_days", "up"),
    Figure("visited_rate", Thing.VILLAGE, T("走到的村", "Villages visited"),
           T("本期有人去过（走访、检查、关爱、现场上报）的村 ÷ 全部村。",
             "Villages where somebody was (visit, inspection, care, report) ÷ all villages."),
           "visited", "villages", "up"),
    Figure("done_rate", Thing.TASK, T("任务完成率", "Tasks done"),
           T("已完成 ÷ 本期已开始、未取消的任务。",
             "Completed ÷ begun in the period, not called off."),
           "completed", "planned", "up"),
    Figure("late", Thing.TASK, T("补办", "Done late"),
           T("完成的任务中过了截止时间才办的。", "Of those completed, after their deadline."),
           "late", good="down"),
    Figure("missed", Thing.TASK, T("可补办", "Can still be done"),
           T("过了截止时间、还没有办、仍可补办的任务。",
             "Tasks past their deadline and not done, which still can be."),
           "missed", good="down"),
    Figure("failed", Thing.TASK, T("未办", "Not done"),
           T("补办期也过了、没有办的任务。",
             "Tasks not done when the time to do them late was over."),
           "failed", good="down"),
    Figure("inspections", Thing.INSPECTION, T("检查", "Inspections"),
           T("本期做的场所检查。", "Inspections of places made in the period."), "inspections"),
    Figure("passed_rate", Thing.INSPECTION, T("检查合格率", "Inspections passed"),
           T("合格的检查 ÷ 检查。", "Passed ÷ inspections."), "passed", "inspections", "up"),
    Figure("items_failed", Thing.ITEM, T("不合格项", "Failed items"),
           T("本期检查中不合格的检查项。", "Items answered “no” in these inspections."),
           "items_failed"),
    Figure("cases_found", Thing.CASE, T("网格上报案件", "Cases found"),
           T("网格员上报的案件；与评价指标“上报数”来源为网格的相同。",
             "Cases that grid workers reported: the indicator “reported”, channel grid."),
           "cases_found"),
)
# fmt: on
BY_CODE = {each.code: each for each in FIGURES}
Counts = dict[str, int]


def fieldwork(
    actor: Actor, days: Span, others: Mapping[str, Span], region: str = ""
) -> dict[str, Any]:
    """Figures of an area and of each division directly below it, by code, beside those of other
    spans. Raises `NotFound` for a division outside of the actor's area."""
    place = place_of(actor, days, region)
    now = _gather(actor, place, days)
    then = {name: _gather(actor, place, span) for name, span in others.items()}
    rows = [
        {
            "key": str(each.pk),
            "code": each.code,
            "name": T(each.name, each.name_en or each.name),
            "step": None,
            "values": _values(now[each.pk]),
            "beside": {name: _values(found[each.pk]) for name, found in then.items()},
        }
        for each in _below(place)
    ]
    return {
        "since": days.since,
        "until": days.until,
        "by": "region",
        "step": "",
        "area": place.code,
        "scope": T(place.name, place.name_en or place.name),
        "columns": [
            {
                "code": each.code, "name": each.name, "formula": each.formula, "good": each.good,
                "rate": each.rate, "stock": False, "group": "fieldwork",
            }
            for each in FIGURES
        ],
        "rows": rows,
        "total": _values(now[place.pk]),
        "beside": {
            name: {
                "since": span.since, "until": span.until, "total": _values(then[name][place.pk]),
            }
            for name, span in others.items()
        },
        "as_of": clock.now(),
        "closed": None,
    }  # fmt: skip


def place_of(actor: Actor, days: Span, code: str) -> Region:
    """The division that figures are asked of; raises `NotAllowed`, `Invalid`, `NotFound`."""
    require(actor, "scores.coverage")
    if not 0 < days.days <= LONGEST:
        raise Invalid(
            "span_bad",
            T("时间段最长一年。", "A span of at most a year, the end after the beginning."),
            field="until",
        )
    assert actor.region_id is not None  # who may see coverage has an area
    known = Region.objects.defer("boundary")
    own = known.get(pk=actor.region_id)
    found = known.filter(code=code).first() if code else own
    if found is None or found.level not in _COLUMN or own.pk not in tree().chain(found.pk):
        raise NotFound(
            "region_unknown",
            T("没有这个区划，或不在您的辖区。", "No such division in your area."),
            field="region",
        )
    return found


def _below(place: Region) -> list[Region]:
    level = _BELOW.get(Level(place.level))
    rows = Region.objects.filter(parent=place, level=level, active=True).defer("boundary")
    return list(rows.order_by("code")) if level else []


def _values(counts: Counts) -> dict[str, Value]:
    return {
        each.code: Value(
            counts.get(each.counts, 0), counts.get(each.over, 0) if each.over else None
        )
        for each in FIGURES
    }


def _gather(actor: Actor, place: Region, days: Span) -> dict[int, Counts]:
    """Counts by division: `place` itself and those directly below it."""
    level = Level(place.level)
    column = _COLUMN.get(_BELOW.get(level, level), "village_id")
    found: dict[int, Counts] = {each.pk: {} for each in (place, *_below(place))}

    def add(divisions: set[int], counts: Mapping[str, int]) -> None:
        for pk in divisions & found.keys():
            for name, n in counts.items():
                found[pk][name] = found[pk].get(name, 0) + n

    for thing, before in ((Thing.TASK, ""), (Thing.INSPECTION, ""), (Thing.ITEM, "inspection__")):
        rows, conditions = recorded(thing, actor, place, days)
        named = rows.order_by().values(division=F(f"{before}{column}"))
        counted = {name: Count("pk", filter=each) for name, each in conditions.items()}
        for row in named.annotate(**counted):
            add({place.pk, row.pop("division")}, row)
    known = tree()
    been, covered = visited(actor, place, days), on_duty(place, days)
    length = len(gone(days))
    for village in villages_of(place):
        add(
            set(known.chain(village)),
            {
                "villages": 1, "visited": village in been,
                "village_days": length, "duty_days": len(covered[village]),
            },
        )  # fmt: skip
    _cases(found, actor, place, days)
    return found


def recorded(
    thing: Thing, actor: Actor, place: Region, days: Span
) -> tuple[QuerySet[Any], dict[str, Q]]:
    """Tasks, inspections or items of an area and span, and which of them each count takes.

    Counts and the lists behind them both read this, so that they cannot differ.
    """
    start, end = _moments(days)
    column = _COLUMN[Level(place.level)]
    if thing is Thing.ITEM:
        inside = areas.mine(actor, before="inspection__") & Q(
            **{f"inspection__{column}": place.pk},
            inspection__at__gte=start,
            inspection__at__lt=end,
            answer="no",
        )
        return Answer.objects.filter(inside), {"items_failed": Q()}
    here = areas.mine(actor) & Q(**{column: place.pk})
    if thing is Thing.INSPECTION:
        made = Inspection.objects.filter(here, at__gte=start, at__lt=end)
        return made, {"inspections": Q(), "passed": Q(passed=True)}
    tasks = Task.objects.filter(here, day__gte=days.since, day__lt=days.until)
    return tasks, overview.conditions(clock.now())


def villages_of(place: Region) -> list[int]:
    """The villages of an area, by code."""
    below = tree().regions_below(place.pk)
    rows = Region.objects.filter(level=Level.VILLAGE, active=True, pk__in=below)
    return list(rows.order_by("code").values_list("pk", flat=True))


def visited(actor: Actor, place: Region, days: Span) -> set[int]:
    """The villages in which somebody was."""
    start, end = _moments(days)
    rows = Deed.objects.filter(
        areas.mine(actor),
        action__in=overview.ON_SITE,
        village__in=villages_of(place),
        at__gte=start,
        at__lt=end,
    )
    return set(rows.order_by().values_list("village", flat=True).distinct())


def gone(days: Span) -> list[date]:
    """The days of a span up to today: what is to come is not counted."""
    today = clock.now().astimezone(LOCAL).date()
    return [day for n in range(days.days) if (day := days.since + timedelta(days=n)) <= today]


def on_duty(place: Region, days: Span) -> dict[int, set[date]]:
    """On which of its days each village of an area had somebody on duty."""
    return duty.days_covered(set(villages_of(place)), days.since, days.until)


def _moments(days: Span) -> tuple[datetime, datetime]:
    return day_bounds(days.since)[0], day_bounds(days.until - timedelta(days=1))[1]


def by_grid(place: Region) -> Filters:
    """What grid workers reported there, as the indicators have it."""
    return Filters(region=place.code, channel=Channel.GRID)


def _cases(found: dict[int, Counts], actor: Actor, place: Region, days: Span) -> None:
    by = "region" if len(found) > 1 else ""
    answer = indicators.measure(actor, ["received"], by, days.since, days.until, by_grid(place))
    found[place.pk]["cases_found"] = answer.total["received"].n
    for row in answer.rows if by else ():
        if int(row.key) in found:
            found[int(row.key)]["cases_found"] = row.values["received"].n
