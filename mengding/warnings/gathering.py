"""What `finding` looks at, read from cases and inspections of one district."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from mengding.cases.models import Case
from mengding.cases.stages import Channel, Stage
from mengding.clocks import queries as clocks
from mengding.tasks.models import Task
from mengding.warnings.classes import takes_part
from mengding.warnings.facts import LOCAL, Facts, Recheck, Row, start_of

_ENDED = (Stage.VOID, Stage.MERGED, Stage.DECLINED)


def facts(district: int, since: datetime, until: datetime) -> Facts:
    """The district's numbers between two moments, with those of a year before as totals."""
    return Facts(
        district,
        rows(district, since, until),
        rechecks(district, since),
        clocks.calendar(clocks.active_rules()[0]).is_workday,
        _then(district, since.astimezone(LOCAL).date(), until.astimezone(LOCAL).date()),
    )


def rows(district: int, since: datetime, until: datetime) -> list[Row]:
    """Cases that take part: not confidential, void, merged, declined or opened from a warning."""
    found = (
        _cases(district)
        .filter(reported_at__gte=since, reported_at__lt=until)
        .order_by("pk")
        .values_list("pk", "class_code", "town_id", "village_id", "cell", "reported_at")
    )
    return [
        Row(pk, code, town or district, village, cell, at.astimezone(LOCAL).date())
        for pk, code, town, village, cell, at in found.iterator(chunk_size=5000)
        if takes_part(code, confidential=False)
    ]


def _cases(district: int) -> QuerySet[Case]:
    rows = Case.objects.filter(district=district, confidential=False)
    # What the desk opened from a warning is no report more: it would keep that warning alive.
    rows = rows.exclude(stage__in=_ENDED).exclude(channel=Channel.WARNING)
    return rows.exclude(class_code="").order_by()


def _then(district: int, since: date, until: date) -> dict[str, dict[date, int]]:
    year = timedelta(days=364)
    found: defaultdict[str, dict[date, int]] = defaultdict(dict)
    counted = (
        _cases(district)
        .filter(
            reported_at__gte=start_of(since - year),
            reported_at__lt=start_of(until - year + timedelta(days=14)),
        )
        .annotate(day=TruncDate("reported_at", tzinfo=LOCAL))
        .values_list("class_code", "day")
        .annotate(n=Count("pk"))
    )
    for code, day, n in counted:
        found[code][day] = n
    return dict(found)


def rechecks(district: int, since: datetime) -> list[Recheck]:
    """Re-inspections that are open, or were done after `since`. What was called off was decided
    otherwise (failed again, mended, reopened) and is not late."""
    found = (
        Task.objects.filter(district=district, finding__isnull=False)
        .filter(Q(status="open") | Q(status="completed", done_at__gte=since))
        .select_related("finding")
        .order_by("pk")
    )
    return [
        Recheck(
            task.finding.pk, task.finding.region_id, task.finding.class_code[:5],
            task.due_at, task.done_at,
        )
        for task in found.iterator(chunk_size=2000)
        if task.finding is not None
    ]  # fmt: skip
