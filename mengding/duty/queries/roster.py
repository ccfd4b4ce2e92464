"""Rosters: of a team for who arranges it, of oneself with who is on it too."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from mengding.clocks import queries as clocks
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.duty import rota
from mengding.duty.models import Closure, Leave, Slot
from mengding.duty.queries import scope
from mengding.duty.rights import manages
from mengding.people import queries as people
from mengding.policy.permissions import require

LONGEST = 62  # days at once
_COLUMNS = (
    "id", "team_id", "shift_id", "post_id", "account_id", "day", "starts_at", "ends_at",
    "origin", "version",
)  # fmt: skip
_NAMES = {
    "name": F("account__name"),
    "shift_name": F("shift__name"),
    "team_name": F("team__name"),
    "team_kind": F("team__kind"),
    "post_active": F("post__active"),
}
_LIVE = Q(state__in=["asked", "granted"])


def span_of(first: date, last: date) -> None:
    """`Invalid` naming the field for a period that is none, or longer than 62 days."""
    if last < first:
        raise Invalid(
            "span_bad",
            T("结束日期早于开始日期。", "The last day is before the first."),
            field="last",
        )
    if (last - first).days >= LONGEST:
        raise Invalid(
            "span_long", T("一次最多看 {n} 天。", "At most {n} days.").fill(n=LONGEST), field="last"
        )


def roster(actor: Actor, team: int, first: date, last: date) -> dict[str, Any]:
    """A team's roster: `days` with their kind, `slots` with `conflicts`, `away`, `closed`.

    Conflicts are codes: two_at_once (with this person's line in any team), leave, training,
    closed, post_ended. Colleagues see who works when; who is away why, only who manages.
    """
    row = scope.team(actor, team)
    span_of(first, last)
    slots = list(
        Slot.objects.filter(team=row, day__gte=first, day__lte=last).values(*_COLUMNS, **_NAMES)
    )
    arranges = manages(actor, row)
    accounts = {post["account_id"] for post in row.members.values(account_id=F("post__account"))}
    accounts |= {slot["account_id"] for slot in slots}
    away = _away(accounts, first, last + rota.DAY)
    closed = _closed(row.region_id, first, last)
    if arranges:
        _conflicts(slots, accounts, away, closed)
    else:
        for slot in slots:
            slot["conflicts"] = []
    calendar = clocks.calendar(clocks.active_rules()[0])
    kinds = [calendar.day(day) for day in rota.days(first, last)]
    return {
        "team": row.pk,
        "mine": arranges,
        "days": [
            {
                "day": each.date,
                "works": each.working,
                "name": T(each.holiday_zh, each.holiday_en).said(),
            }
            for each in kinds
        ],
        "slots": slots,
        "away": away if arranges else [],
        "closed": closed,
    }


def _away(accounts: Iterable[int], first: date, last: date) -> list[dict[str, Any]]:
    rows = Leave.objects.filter(_LIVE, account__in=set(accounts), first__lte=last, last__gte=first)
    found = rows.values("id", "account_id", "kind", "first", "last", "state")
    return [dict(row) for row in found.order_by("first", "pk")]


def _closed(region_id: int, first: date, last: date) -> list[dict[str, Any]]:
    rows = Closure.objects.filter(
        active=True,
        region__in=list(people.tree().chain(region_id)),
        first__lte=last,
        last__gte=first,
    )
    found = rows.values("id", "reason", "first", "last")
    return [dict(row) for row in found.order_by("first", "pk")]


def _conflicts(
    slots: list[dict[str, Any]],
    accounts: Iterable[int],
    away: list[dict[str, Any]],
    closed: list[dict[str, Any]],
) -> None:
    """Put `conflicts` on each line, looking at the people's lines in all their teams."""
    if not slots:
        return
    starts = min(slot["starts_at"] for slot in slots)
    ends = max(slot["ends_at"] for slot in slots)
    all_lines = Slot.objects.filter(
        account__in=set(accounts), starts_at__lt=ends, ends_at__gt=starts
    )
    lines = [
        rota.Line(*values)
        for values in all_lines.values_list("pk", "account_id", "starts_at", "ends_at")
    ]
    doubled = rota.overlaps(lines)
    for slot in slots:
        found = ["two_at_once"] if slot["id"] in doubled else []
        for leave in away:
            if leave["account_id"] == slot["account_id"] and rota.touches(
                slot["starts_at"], slot["ends_at"], leave["first"], leave["last"]
            ):
                found.append(leave["kind"])
        if any(each["first"] <= slot["day"] <= each["last"] for each in closed):
            found.append("closed")
        if not slot["post_active"]:
            found.append("post_ended")
        slot["conflicts"] = list(dict.fromkeys(found))


def mine(actor: Actor, days: int = 14) -> dict[str, Any]:
    """The own lines from today, with who is on each shift too, own leave and open swaps."""
    require(actor, "duty.own")
    today = clock.now().astimezone(rota.LOCAL).date()
    last = today + (days - 1) * rota.DAY
    rows = _lines(actor.account_id or 0, today, last)
    own = list(rows.values(*_COLUMNS, **_NAMES))
    others: dict[tuple[int, int, date], list[dict[str, Any]]] = {}
    if own:
        near = Slot.objects.filter(
            team__in={slot["team_id"] for slot in own},
            day__gte=min(slot["day"] for slot in own),
            day__lte=last,
        ).exclude(account=actor.account_id or 0)
        for each in near.order_by("account__name").values(*_COLUMNS, **_NAMES):
            key = (each["team_id"], each["shift_id"], each["day"])
            others.setdefault(key, []).append({"post_id": each["post_id"], "name": each["name"]})
    for slot in own:
        slot["mates"] = others.get((slot["team_id"], slot["shift_id"], slot["day"]), [])
        slot["conflicts"] = []
    away = _away([actor.account_id or 0], today, last)
    return {"first": today, "last": last, "slots": own, "away": away}


def _lines(account_id: int, first: date, last: date) -> QuerySet[Slot]:
    """Lines of a person from `first`, also the one of the night before that is not over."""
    night = Q(day=first - timedelta(days=1), ends_at__gt=clock.now())
    return Slot.objects.filter(
        Q(day__gte=first, day__lte=last) | night, account=account_id
    ).order_by("starts_at", "pk")


def offers(actor: Actor, slot: int) -> list[dict[str, Any]]:
    """What the own line could be swapped for: lines to come of team mates, 30 days."""
    require(actor, "duty.own")
    own = Slot.objects.filter(pk=slot, account=actor.account_id or 0).first()
    if own is None:
        return []
    now = clock.now()
    rows = Slot.objects.filter(
        team=own.team_id, starts_at__gt=now, starts_at__lt=now + timedelta(days=30)
    ).exclude(account=own.account_id)
    rows = rows.exclude(shift=own.shift_id, day=own.day)  # the same shift, no exchange
    return list(rows.order_by("starts_at", "account__name").values(*_COLUMNS, **_NAMES))
