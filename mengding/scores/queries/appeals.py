"""Appeals: one's own, and those to review."""

from typing import Any

from django.db.models import QuerySet

from mengding.core.actor import Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.people.queries.tree import tree
from mengding.policy.permissions import require
from mengding.scores.models import OPEN, Appeal, Review
from mengding.scores.queries.common import today
from mengding.scores.queries.pieces import shown, tenths


def every() -> QuerySet[Appeal]:
    """All appeals, newest first, with what is shown of them."""
    return (
        Appeal.objects.select_related("figure", "reason", "account", "correction")
        .prefetch_related("reviews__reason", "reviews__reviewer")
        .order_by("-pk")
    )


def appeal_shown(row: Appeal) -> dict[str, Any]:
    """An appeal as its worker and its reviewers see it."""
    reviews: list[Review] = list(row.reviews.all())
    return {
        "id": row.pk,
        "figure": row.figure_id,
        "month": f"{row.figure.month_id:%Y-%m}",
        "worker": row.account.name,
        "tasks": row.tasks,
        "reason": row.reason.text,
        "state": row.state,
        "asked_at": row.asked_at,
        "due_on": row.due_on,
        "late": row.state in OPEN and row.due_on < today(),
        "ended_at": row.ended_at,
        "before": tenths(row.figure.tenths),
        "after": tenths(row.correction.tenths) if row.correction else None,
        "reviews": [
            {
                "turn": each.turn,
                "by": each.reviewer.name,
                "grants": each.grants,
                "reason": each.reason.text,
                "at": each.at,
            }
            for each in reviews
        ],
    }


def own_appeal(actor: Actor, appeal_id: int) -> Appeal:
    """One of the actor's own appeals; raises NotFound."""
    row = Appeal.objects.filter(pk=appeal_id, account=actor.account_id or 0).first()
    if row is None:
        raise _no_appeal()
    return row


def _no_appeal() -> NotFound:
    return NotFound("appeal_not_found", T("没有这件申诉。", "There is no such appeal."))


def _reviewable(actor: Actor) -> QuerySet[Appeal]:
    require(actor, "scores.review")
    area = tree().regions_below(actor.region_id) if actor.region_id is not None else frozenset()
    return every().filter(figure__post__region__in=area)


def appeal_to_review(actor: Actor, appeal_id: int) -> Appeal:
    """An appeal of the actor's area; raises NotFound."""
    row = _reviewable(actor).filter(pk=appeal_id).first()
    if row is None:
        raise _no_appeal()
    return row


def appeals(actor: Actor, *, ended: bool) -> list[dict[str, Any]]:
    """Appeals of the actor's area, the oldest deadline first; ended ones newest first.

    `turn`: which review comes next; `barred`: why the actor may not give it.
    """
    rows = _reviewable(actor)
    if ended:
        rows = rows.exclude(state__in=OPEN).order_by("-ended_at")
    else:
        rows = rows.filter(state__in=OPEN).order_by("due_on", "pk")
    return [for_review(actor, row) for row in rows[:200]]


def for_review(actor: Actor, row: Appeal) -> dict[str, Any]:
    """An appeal with the tasks it is about."""
    said = appeal_shown(row)
    by_id = {each["task"]: each for each in shown(row.figure.document)}
    given = [each.reviewer_id for each in row.reviews.all()]
    barred = None
    if row.account_id == actor.account_id:
        barred = T("这是您自己的申诉。", "This is your own appeal.").said()
    elif actor.account_id in given:
        barred = T("您已初审，复审须由另一人进行。", "You gave the first review.").said()
    return said | {
        "pieces": [by_id[task] for task in row.tasks if task in by_id],
        "turn": len(given) + 1 if row.state in OPEN else None,
        "barred": barred if row.state in OPEN else None,
    }
