"""One worker's month: their own, or looked at for a reason."""

from datetime import date, timedelta
from typing import Any

from mengding.core import clock
from mengding.core.actor import Actor, Role
from mengding.core.errors import NotFound
from mengding.core.text import T, language
from mengding.ledger.models import Event
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.scores import evidence, gathering
from mengding.scores.models import Figure, Month
from mengding.scores.queries import appeals
from mengding.scores.queries.common import ASK_WITHIN, today
from mengding.scores.queries.pieces import against, shown, tenths
from mengding.scores.queries.rules import rules_for
from mengding.scores.rules import PART_NAMES, Part, Work, evaluate


def mine(actor: Actor, first: date) -> dict[str, Any]:
    """The actor's own month, in words."""
    require(actor, "scores.mine")
    assert actor.account_id is not None
    return of_account(actor.account_id, first)


def of_account(account_id: int, first: date) -> dict[str, Any]:
    """One worker's month: frozen with its corrections, or how it stands so far."""
    month = Month.objects.filter(pk=first).first()
    rows = list(Figure.objects.filter(month=first, account=account_id).order_by("number"))
    if rows:
        said, number = rows[-1].document, rows[-1].number
    else:
        rules = rules_for(first)
        found = gathering.gather([account_id], first) if month is None else []
        work = found[0].work if found else Work(())
        said, number = evidence.write(rules, work, evaluate(rules, work)), 0
    lang = language.get()
    return {
        "month": f"{first:%Y-%m}",
        "frozen": month is not None,
        "frozen_at": month.frozen_at if month else None,
        "figure": rows[-1].pk if rows else None,
        "value": tenths(said["tenths"]),
        "rules": said["rules"],
        "parts": [
            {
                **each,
                "name": PART_NAMES[Part(each["part"])].said(),
                "lacking": each["lacking"],
            }
            for each in said["parts"]
        ],
        "factor": said["factor"],
        "steps": [step[lang] for step in said["steps"]],
        "tasks": shown(said),
        "handed": said["handed"],
        "history": [
            {
                "id": row.pk,
                "number": row.number,
                "origin": row.origin,
                "value": tenths(row.tenths),
                "made_at": row.made_at,
                "digest": bytes(row.digest).hex(),
            }
            for row in rows
        ],
        "corrected": number > 0,
        "appealable": bool(rows)
        and clock.now() <= rows[-1].made_at + ASK_WITHIN
        and bool(against(said)),
        "appeals": [appeals.appeal_shown(row) for row in appeals.every().filter(figure__in=rows)],
    }


def own_months(actor: Actor) -> list[str]:
    """Months the actor has figures of, and the running one, newest first."""
    require(actor, "scores.mine")
    rows = Figure.objects.filter(account=actor.account_id or 0, number=0)
    known = {f"{first:%Y-%m}" for first in rows.values_list("month", flat=True)}
    first = gathering.month_of(today())
    last = gathering.month_of(first - timedelta(days=1))
    return sorted(known | {f"{first:%Y-%m}", f"{last:%Y-%m}"}, reverse=True)


def own_figure(actor: Actor, figure_id: int) -> Figure:
    """One of the actor's own figures; raises NotFound."""
    row = Figure.objects.filter(pk=figure_id, account=actor.account_id or 0).first()
    if row is None:
        raise NotFound("figure_not_found", T("没有这个结果。", "There is no such figure."))
    return row


def person_in_area(actor: Actor, account_id: int) -> Post:
    """The grid post of a worker in the actor's area; raises NotFound."""
    require(actor, "scores.person")
    area = tree().regions_below(actor.region_id) if actor.region_id is not None else frozenset()
    row = (
        Post.objects.filter(account=account_id, role=Role.COLLECTOR, region__in=area)
        .order_by("-active", "pk")
        .first()
    )
    if row is None:
        raise NotFound("worker_not_found", T("本区域没有这名网格员。", "No such worker here."))
    return row


def looks(account_id: int) -> list[dict[str, Any]]:
    """Who looked at a worker's months, newest first, with the reason."""
    rows = (
        Event.objects.filter(
            subject_kind="account", subject_id=account_id, action="evaluation.look"
        )
        .select_related("words")
        .order_by("-pk")[:100]
    )
    found = list(rows)
    names = people.account_names(row.account_id for row in found)
    return [
        {
            "at": row.at,
            "by": names.get(row.account_id, ""),
            "why": row.words.text if row.words else "",
            "month": row.after.get("month", "")[:7],
        }
        for row in found
    ]
