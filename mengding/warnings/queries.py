"""Warnings of one's area, with their figures and how often their like was a false alarm."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from mengding.cases.models import Case
from mengding.cases.queries.lists import COLUMNS, listed, org_name
from mengding.cases.visibility import visible_to
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.people import queries as people
from mengding.people.models import Organisation, Post
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.warnings.models import Alert, Kind, Spot, Status

METHODS: dict[str, T] = {
    Kind.REPEAT: T(
        "同一约 130 米网格内同类案件 30 天内达到 3 件；基线为该类案件每个有案网格的平均件数。",
        "Three cases of one class in one cell of about 130 m within 30 days; the baseline is the "
        "mean of the cells that had any.",
    ),
    Kind.SPIKE: T(
        "按类别和乡镇的控制图：前 8 周均值乘以星期系数为基线，"
        "负二项分布取上限（离散度由残差估计），"
        "使全部序列每周预期误报不超过 1 次；观察最近 1 天和 7 天。",
        "Control chart by class and town: the baseline is the mean of 8 weeks times a weekday "
        "factor; the limit is a negative binomial's (dispersion from the residuals), set so that "
        "all series together make at most one false alarm a week; windows of 1 and 7 days.",
    ),
    Kind.CLUSTER: T(
        "时空扫描统计（Kulldorff，泊松）：约 1 公里网格及 1.5 公里内邻格，最近 1 至 7 天，"
        "199 次随机模拟取显著性。",
        "Space-time scan statistic (Kulldorff, Poisson): cells of about 1 km with neighbours "
        "within 1.5 km, the last 1 to 7 days, significance from 199 random redrawings.",
    ),
    Kind.SERIES: T(
        "同一村同类部件 14 天内至少 4 件，且按此前各周的泊松基线偶然概率小于千分之一。",
        "At least four components of one class in one village within 14 days, by chance (Poisson, "
        "from the weeks before) less than one in a thousand.",
    ),
    Kind.OVERDUE: T("隐患超过复查日期未复查。", "A hazard not looked at again on its day."),
    Kind.CROWD: T(
        "匿名计数占最大承载量 60%、80%、100% 分三级；回落 5 个百分点才降级。",
        "Anonymous counts at 60, 80 and 100 % of the capacity, in three stages; a stage ends 5 "
        "points below.",
    ),
}
YEAR = timedelta(days=365)


def in_area(actor: Actor, region_id: int) -> bool:
    """Whether a division lies in the actor's area."""
    return actor.region_id is not None and people.within(region_id, actor.region_id)


def visible(actor: Actor) -> QuerySet[Alert]:
    """Warnings about divisions in the actor's area."""
    require(actor, "warnings.read")
    area = people.tree().regions_below(actor.region_id) if actor.region_id else frozenset()
    return Alert.objects.filter(region_id__in=sorted(area))


def warnings(
    actor: Actor, *, status: str, kind: str, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page, newest first."""
    rows = visible(actor)
    if status:
        rows = rows.filter(status=status)
    if kind:
        rows = rows.filter(kind=kind)
    found, following = paginate(rows, "-raised_at", datetime, cursor=cursor, limit=limit)
    return _shown(found), following


def one(actor: Actor, alert_id: int) -> dict[str, Any]:
    """One warning with its method and those of its cases that the actor may see."""
    row = visible(actor).select_related("words").filter(pk=alert_id).first()
    if row is None:
        raise NotFound("warning_unknown", T("没有这条预警。", "There is no such warning."))
    now = clock.now()
    cases = Case.objects.filter(visible_to(actor), pk__in=row.case_ids).order_by("-reported_at")
    return _shown([row])[0] | {
        "method": METHODS[Kind(row.kind)],
        "words": row.words.text if row.words else "",
        "cases": [listed(case, now) for case in cases.values(*COLUMNS)[:50]],
    }


def counts(actor: Actor) -> dict[str, int]:
    """Open warnings by kind."""
    rows = visible(actor).filter(status=Status.OPEN).order_by().values_list("kind")
    return dict(rows.annotate(n=Count("pk")))


def rates() -> dict[tuple[str, str], tuple[int, int]]:
    """(kind, class) → (dismissed, decided) within a year; the class "" is all of the kind."""
    rows = (
        Alert.objects.filter(decided_at__gt=clock.now() - YEAR)
        .order_by()
        .values_list("kind", "class_code")
        .annotate(n=Count("pk"), false=Count("pk", filter=Q(status=Status.DISMISSED)))
    )
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for kind, code, n, false in rows:
        for key in {(kind, code), (kind, "")}:
            before = found.get(key, (0, 0))
            found[key] = (before[0] + false, before[1] + n)
    return found


def _shown(rows: list[Alert]) -> list[dict[str, Any]]:
    past = rates()
    names = _class_names()
    orgs = Organisation.objects.in_bulk({row.organisation_id for row in rows})
    posts = dict(
        Post.objects.filter(pk__in={row.post_id for row in rows}).values_list("pk", "account__name")
    )
    people_names = people.account_names({row.decided_by for row in rows})
    spots = dict(
        Spot.objects.filter(pk__in=[row.detail.get("spot", 0) for row in rows]).values_list(
            "pk", "name"
        )
    )
    said = []
    for row in rows:
        false, decided = past.get((row.kind, row.class_code), (0, 0))
        said.append(
            {
                "id": row.pk,
                "kind": row.kind,
                "class_code": row.class_code,
                "class_name": names.get(row.class_code) or spots.get(row.detail.get("spot", 0)),
                "place": " ".join(locate.names(row.region_id)[1:] or locate.names(row.region_id)),
                "cell": str(row.cell) if row.cell is not None else None,
                "since": row.since,
                "until": row.until,
                "observed": row.observed,
                "expected": round(row.expected, 2),
                "threshold": round(row.threshold, 2),
                "chance": row.chance,
                "stage": row.stage,
                "detail": row.detail,
                "status": row.status,
                "organisation": org_name(orgs[row.organisation_id]),
                "owner": posts.get(row.post_id or 0),
                "raised_at": row.raised_at,
                "seen_at": row.seen_at,
                "decided_at": row.decided_at,
                "decided_by": people_names.get(row.decided_by),
                "false_alarms": false,
                "decided": decided,
            }
        )
    return said


def _class_names() -> dict[str, T]:
    version = catalogue.active_version()
    return {each.code: each.name for each in catalogue.classes(version)}


def spots(actor: Actor) -> list[dict[str, Any]]:
    """Scenic spots of the actor's area with their last count."""
    require(actor, "warnings.read")
    area = people.tree().regions_below(actor.region_id) if actor.region_id else frozenset()
    rows = Spot.objects.filter(region_id__in=sorted(area)).order_by("code")
    return [
        {
            "code": row.code,
            "name": row.name,
            "place": " ".join(locate.names(row.region_id)[1:]),
            "capacity": row.capacity,
            "people": row.people,
            "stage": row.stage,
            "counted_at": row.counted_at,
        }
        for row in rows
    ]
