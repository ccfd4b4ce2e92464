"""Warnings of one's area, with their figures and how often their like was a false alarm."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from mengding.cases.models import Case
from mengding.cases.queries.lists import COLUMNS, listed, org_name
from mengding.cases.visibility import visible_to
from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.http.paging import paginate
from mengding.ledger.models import Event
from mengding.people import queries as people
from mengding.people.models import Organisation, Post
from mengding.policy.permissions import ROLES, can, require
from mengding.regions import cells, locate
from mengding.regions.models import Region
from mengding.tasks.models import Place
from mengding.tasks.queries import tasks
from mengding.warnings.facts import LOCAL
from mengding.warnings.kinds import Kind
from mengding.warnings.methods import method_of
from mengding.warnings.models import LIVE, Alert, Crowd, Spot, Status
from mengding.warnings.queries.rules import own_stages, rules_for

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
    actor: Actor, *, status: str, kind: str, mine: bool, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """One page, newest first."""
    rows = visible(actor)
    if status:
        rows = rows.filter(status=status)
    if kind:
        rows = rows.filter(kind=kind)
    if mine:
        rows = rows.filter(post=actor.post_id or 0)
    found, following = paginate(rows, "-raised_at", datetime, cursor=cursor, limit=limit)
    return _shown(found), following


def unknown() -> NotFound:
    """The one answer for what is not there and what lies elsewhere."""
    return NotFound("warning_unknown", T("没有这条预警。", "There is no such warning."))


def one(actor: Actor, alert_id: int) -> dict[str, Any]:
    """One warning with its method, its course, those of its cases that the actor may see, what
    became of it, and who could take it or be sent."""
    row = visible(actor).select_related("words", "task").filter(pk=alert_id).first()
    if row is None:
        raise unknown()
    now = clock.now()
    cases = Case.objects.filter(visible_to(actor), pk__in=row.case_ids).order_by("-reported_at")
    opened = Case.objects.filter(visible_to(actor), pk=row.case_id or 0)
    live = row.status in LIVE and can(actor, "warnings.decide")
    return _shown([row])[0] | {
        "method": method_of(Kind(row.kind), rules_for(row.region_id)),
        "words": row.words.text if row.words else "",
        "cases": [listed(case, now) for case in cases.values(*COLUMNS)[:50]],
        "opened": next((listed(case, now) for case in opened.values(*COLUMNS)), None),
        "ordered": tasks.shown([row.task], now)[0] if row.task else None,
        "squares": _squares(row),
        "course": _crowd_course(row) if row.kind == Kind.CROWD else None,
        "history": _history(row),
        "owners": _owners(row) if live else [],
        "workers": _workers(row) if live else [],
        "places": _places(row) if live else [],
        "regions": _villages(row) if live else [],
    }


def _squares(row: Alert) -> list[list[float]]:
    """West, south, east, north in degrees of the squares it is about."""
    zoom = row.detail.get("zoom")
    if row.cell is None or zoom is None:
        return []
    numbers = [int(each) for each in row.detail.get("cells", [])] or [row.cell]
    return [list(cells.bounds(number, int(zoom))) for number in numbers]


def _crowd_course(row: Alert) -> dict[str, Any] | None:
    """Counts of the spot around the warning, and what was usual at those hours."""
    spot = Spot.objects.filter(pk=row.detail.get("spot", 0)).first()
    if spot is None:
        return None
    since = row.raised_at - timedelta(hours=12)
    until = max(row.until, row.raised_at) + timedelta(hours=12)
    counted = list(
        Crowd.objects.filter(spot=spot, until__gt=since, until__lte=until).order_by("until")[:300]
    )
    usual = _usual(spot, row.raised_at)
    stages = rules_for(spot.region_id).stages(own_stages(spot))
    return {
        "at": [each.until for each in counted],
        "people": [each.people for each in counted],
        "usual": [usual.get(_hour(each.until)) for each in counted],
        "limits": [
            round(spot.capacity * share / 100)
            for share in (stages.attention, stages.crowded, stages.full)
        ],
    }


def _hour(at: datetime) -> tuple[bool, int]:
    local = at.astimezone(LOCAL)
    return local.weekday() >= 5, local.hour


def _usual(spot: Spot, before: datetime) -> dict[tuple[bool, int], float]:
    """Mean of the eight weeks before, by hour, of working days and weekends."""
    sums: defaultdict[tuple[bool, int], list[int]] = defaultdict(list)
    rows = Crowd.objects.filter(
        spot=spot, until__gt=before - timedelta(weeks=8), until__lte=before - timedelta(hours=12)
    )
    for until, people_count in rows.values_list("until", "people"):
        sums[_hour(until)].append(people_count)
    return {hour: round(sum(found) / len(found), 1) for hour, found in sums.items()}


def _history(row: Alert) -> list[dict[str, Any]]:
    """What was done with it, oldest first: verb, when, by whom, until when, by which post."""
    events = Event.objects.filter(subject_kind="warning", subject_id=row.pk).order_by("pk")
    found = list(events.values("action", "at", "account_id", "after")[:100])
    names = people.account_names({each["account_id"] for each in found})
    holders = _holders({(each["after"] or {}).get("post") for each in found})
    return [
        {
            "action": each["action"],
            "at": each["at"],
            "by": names.get(each["account_id"]),
            "to": holders.get((each["after"] or {}).get("post")),
        }
        for each in found
    ]


def _holders(posts: set[int | None]) -> dict[int | None, str]:
    rows = Post.objects.filter(pk__in={post for post in posts if post})
    return dict(rows.values_list("pk", "account__name"))


def _owners(row: Alert) -> list[dict[str, Any]]:
    """Posts that may take it: of the divisions above it."""
    chain = locate.chain(row.region_id)
    above = [getattr(chain, f"{name}_id") for name in ("district", "town", "village", "grid")]
    rows = Post.objects.filter(
        active=True, role__in=ROLES["warnings.decide"], region__in=[pk for pk in above if pk]
    )
    return _posts(rows.select_related("account", "organisation").order_by("region_id", "pk"))


def _workers(row: Alert) -> list[dict[str, Any]]:
    """Grid workers of the area, or whose area holds it."""
    below = people.tree().regions_below(row.region_id)
    chain = locate.chain(row.region_id)
    above = {getattr(chain, f"{name}_id") for name in ("village", "grid")} - {None}
    rows = Post.objects.filter(
        active=True, role=Role.COLLECTOR, region__in=sorted({*below, *above})
    )
    return _posts(rows.select_related("account", "organisation").order_by("region_id", "pk"))


def _posts(rows: QuerySet[Post]) -> list[dict[str, Any]]:
    return [
        {
            "id": post.pk,
            "name": post.account.name,
            "organisation": org_name(post.organisation),
            "role": post.role,
        }
        for post in rows[:200]
    ]


def _places(row: Alert) -> list[dict[str, Any]]:
    """Registered places of the area that can be inspected; those of the squares first."""
    rows = Place.objects.filter(tasks.below(row.region_id), active=True).order_by("code")[:300]
    squares = _squares(row)

    def inside(place: Place) -> bool:
        return any(
            west <= place.lon <= east and south <= place.lat <= north
            for west, south, east, north in squares
        )

    return [
        {"id": place.pk, "name": place.name, "near": inside(place)}
        for place in sorted(rows, key=lambda place: not inside(place))
    ]


def _villages(row: Alert) -> list[dict[str, Any]]:
    """Villages of the area: where somebody can be sent to look around."""
    below = people.tree().regions_below(row.region_id)
    rows = Region.objects.filter(pk__in=sorted(below), level="village", active=True)
    return [
        {"id": pk, "name": name} for pk, name in rows.order_by("code").values_list("pk", "name")
    ]


def counts(actor: Actor) -> dict[str, int]:
    """Warnings nobody has taken yet, by kind."""
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
    posts = _holders({row.post_id for row in rows})
    now = clock.now()
    people_names = people.account_names({row.decided_by for row in rows})
    spots = dict(
        Spot.objects.filter(pk__in=[row.detail.get("spot", 0) for row in rows]).values_list(
            "pk", "name"
        )
    )
    said = []
    for row in rows:
        false, decided = past.get((row.kind, row.class_code), (0, 0))
        kind_false, kind_decided = past.get((row.kind, ""), (0, 0))
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
                "post": row.post_id,
                "taken_at": row.taken_at,
                "due_at": row.due_at,
                "late": row.status == Status.TAKEN and row.due_at is not None and row.due_at < now,
                "case": row.case_id,
                "task": row.task_id,
                "rules": row.rules,
                "raised_at": row.raised_at,
                "seen_at": row.seen_at,
                "decided_at": row.decided_at,
                "decided_by": people_names.get(row.decided_by),
                "false_alarms": false,
                "decided": decided,
                "kind_false_alarms": kind_false,
                "kind_decided": kind_decided,
            }
        )
    return said


def _class_names() -> dict[str, T]:
    version = catalogue.active_version()
    return {each.code: each.name for each in catalogue.classes(version)}


def spots(actor: Actor) -> list[dict[str, Any]]:
    """Scenic spots of the actor's area with their last count."""
    require(actor, "crowd.read")
    area = people.tree().regions_below(actor.region_id) if actor.region_id else frozenset()
    rows = list(
        Spot.objects.filter(region_id__in=sorted(area)).select_related("region").order_by("code")
    )
    past = _spot_history({row.pk for row in rows})
    return [
        {
            "code": row.code,
            "name": row.name,
            "place": " ".join(locate.names(row.region_id)[1:]),
            "region": row.region.code,
            "capacity": row.capacity,
            "stages": row.stages,
            "history": past.get(row.pk, []),
            "people": row.people,
            "stage": row.stage,
            "counted_at": row.counted_at,
        }
        for row in rows
    ]


def _spot_history(spots: set[int]) -> dict[int, list[dict[str, Any]]]:
    """Who set which capacity and stages when, newest first."""
    events = Event.objects.filter(subject_kind="spot", subject_id__in=spots, action="spot.save")
    rows = list(events.order_by("-pk").values("subject_id", "at", "account_id", "after")[:500])
    names = people.account_names({row["account_id"] for row in rows})
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["subject_id"], []).append(
            {
                "at": row["at"],
                "by": names.get(row["account_id"]),
                "capacity": row["after"].get("capacity"),
                "stages": row["after"].get("stages", []),
            }
        )
    return found
