"""Cases that belong together: merge duplicates, link, split."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from mengding.cases.actions.engine import Move, lock
from mengding.cases.actions.filing import reason_given
from mengding.cases.actions.handling import end_orders
from mengding.cases.actions.intake import Message, receive
from mengding.cases.contacts import ContactData
from mengding.cases.models import Case, Link, Report
from mengding.cases.place import Place
from mengding.cases.stages import ENDED, STAGE_NAMES, Channel, OrderStatus, Stage
from mengding.cases.visibility import bearings
from mengding.core import clock as time
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, GuardFailed, Invalid
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


def _lock_both(case_ids: Sequence[int]) -> None:
    """Lock several cases in id order, so that two merges of the same pair cannot deadlock."""
    list(
        Case.objects.select_for_update(of=("self",))
        .filter(pk__in=case_ids)
        .order_by("pk")
        .values_list("pk")
    )


@transaction.atomic
def merge(
    actor: Actor, case_id: int, *, into_id: int, reason: str = "", version: int | None = None
) -> Case:
    """并案: `case_id` is the same matter as `into_id`; its reports move there as they are."""
    if case_id == into_id:
        raise Invalid(
            "merge_itself",
            T("不能并入自身。", "A case cannot be merged into itself."),
            field="into_id",
        )
    _lock_both([case_id, into_id])
    move = Move(actor, case_id, "merge", version=version)
    target = lock(actor, into_id)
    require(actor, "case.merge", bearings(target))
    if target.stage in ENDED:
        raise GuardFailed(
            "target_ended",
            T("目标案件“{stage}”，不能并入。", "The target is “{stage}”; nothing joins it.").fill(
                stage=STAGE_NAMES[Stage(target.stage)]
            ),
            field="into_id",
        )
    if target.confidential != move.case.confidential:
        raise GuardFailed(
            "confidentiality_differs",
            T("保密案件不能与普通案件合并。", "A confidential case merges only with its like."),
            field="into_id",
        )
    moved = list(Report.objects.filter(case_id=case_id).values_list("pk", flat=True))
    Report.objects.filter(case_id=case_id).update(case_id=into_id)
    end_orders(move, OrderStatus.CANCELLED)
    move.case.duplicate_of_id = into_id
    move.case.reports_count = 0
    merged = move.commit(words=reason, details={"reports": moved}, to=Stage.MERGED)
    before = target.reports_count
    target.reports_count += len(moved)
    target.version += 1
    target.updated_at = time.now()
    target.save(update_fields=["reports_count", "version", "updated_at"])
    record(
        actor,
        Entry(
            "case",
            into_id,
            "case.absorb",
            before={"reports_count": before},
            after={
                "reports_count": target.reports_count,
                "version": target.version,
                "reports": moved,
                "from": case_id,
            },
        ),
    )
    return merged


@transaction.atomic
def link(actor: Actor, case_id: int, *, other_id: int, version: int | None = None) -> Case:
    """关联: two matters that belong together; both timelines show it."""
    if case_id == other_id:
        raise Invalid(
            "link_itself",
            T("不能关联自身。", "A case cannot be linked to itself."),
            field="other_id",
        )
    _lock_both([case_id, other_id])
    first, second = sorted([case_id, other_id])
    one = Move(actor, case_id, "link", version=version)
    two = Move(actor, other_id, "link")
    try:
        with transaction.atomic():
            Link.objects.create(first_id=first, second_id=second, at=one.now)
    except IntegrityError as error:
        raise Conflict(
            "linked_already",
            T("两案已经关联。", "The two cases are linked already."),
            field="other_id",
        ) from error
    two.commit(details={"other": case_id})
    return one.commit(details={"other": other_id})


@transaction.atomic
def split(
    actor: Actor,
    case_id: int,
    *,
    report_ids: Sequence[int],
    description: str,
    class_code: str | None = None,
    version: int | None = None,
) -> Case:
    """拆分: some of the reports are another matter; they become a case of their own."""
    move = Move(actor, case_id, "split", version=version)
    case = move.case
    description = reason_given(description, "description")
    mine = set(Report.objects.filter(case_id=case_id).values_list("pk", flat=True))
    chosen = set(report_ids)
    if not chosen or not chosen < mine:
        raise Invalid(
            "split_reports",
            T(
                "请选择本案的部分诉求（至少留下一条）。",
                "Choose some of this case's reports and leave at least one.",
            ),
            field="report_ids",
        )
    first = receive(
        actor,
        Message(
            text=description,
            channel=Channel(case.channel),
            class_code=case.class_code if class_code is None else class_code,
            lon=case.lon,
            lat=case.lat,
            address=case.address,
            region_code=Place.stored(case).region_codes[-1],
            contact=ContactData(),
        ),
    )
    new = first.case
    # The new case stands on the reports that were split off, not on a message of its own.
    first.delete()
    Report.objects.filter(pk__in=chosen).update(case=new)
    new.reports_count = len(chosen)
    new.version += 1
    new.updated_at = move.now
    new.save(update_fields=["reports_count", "version", "updated_at"])
    details: dict[str, Any] = {"reports": sorted(chosen)}
    record(
        actor,
        Entry(
            "case",
            new.pk,
            "case.split_off",
            before={"reports_count": 1},
            after={"reports_count": len(chosen), "version": new.version, "from": case_id} | details,
        ),
    )
    case.reports_count -= len(chosen)
    move.commit(details=details | {"to": new.pk})
    return new
