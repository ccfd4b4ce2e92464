"""Versions of the rules, months, and what other rules would have come to."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q

from mengding.core.actor import Actor
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.scores import gathering
from mengding.scores.models import Month, RuleVersion
from mengding.scores.queries.common import today
from mengding.scores.rules import SHIPPED, Rules, document, evaluate, parse


def rules_for(first: date) -> Rules:
    """The rules of a month: the newest version that began by then, or those shipped."""
    row = RuleVersion.objects.filter(starts_on__lte=first).order_by("-starts_on").first()
    return parse(row.version, row.document) if row else SHIPPED


def versions() -> list[dict[str, Any]]:
    """All versions, the newest first, the shipped one last; `state` is in_force, coming or past."""
    now = gathering.month_of(today())
    current = rules_for(now).version
    rows = list(RuleVersion.objects.order_by("-version"))
    names = people.account_names(row.published_by for row in rows)
    found = [
        {
            "version": row.version,
            "starts_on": row.starts_on,
            "published_at": row.published_at,
            "published_by": names.get(row.published_by),
            "state": _state(row.version, row.starts_on, current, now),
            **row.document,
        }
        for row in rows
    ]
    shipped = {
        "version": 0,
        "starts_on": None,
        "published_at": None,
        "published_by": None,
        "state": "in_force" if current == 0 else "past",
        **document(SHIPPED),
    }
    return [*found, shipped]


def _state(version: int, starts_on: date, current: int, now: date) -> str:
    if starts_on > now:
        return "coming"
    return "in_force" if version == current else "past"


def trial(actor: Actor, said: dict[str, Any]) -> dict[str, Any]:
    """What the last full month would have been under other rules: counts only, nobody's name."""
    require(actor, "scores.rules")
    first = gathering.month_of(gathering.month_of(today()) - timedelta(days=1))
    old, new = rules_for(first), parse(0, said)
    rows = gathering.gather(gathering.workers(first), first)
    pairs = [(evaluate(old, each.work), evaluate(new, each.work)) for each in rows]
    changed = [(a.tenths or 0, b.tenths or 0) for a, b in pairs]
    return {
        "month": f"{first:%Y-%m}",
        "rules": old.version,
        "workers": len(pairs),
        "higher": sum(b > a for a, b in changed),
        "lower": sum(b < a for a, b in changed),
        "same": sum(b == a for a, b in changed),
        "largest_change": max((abs(b - a) / 10 for a, b in changed), default=0.0),
        "before": _middle([a for a, _ in changed]),
        "after": _middle([b for _, b in changed]),
    }


def _middle(tenths: list[int]) -> float | None:
    """The median; with fewer than five people it would be about somebody: nothing."""
    if len(tenths) < 5:
        return None
    return sorted(tenths)[len(tenths) // 2] / 10


def months(actor: Actor) -> list[dict[str, Any]]:
    """Frozen months, the newest first, and those before them that could be frozen now."""
    require(actor, "scores.rules")
    rows = list(
        Month.objects.annotate(
            corrections=Count("figures", filter=Q(figures__number__gt=0)),
        ).order_by("-first")[:36]
    )
    names = people.account_names(row.frozen_by for row in rows)
    found = [
        {
            "month": f"{row.first:%Y-%m}",
            "frozen": True,
            "freezable_on": None,
            "rules": row.rules,
            "frozen_at": row.frozen_at,
            "frozen_by": names.get(row.frozen_by),
            "figures": row.figures_count,
            "corrections": getattr(row, "corrections", 0),
            "digest": bytes(row.digest).hex(),
        }
        for row in rows
    ]
    known = {row.first for row in rows}
    first = gathering.month_of(today())
    for _ in range(3):
        if first not in known:
            found.append(
                {
                    "month": f"{first:%Y-%m}",
                    "frozen": False,
                    "freezable_on": gathering.following(first) + timedelta(days=8),
                    "rules": rules_for(first).version,
                    "frozen_at": None,
                    "frozen_by": None,
                    "figures": len(gathering.workers(first)),
                    "corrections": 0,
                    "digest": None,
                }
            )
        first = gathering.month_of(first - timedelta(days=1))
    return sorted(found, key=lambda row: str(row["month"]), reverse=True)


def next_month() -> date:
    """The first month that has not begun."""
    return gathering.following(today())
