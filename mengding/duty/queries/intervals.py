"""Who is on duty, since when; each person their own, supervisors their area."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from mengding.core import clock
from mengding.core.actor import Actor, ActorKind
from mengding.duty.models import Interval
from mengding.people import queries as people
from mengding.policy.permissions import require

_COLUMNS = (
    "id", "account_id", "post_id", "team_id", "shift_id", "region_id", "started_at", "ends_by",
    "ended_at", "ended_by",
)  # fmt: skip
_NAMES = {
    "name": F("account__name"),
    "role": F("post__role"),
    "organisation_name": F("post__organisation__name"),
    "post_region_id": F("post__region_id"),
    "team_name": F("team__name"),
    "team_kind": F("team__kind"),
    "shift_name": F("shift__name"),
    "region_name": F("region__name"),
}


def _open(now: datetime) -> QuerySet[Interval]:
    """Those on duty now. One that has run to its limit is over, ended or not yet."""
    return Interval.objects.filter(ended_at=None, ends_by__gt=now, started_at__lte=now)


def open_interval(account_id: int) -> Interval | None:
    """The interval somebody is on duty in just now; None: off duty."""
    return _open(clock.now()).filter(account=account_id).first()


def covering(account_id: int, at: datetime) -> Interval | None:
    """The interval somebody was on duty in at an instant; None: they were off duty.

    An open interval counts up to its limit, and never for the future.
    """
    if at > clock.now():
        return None
    rows = Interval.objects.filter(account=account_id, started_at__lte=at, ends_by__gt=at)
    return rows.filter(Q(ended_at=None) | Q(ended_at__gt=at)).first()


def on_duty(actor: Actor) -> list[dict[str, Any]]:
    """Everybody on duty now whose post or patrol area lies in the actor's area.

    By town, team and name. Dicts of ids, names and `since`; no hours worked, no order by them.
    """
    require(actor, "duty.read")
    rows = _open(clock.now()).filter(_in_area(actor))
    ordered = rows.order_by("post__region__path", "team__name", "account__name", "id")
    return list(ordered.values(*_COLUMNS, **_NAMES))


def mine(actor: Actor, limit: int = 60) -> list[dict[str, Any]]:
    """The actor's own intervals, newest first."""
    require(actor, "duty.own")
    rows = Interval.objects.filter(account=actor.account_id or 0).order_by("-started_at")
    rows = rows.exclude(ended_at=F("started_at"))
    return list(rows.values(*_COLUMNS, **_NAMES)[:limit])


def _in_area(actor: Actor) -> Q:
    if actor.kind is ActorKind.SYSTEM:
        return Q()
    if actor.region_id is None:
        return Q(pk__in=[])
    below = people.tree().regions_below(actor.region_id)
    return Q(post__region__in=below) | Q(region__in=below)
