"""What a list of cases may be narrowed by, as a condition on the case row alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor, Level
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.regions import cells
from mengding.regions.models import Region
from mengding.search.queries import matches

LOCAL = ZoneInfo("Asia/Shanghai")

_LEVEL_COLUMN = {
    Level.DISTRICT: "district_id",
    Level.TOWN: "town_id",
    Level.VILLAGE: "village_id",
    Level.GRID: "grid_id",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list may be narrowed by; an empty field does not narrow.

    `classes`: exact codes or prefixes ("E04"). `colour`: green, yellow, red or (no
    deadline) grey, open cases only. `bbox`: (west, south, east, north) in WGS-84 degrees.
    `since`/`until`: when reported, aware; `due_…` and `closed_…` likewise (what has no such time
    is left out). `days`: reported today or in the days before, so many in all. `rework`: sent
    back at least once. `help`: help was asked for and not answered.
    """

    text: str = ""
    stages: tuple[Stage, ...] = ()
    open: bool | None = None
    classes: tuple[str, ...] = ()
    region_code: str = ""
    lead_org_id: int | None = None
    owner_org_id: int | None = None
    channel: str = ""
    grade: str = ""
    colour: str = ""
    supervised: bool | None = None
    rework: bool | None = None
    help: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    days: int | None = None
    due_since: datetime | None = None
    due_until: datetime | None = None
    closed_since: datetime | None = None
    closed_until: datetime | None = None
    bbox: tuple[float, float, float, float] | None = None
    ids: tuple[int, ...] = field(default=())

    def of_class(self) -> Q:
        """Being of one of `classes`."""
        wanted = Q()
        for code in self.classes:
            wanted |= Q(class_code=code) if len(code) == 5 else Q(class_code__startswith=code)
        return wanted


def filtered(
    actor: Actor, filters: Filters, visible: Callable[[Actor], Q] = visible_to
) -> QuerySet[Case]:
    """The visible cases that fit the filters; raises `Invalid` naming the parameter.

    `visible`: one of the two ways of `cases.visibility` to say the same.
    """
    rows = Case.objects.filter(visible(actor))
    if filters.ids:
        rows = rows.filter(pk__in=filters.ids)
    if filters.stages:
        rows = rows.filter(stage__in=[stage.value for stage in filters.stages])
    if filters.open is not None:
        rows = rows.filter(closed_at__isnull=filters.open)
    if filters.classes:
        rows = rows.filter(filters.of_class())
    if filters.region_code:
        rows = rows.filter(**in_region(filters.region_code))
    for name in ("lead_org_id", "owner_org_id", "channel", "grade", "supervised"):
        value = getattr(filters, name)
        if value not in (None, ""):
            rows = rows.filter(**{name: value})
    if filters.rework is not None:
        rows = rows.filter(Q(rework_count__gt=0) if filters.rework else Q(rework_count=0))
    if filters.help is not None:
        rows = rows.filter(help_asked_at__isnull=not filters.help)
    rows = rows.filter(_in_time(filters))
    if filters.colour:
        rows = rows.filter(_in_colour(filters.colour), closed_at__isnull=True)
    if filters.bbox:
        rows = rows.filter(_in_box(filters.bbox))
    if filters.text.strip():
        hit = matches(filters.text)
        if hit is None:
            raise Invalid(
                "nothing_to_search",
                T("请输入文字或数字。", "Type letters, characters or digits."),
                field="q",
            )
        rows = rows.filter(hit)
    return rows


def _in_time(filters: Filters) -> Q:
    found = Q()
    spans = (
        ("reported_at", filters.since, filters.until),
        ("due_at", filters.due_since, filters.due_until),
        ("closed_at", filters.closed_since, filters.closed_until),
    )
    for column, since, until in spans:
        if since:
            found &= Q(**{f"{column}__gte": since})
        if until:
            found &= Q(**{f"{column}__lt": until})
    if filters.due_since or filters.due_until:
        found &= Q(closed_at__isnull=True)
    if filters.days:
        today = clock.now().astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
        found &= Q(reported_at__gte=today - timedelta(days=filters.days - 1))
    return found


def in_region(code: str) -> dict[str, int]:
    """The column of a division's level and its id; `Invalid` for a code nobody has."""
    region = Region.objects.filter(code=code).values_list("pk", "level").first()
    if region is None:
        raise Invalid(
            "region_unknown", T("没有这个区划代码。", "No division has this code."), field="region"
        )
    return {_LEVEL_COLUMN[Level(region[1])]: region[0]}


def _in_colour(name: str) -> Q:
    now = clock.now()
    match name:
        case "red":
            return Q(due_at__lt=now)
        case "yellow":
            return Q(yellow_at__lt=now, due_at__gte=now)
        case "green":
            return Q(yellow_at__gte=now)
        case "grey":
            return Q(due_at__isnull=True)
    raise Invalid(
        "colour_unknown",
        T("颜色只有 green、yellow、red、grey。", "A colour is green, yellow, red or grey."),
        field="colour",
    )


def _in_box(bbox: tuple[float, float, float, float]) -> Q:
    west, south, east, north = bbox
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Invalid(
            "bbox_bad",
            T("范围应为 西,南,东,北。", "bbox is west,south,east,north."),
            field="bbox",
        )
    inside = Q()
    for low, high in cells.ranges((west, south, east, north), max_ranges=16):
        inside |= Q(cell__range=(low, high))
    return inside & Q(lon__range=(west, east), lat__range=(south, north))
