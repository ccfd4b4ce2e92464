"""Teams with their members, shifts, and who could be in a team."""

from typing import Any

from django.db.models import F

from mengding.core.actor import Actor
from mengding.duty.models import Member, Shift
from mengding.duty.queries import scope
from mengding.duty.rights import manages
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import ROLES, can, require
from mengding.regions import locate

_FOUND_AT_ONCE = 50


def teams(actor: Actor) -> list[dict[str, Any]]:
    """Teams the actor may see, with members by name; `mine`: may manage; `leader` a post id."""
    rows = list(scope.teams(actor).select_related("region").order_by("region__path", "name"))
    members: dict[int, list[dict[str, Any]]] = {row.pk: [] for row in rows}
    found = Member.objects.filter(team__in=members).order_by("post__account__name", "post")
    for line in found.values(
        "team_id",
        "post_id",
        account_id=F("post__account"),
        name=F("post__account__name"),
        role=F("post__role"),
        active=F("post__active"),
    ):
        each: dict[str, Any] = dict(line)
        members[each.pop("team_id")].append(each)
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "name": row.name,
            "region_id": row.region_id,
            "region_name": row.region.name,
            "leader": row.leader_id,
            "approves": row.approves,
            "active": row.active,
            "version": row.version,
            "members": members[row.pk],
            "mine": manages(actor, row),
            "editable": can(actor, "duty.arrange", locate.chain(row.region_id)),
        }
        for row in rows
    ]


def shifts(actor: Actor) -> list[dict[str, Any]]:
    """Shifts of the actor's area, of those above it and of their teams' areas."""
    require(actor, "duty.own")
    known = people.tree()
    areas = set(scope.teams(actor).values_list("region", flat=True))
    if actor.region_id is not None:
        areas.add(actor.region_id)
    near = {pk for area in areas for pk in known.chain(area)} | scope.below(actor)
    rows = Shift.objects.filter(region__in=near).select_related("region")
    return [
        {
            "id": row.pk,
            "name": row.name,
            "region_id": row.region_id,
            "region_name": row.region.name,
            "starts": row.starts,
            "ends": row.ends,
            "overnight": row.ends <= row.starts,
            "weekdays": row.weekdays,
            "days": row.days,
            "active": row.active,
            "version": row.version,
            "editable": can(actor, "duty.arrange", locate.chain(row.region_id)),
        }
        for row in rows.order_by("starts", "name", "pk")
    ]


def candidates(actor: Actor, words: str = "") -> list[dict[str, Any]]:
    """Posts in the actor's area that can be in a team, by name, at most 50."""
    require(actor, "duty.arrange")
    rows = Post.objects.filter(
        active=True,
        account__is_active=True,
        role__in=sorted(ROLES["duty.own"]),
        region__in=scope.below(actor),
    )
    if words.strip():
        rows = rows.filter(account__name__icontains=words.strip())
    found = rows.order_by("account__name", "pk").values(
        "role",
        "account_id",
        post_id=F("pk"),
        name=F("account__name"),
        organisation_name=F("organisation__name"),
        region_name=F("region__name"),
    )
    return [dict(row) for row in found[:_FOUND_AT_ONCE]]
