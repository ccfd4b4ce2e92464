"""Scheduling a run, calling it back, carrying it out case by case."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from mengding.bulk.models import Item, Result, Run, Status
from mengding.bulk.queries import MOST
from mengding.bulk.verbs import VERBS, checked
from mengding.cases import actions as cases
from mengding.cases.lifecycle import BY_ACTION
from mengding.cases.models import Case
from mengding.cases.visibility import visible_to
from mengding.core import clock, seal
from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.policy.permissions import require

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)
_LOCK = 0x6D62  # first half of an advisory lock; the second is the run


@transaction.atomic
def schedule(
    actor: Actor, verb: str, given: dict[str, Any], wanted: Sequence[tuple[int, int]], *, wait: int
) -> Run:
    """Do `verb` to the cases (id, version seen) in `wait` seconds, unless called back."""
    fields = checked(verb, given)
    require(actor, f"case.{BY_ACTION[verb].permission}")
    if actor.account_id is None or actor.post_id is None:
        raise NotAllowed("not_allowed", T("您的岗位不能执行此操作。", "Your post may not do this."))
    versions = dict(wanted)
    if not versions or len(versions) > MOST:
        raise Invalid(
            "too_many_cases",
            T("一次可选 1 至 {n} 件。", "Between 1 and {n} cases at once.").fill(n=MOST),
            field="cases",
        )
    seen = set(Case.objects.filter(visible_to(actor), pk__in=versions).values_list("pk", flat=True))
    if len(seen) < len(versions):
        raise NotFound("case_not_found", T("没有这个案件。", "There is no such case."))
    now = clock.now()
    run = Run.objects.create(
        account_id=actor.account_id,
        post_id=actor.post_id,
        scopes=None if actor.scopes is None else sorted(actor.scopes),
        verb=verb,
        total=len(versions),
        asked_at=now,
        due_at=now + timedelta(seconds=wait),
    )
    run.fields = seal.encrypt(json.dumps(fields), context=f"bulk:{run.pk}")
    run.save(update_fields=["fields"])
    Item.objects.bulk_create(
        Item(run=run, case_id=pk, version=version) for pk, version in versions.items()
    )
    _record(actor, run, "case.bulk")
    return run


@transaction.atomic
def recall(actor: Actor, pk: int) -> Run:
    """Call a run back before it begins; a `Conflict` once it has."""
    run = Run.objects.select_for_update().filter(pk=pk, account_id=actor.account_id or 0).first()
    if run is None:
        raise NotFound("run_not_found", T("没有这次批量操作。", "There is no such run."))
    if run.status != Status.WAITING:
        raise Conflict(
            "run_begun",
            T("已经开始执行，不能撤回。", "It has begun and cannot be called back."),
            status=run.status,
        )
    run.status, run.ended_at, run.fields = Status.RECALLED, clock.now(), b""
    run.save(update_fields=["status", "ended_at", "fields"])
    _record(actor, run, "case.bulk_recall")
    return run


def _record(actor: Actor, run: Run, action: str) -> None:
    after = {"run": run.pk, "verb": run.verb, "cases": run.total}
    record(actor, Entry("account", run.account_id, action, after=after))


def run_due() -> dict[str, int]:
    """Carry out every run whose time has come, and finish those that were cut off."""
    done = refused = 0
    due = Run.objects.filter(status__in=[Status.WAITING, Status.RUNNING], due_at__lte=clock.now())
    for pk in list(due.order_by("due_at").values_list("pk", flat=True)):
        with connection.cursor() as cursor:
            # Held by the connection: let go of when its process dies.
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, pk % 2**31])
            row = cursor.fetchone()
            if not (row and row[0]):
                continue
            try:
                if _begin(pk):
                    results = _carry_out(pk)
                    done += results.count(Result.DONE)
                    refused += results.count(Result.REFUSED)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, pk % 2**31])
    return {"done": done, "refused": refused}


@transaction.atomic
def _begin(pk: int) -> bool:
    """From waiting to running; false when it was called back meanwhile."""
    run = Run.objects.select_for_update().get(pk=pk)
    if run.status == Status.WAITING:
        run.status = Status.RUNNING
        run.save(update_fields=["status"])
    return run.status == Status.RUNNING


def _carry_out(pk: int) -> list[str]:
    run = Run.objects.get(pk=pk)
    actor = _actor(run)
    fields = json.loads(seal.decrypt(bytes(run.fields), context=f"bulk:{pk}"))
    items = Item.objects.filter(run_id=pk, result=Result.PENDING).order_by("pk")
    results = [_one(actor, run, item, fields) for item in items]
    run.status, run.ended_at, run.fields = Status.ENDED, clock.now(), b""
    run.save(update_fields=["status", "ended_at", "fields"])
    return results


def _actor(run: Run) -> Actor | None:
    """Who asked, as they are now; None when their post has ended since."""
    actor = people.actor_in_post(run.account_id, run.post_id, f"bulk-{run.pk}")
    if actor is None or run.scopes is None:
        return actor
    return replace(actor, kind=ActorKind.MACHINE, scopes=frozenset(run.scopes))


def _one(actor: Actor | None, run: Run, item: Item, fields: dict[str, Any]) -> str:
    """The ordinary action on one case, in a transaction with its result: done once, or not."""
    try:
        if actor is None:
            raise NotAllowed(
                "post_ended", T("您的岗位已停用。", "Your post has ended."), action=run.verb
            )
        assert run.verb in VERBS
        with transaction.atomic():
            getattr(cases, run.verb)(actor, item.case_id, version=item.version, **fields)
            item.result = Result.DONE
            item.save(update_fields=["result"])
    except DomainError as error:
        _refuse(item, error.code, error.text)
    except Exception:
        log.exception("bulk run %s, case %s", run.pk, item.case_id)
        _refuse(item, "internal_error", T("服务器内部错误。", "An internal error."))
    return item.result


def _refuse(item: Item, code: str, why: T) -> None:
    item.result, item.code, item.why = Result.REFUSED, code, list(why)
    item.save(update_fields=["result", "code", "why"])


def forget_old() -> int:
    """Delete runs that ended over 30 days ago; the ledger keeps them. Returns how many."""
    old = Run.objects.filter(ended_at__lt=clock.now() - KEPT)
    Item.objects.filter(run__in=old).delete()
    return old.delete()[0]
