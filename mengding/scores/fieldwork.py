"""外勤: what field work came to, by area. No number here is about one person, and none is ranked.

Time on duty is told as days on which a village had somebody on duty: hours are not summed
(docs/boundaries.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
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


@dataclass(frozen=True, slots=True)
class Figure:
    """A count (`over` empty) or a rate (`counts` of `over`). `good`: which way is better."""

    code: str
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
    Figure("covered_rate", T("在岗覆盖率", "Days covered"),
           T("有人在岗的村日 ÷ 全部村日：一个村一天只要有人在岗就算一个；"
             "在村、网格或所属乡镇街道在岗都算。不累计时长。",
             "Village-days with somebody on duty ÷ all village-days: in the village, a grid of it "
             "or the town it lies in. Hours are not summed."),
           "duty_days", "village_days", "up"),
    Figure("visited_rate", T("走到的村", "Villages visited"),
           T("本期有人去过（走访、检查、关爱、现场上报）的村 ÷ 全部村。",
             "Villages where somebody was (visit, inspection, care, report) ÷ all villages."),
           "visited", "villages", "up"),
    Figure("done_rate", T("任务完成率", "Tasks done"),
           T("已完成 ÷ 本期已开始、未取消的任务。",
             "Completed ÷ begun in the period, not called off."),
           "completed", "planned", "up"),
    Figure("late", T("补办", "Done late"),
           T("完成的任务中过了截止时间才办的。", "Of those completed, after their deadline."),
           "late", good="down"),
    Figure("missed", T("可补办", "Can still be done"),
           T("过了截止时间、还没有办、仍可补办的任务。",
             "Tasks past their deadline and not done, which still can be."),
           "missed", good="down"),
    Figure("failed", T("未办", "Not done"),
           T("补办期也过了、没有办的任务。",
             "Tasks not done when the time to do them late was over."),
           "failed", good="down"),
    Figure("inspections", T("检查", "Inspections"),
           T("本期做的场所检查。", "Inspections of places made in the period."), "inspections"),
    Figure("passed_rate", T("检查合格率", "Inspections passed"),
           T("合格的检查 ÷ 检查。", "Passed ÷ inspections."), "passed", "inspections", "up"),
    Figure("items_failed", T("不合格项", "Failed items"),
           T("本期检查中不合格的检查项。", "Items answered “no” in these inspections."),
           "items_failed"),
    Figure("cases_found", T("网格上报案件", "Cases found"),
           T("网格员上报的案件；与评价指标“上报数”来源为网格的相同。",
             "Cases that grid workers reported: the indicator “reported”, channel grid."),
           "cases_found"),
)
# fmt: on
Counts = dict[str, int]


def fieldwork(
    actor: Actor, days: Span, others: Mapping[str, Span], region: str = ""
) -> dict[str, Any]:
    """Figures of an area and of each division directly below it, by code, beside those of other
    spans. Raises `NotFound` for a division outside of the actor's area."""
    require(actor, "scores.coverage")
    if not 0 < days.days <= LONGEST:
        raise Invalid(
            "span_bad",
            T("时间段最长一年。", "A span of at most a year, the end after the beginning."),
            field="until",
        )
    place = _place(actor, region)
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


def _place(actor: Actor, code: str) -> Region:
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


def _values(counts: Counts) -> dict[str, dict[str, Any]]:
    found = {}
    for each in FIGURES:
        n, of = counts.get(each.counts, 0), counts.get(each.over, 0) if each.over else None
        found[each.code] = {"n": n, "of": of, "share": n / of if of else None}
    return found


def _gather(actor: Actor, place: Region, days: Span) -> dict[int, Counts]:
    """Counts by division: `place` itself and those directly below it."""
    level = Level(place.level)
    column = _COLUMN.get(_BELOW.get(level, level), "village_id")
    here = areas.mine(actor) & Q(**{_COLUMN[level]: place.pk})
    last = days.until - timedelta(days=1)
    start, end = day_bounds(days.since)[0], day_bounds(last)[1]
    found: dict[int, Counts] = {each.pk: {} for each in (place, *_below(place))}

    def take(rows: QuerySet[Any], counted: Mapping[str, Count], before: str = "") -> None:
        """Add counts to the division they lie in, and to the whole."""
        named = rows.order_by().values(division=F(f"{before}{column}"))
        for row in named.annotate(**counted):
            division = row.pop("division")
            for pk in {place.pk, division} & found.keys():
                for name, n in row.items():
                    found[pk][name] = found[pk].get(name, 0) + n

    span = {"at__gte": start, "at__lt": end}
    tasks = Task.objects.filter(here, day__gte=days.since, day__lte=last)
    take(tasks, overview.states(clock.now()))
    deeds = Deed.objects.filter(here, action__in=overview.ON_SITE, village__isnull=False, **span)
    take(deeds, {"visited": Count("village", distinct=True)})
    made = Inspection.objects.filter(here, **span)
    passed = Count("pk", filter=Q(passed=True))
    take(made, {"inspections": Count("pk"), "passed": passed})
    inside = areas.mine(actor, before="inspection__")
    failed = Answer.objects.filter(
        inside,
        answer="no",
        **{f"inspection__{_COLUMN[level]}": place.pk},
        **{f"inspection__{name}": value for name, value in span.items()},
    )
    take(failed, {"items_failed": Count("pk")}, "inspection__")
    _duty(found, place, days)
    _cases(found, actor, place, days)
    return found


def _duty(found: dict[int, Counts], place: Region, days: Span) -> None:
    """Villages, and on how many days each had somebody on duty; days to come are not asked for."""
    until = min(days.until, clock.now().astimezone(LOCAL).date() + timedelta(days=1))
    known = tree()
    villages = Region.objects.filter(
        level=Level.VILLAGE, active=True, pk__in=known.regions_below(place.pk)
    )
    covered = duty.days_covered(set(villages.values_list("pk", flat=True)), days.since, until)
    length = max(0, (until - days.since).days)
    for village, number in covered.items():
        for pk in set(known.chain(village)) & found.keys():
            counts = found[pk]
            for name, n in (("villages", 1), ("village_days", length), ("duty_days", number)):
                counts[name] = counts.get(name, 0) + n


def _cases(found: dict[int, Counts], actor: Actor, place: Region, days: Span) -> None:
    """What grid workers reported, as the indicators have it."""
    filters = Filters(region=place.code, channel=Channel.GRID)
    by = "region" if len(found) > 1 else ""
    answer = indicators.measure(actor, ["received"], by, days.since, days.until, filters)
    found[place.pk]["cases_found"] = answer.total["received"].n
    for row in answer.rows if by else ():
        if int(row.key) in found:
            found[int(row.key)]["cases_found"] = row.values["received"].n
