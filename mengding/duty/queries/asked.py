"""Swaps, leave and closures: the own ones, and those one decides on."""

from typing import Any

from django.db.models import F, Q

from mengding.core.actor import Actor
from mengding.duty.models import PENDING, Closure, Leave, Swap
from mengding.duty.queries import scope
from mengding.people import queries as people
from mengding.policy.permissions import holds, require

_LISTED = 100


def _line(prefix: str) -> dict[str, F]:
    return {
        f"{prefix}_{name}": F(f"{prefix}__{path}")
        for name, path in (
            ("day", "day"),
            ("starts_at", "starts_at"),
            ("ends_at", "ends_at"),
            ("shift", "shift__name"),
        )
    }


def swaps(actor: Actor) -> list[dict[str, Any]]:
    """The own swaps and those of teams one manages; what waits first, then the newest.

    `answer`: the actor is asked; `decide`: the actor may approve; `own`: the actor asked.
    """
    require(actor, "duty.own")
    account = actor.account_id or 0
    mine = Q(asker__account=account) | Q(other__account=account)
    managed = Q(team__leader=actor.post_id or 0)
    if holds(actor, "duty.arrange"):
        managed |= Q(team__region__in=scope.below(actor))
    columns = ("id", "team_id", "slot_id", "taken_id", "exchange", "state", "asked_at", "version")
    rows = Swap.objects.filter(mine | managed).order_by("-asked_at", "-pk")
    names = {
        "team_name": F("team__name"),
        "asker_account": F("asker__account"),
        "asker_name": F("asker__account__name"),
        "other_account": F("other__account"),
        "other_name": F("other__account__name"),
    }
    found = list(rows.values(*columns, **names, **_line("slot"), **_line("taken"))[:_LISTED])
    decidable = set(Swap.objects.filter(managed, state="agreed").values_list("pk", flat=True))
    for row in found:
        row["own"] = row["asker_account"] == account
        row["answer"] = row["state"] == "asked" and row["other_account"] == account
        concerned = account in (row["asker_account"], row["other_account"])
        row["decide"] = row["id"] in decidable and not concerned
    found.sort(key=lambda row: row["state"] not in PENDING)  # stable: newest first in each
    return found


def leaves(actor: Actor) -> list[dict[str, Any]]:
    """The own leave and that of people one decides on; what waits first, then the newest."""
    require(actor, "duty.own")
    account = actor.account_id or 0
    led = Q(post__account__in=_led(actor))
    if holds(actor, "duty.arrange"):
        led |= Q(post__region__in=scope.below(actor))
    rows = Leave.objects.filter(Q(account=account) | led).order_by("-first", "-pk")
    found = list(
        rows.values(
            *("id", "account_id", "post_id", "kind", "first", "last", "state", "asked_at"),
            name=F("account__name"),
            role=F("post__role"),
            region_name=F("post__region__name"),
        )[:_LISTED]
    )
    for row in found:
        row["own"] = row["account_id"] == account
        row["decide"] = row["state"] == "asked" and not row["own"]
    found.sort(key=lambda row: row["state"] != "asked")
    return found


def _led(actor: Actor) -> list[int]:
    """Accounts in the teams the actor leads."""
    rows = scope.teams(actor).filter(leader=actor.post_id or 0)
    return list(rows.values_list("members__post__account", flat=True))


def closures(actor: Actor) -> list[dict[str, Any]]:
    """Closures of the area, of those above it and below it, newest first."""
    require(actor, "duty.own")
    near = set(scope.below(actor))
    if actor.region_id is not None:
        near |= set(people.tree().chain(actor.region_id))
    rows = Closure.objects.filter(region__in=near, active=True).order_by("-first", "-pk")
    found = rows.values("id", "region_id", "reason", "first", "last", region_name=F("region__name"))
    return [dict(row) for row in found[:_LISTED]]
