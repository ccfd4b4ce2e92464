"""Appeals and their two reviews; looking at one worker's month, for a reason."""

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, NotAllowed, WrongStage
from mengding.core.text import T
from mengding.ledger.actions import Entry, keep_words, record
from mengding.policy.permissions import require
from mengding.scores import evidence, periods, queries
from mengding.scores.models import (
    OPEN,
    Appeal,
    AppealState,
    Figure,
    Origin,
    Review,
)
from mengding.scores.queries.common import ASK_WITHIN
from mengding.scores.rules import evaluate

REVIEW_WITHIN = timedelta(days=10)  # both reviews
_LONGEST = 1000


def _words(text: str, field: str = "reason") -> str:
    if not text.strip():
        raise Invalid("reason_missing", T("请写明理由。", "Say why."), field=field)
    if len(text) > _LONGEST:
        raise Invalid(
            "text_long",
            T("不能超过 {n} 字。", "At most {n} characters.").fill(n=_LONGEST),
            field=field,
        )
    return text.strip()


@transaction.atomic
def appeal(actor: Actor, figure_id: int, tasks: Sequence[int], reason: str) -> Appeal:
    """Object to one's own figure: these tasks should not count.

    Raises `Invalid` naming the field (no reason, tasks that are not against the worker in this
    figure, too late), `Conflict` for a figure that is not the newest or is appealed already.
    """
    require(actor, "scores.mine")
    figure = queries.own_figure(actor, figure_id)
    reason = _words(reason)
    queries.lock(figure.account_id, int(f"{figure.month_id:%Y%m}"))
    if figure.pk != queries.newest(figure.month_id, figure.account_id)[0].pk:
        raise Conflict(
            "figure_corrected",
            T("结果已更正，请对最新的提出。", "It was corrected: object to the newest."),
        )
    if clock.now() > figure.made_at + ASK_WITHIN:
        raise Invalid(
            "appeal_late",
            T("超过 {n} 天，不能再申诉。", "After {n} days there is no appeal.").fill(
                n=ASK_WITHIN.days
            ),
            field="figure",
        )
    wanted = sorted(set(tasks))
    if not wanted or set(wanted) - queries.against(figure.document):
        raise Invalid(
            "tasks_bad",
            T("请选择未办或逾期的任务。", "Choose tasks that were missed or late."),
            field="tasks",
        )
    if Appeal.objects.filter(figure=figure, state__in=OPEN).exists():
        raise Conflict("appeal_open", T("已有一件申诉在审核。", "An appeal is being reviewed."))
    row = Appeal.objects.create(
        figure=figure,
        account_id=figure.account_id,
        tasks=wanted,
        reason=keep_words(reason),
        state=AppealState.ASKED,
        asked_at=clock.now(),
        due_on=queries.today() + REVIEW_WITHIN,
    )
    record(
        actor,
        Entry(
            "appeal",
            row.pk,
            "appeal.ask",
            after={"figure": figure.pk, "tasks": wanted, "due_on": row.due_on.isoformat()},
            words=row.reason,
        ),
    )
    return row


@transaction.atomic
def withdraw(actor: Actor, appeal_id: int) -> Appeal:
    """Take one's own appeal back; raises `WrongStage` when it has ended."""
    require(actor, "scores.mine")
    queries.own_appeal(actor, appeal_id)
    row = Appeal.objects.select_for_update().get(pk=appeal_id)
    _still_open(row)
    row.state, row.ended_at = AppealState.WITHDRAWN, clock.now()
    row.save(update_fields=["state", "ended_at"])
    record(actor, Entry("appeal", row.pk, "appeal.withdraw"))
    return row


def _still_open(row: Appeal) -> None:
    if row.state not in OPEN:
        raise WrongStage("appeal_ended", T("这件申诉已经结束。", "This appeal has ended."))


@transaction.atomic
def review(actor: Actor, appeal_id: int, *, turn: int, grants: bool, reason: str) -> Appeal:
    """One of the two reviews, always by two people, neither of them the worker.

    The second decides. Granted: the tasks are excluded and a correction stands beside the
    figure. `turn` is the review the caller believes to give: `Conflict` when somebody else was
    quicker. Raises `NotAllowed` for the worker and for whoever gave the first one.
    """
    require(actor, "scores.review")
    reason = _words(reason)
    queries.appeal_to_review(actor, appeal_id)
    row = Appeal.objects.select_for_update().get(pk=appeal_id)
    _still_open(row)
    assert actor.account_id is not None
    if actor.account_id == row.account_id:
        raise NotAllowed(
            "own_appeal", T("不能审核自己的申诉。", "Nobody reviews their own appeal.")
        )
    given = list(row.reviews.values_list("reviewer", flat=True))
    if actor.account_id in given:
        raise NotAllowed(
            "second_by_another",
            T("复审须由另一人进行。", "The second review is somebody else’s."),
        )
    if turn != len(given) + 1:
        raise Conflict(
            "turn_taken",
            T("已有人先审核了，请重新查看。", "Somebody was quicker: look again."),
            current={"turn": len(given) + 1},
        )
    made = Review.objects.create(
        appeal=row,
        turn=turn,
        reviewer_id=actor.account_id,
        worker_id=row.account_id,
        grants=grants,
        reason=keep_words(reason),
        at=clock.now(),
    )
    if turn == 1:
        row.state = AppealState.REVIEWED
    else:
        row.state = AppealState.GRANTED if grants else AppealState.REFUSED
        row.ended_at = clock.now()
        if grants:
            row.correction = _grant(actor, row)
    row.save(update_fields=["state", "ended_at", "correction"])
    record(
        actor,
        Entry(
            "appeal",
            row.pk,
            "appeal.review",
            after={"turn": turn, "grants": grants, "state": row.state},
            words=made.reason,
        ),
    )
    return row


def _grant(actor: Actor, row: Appeal) -> Figure:
    """The correction, worked out from the newest evidence under the same rules."""
    newest = queries.newest(row.figure.month_id, row.account_id)[0]
    rules, work = evidence.read(newest.document)
    work = evidence.granted(work, row.tasks)
    said = evidence.write(rules, work, evaluate(rules, work))
    return periods.correct(actor, row.figure.month, newest, said, Origin.APPEAL)


@transaction.atomic
def look(actor: Actor, account_id: int, month: date, why: str) -> int:
    """Record that a supervisor looks at one worker's month, for a reason; returns the event.

    The worker sees who looked, when and why. Raises `NotFound` outside of the area.
    """
    require(actor, "scores.person")
    queries.person_in_area(actor, account_id)
    return record(
        actor,
        Entry(
            "account",
            account_id,
            "evaluation.look",
            after={"month": month.isoformat()},
            words=_words(why, "why"),
        ),
    )[0]
