"""Trials of settings: how far one is, and what it counted."""

from typing import Any

from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.jobs.worker import runs
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.warnings.models import UNDER_WAY, Trial
from mengding.warnings.queries.rules import changes, district_of, rules_at
from mengding.warnings.rules import document
from mengding.warnings.trying import DAYS, following

_ERRORS = {
    "internal_error": T("服务器内部错误，请再试一次。", "An internal error: try again."),
    "worker_lost": T(
        "后台服务几次中断，请联系系统管理员。",
        "The background service was cut off several times: tell the system administrator.",
    ),
}


def trial_of(actor: Actor, pk: int) -> Trial:
    """A trial of the actor's district."""
    row = Trial.objects.filter(pk=pk, district=district_of(actor)).first()
    if row is None:
        raise NotFound("trial_not_found", T("没有这次试算。", "There is no such trial."))
    return row


def trial(actor: Actor, pk: int) -> dict[str, Any]:
    """One trial; of a colleague's too."""
    require(actor, "warnings.configure")
    return shape(actor, trial_of(actor, pk))


def newest_trial(actor: Actor) -> dict[str, Any] | None:
    """What the page shows: the one under way in the district, whoever asked for it; else one's
    own last, unless it was called off."""
    require(actor, "warnings.configure")
    rows = Trial.objects.filter(district=district_of(actor)).order_by("-pk")
    row = rows.filter(state__in=UNDER_WAY).first()
    if row is None:
        own = rows.filter(asked_by=actor.account_id).first()
        row = None if own is None or own.state == "cancelled" else own
    return None if row is None else shape(actor, row)


def shape(actor: Actor, row: Trial) -> dict[str, Any]:
    """A trial as it is sent."""
    error = _ERRORS.get(row.error)
    return {
        "id": row.pk,
        "state": row.state,
        "done": row.done,
        "total": row.total,
        "days": DAYS,
        "kinds": row.kinds,
        "items": row.answer,
        "counting": following(row.kinds, row.answer) if row.state == "running" else None,
        "against": row.against,
        "document": row.document,
        "changes": changes(document(rules_at(row.district_id, row.against)), row.document),
        "asked_at": row.asked_at,
        "asked_by": people.account_names({row.asked_by}).get(row.asked_by),
        "mine": row.asked_by == actor.account_id,
        "finished_at": row.finished_at,
        "error": error,
        "worker": runs(),
    }
