"""One case with everything that hangs on it."""

import json
from typing import Any, NamedTuple

from django.db import connection

from mengding.cases.models import Approval, Case, Link, Report, WorkOrder
from mengding.cases.queries.lists import COLUMNS, listed, org_name
from mengding.cases.queries.rechecks import after_closing
from mengding.cases.visibility import bearings, visible_to
from mengding.catalogue import queries as catalogue
from mengding.clocks.queries import clocks_of, colour_of
from mengding.core import clock
from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.ledger.models import Event
from mengding.people import queries as people
from mengding.policy.permissions import can, sees


def _missing() -> NotFound:
    return NotFound("case_not_found", T("没有这个案件。", "There is no such case."))


# In plain SQL: putting these queries together took the ORM longer than the database took to answer.
_CASE = "SELECT * FROM cases_case WHERE id = %s"
_REPORTS = """
SELECT r.*, c.masked AS masked FROM cases_report r
LEFT JOIN cases_contact c ON c.report_id = r.id WHERE r.case_id = %s ORDER BY r.id
"""
_ORDERS = "SELECT * FROM cases_workorder WHERE case_id = %s ORDER BY id"


def get_case(actor: Actor, case_id: int) -> Case:
    """The case, or NotFound when it does not exist or the actor may not see it."""
    case = next(iter(Case.objects.raw(_CASE, [case_id])), None)
    if case is None or not _may_read(actor, case):
        raise _missing()
    return case


def get_report(actor: Actor, report_id: int) -> Report:
    """A report with its case, or NotFound when the actor may not see that."""
    report = Report.objects.select_related("case").filter(pk=report_id).first()
    if report is None or not _may_read(actor, report.case):
        raise NotFound("report_not_found", T("没有这条诉求。", "There is no such report."))
    return report


def _may_read(actor: Actor, case: Case) -> bool:
    return actor.kind is ActorKind.SYSTEM or (
        sees(actor, bearings(case)) and can(actor, "case.read", bearings(case))
    )


def version_of(actor: Actor, case_id: int) -> int:
    """The case's current version."""
    version = Case.objects.filter(visible_to(actor), pk=case_id).values_list("version").first()
    if version is None:
        raise _missing()
    return int(version[0])


_MORE = (
    "condition_id", "filed_at", "dispatched_at", "fed_back_at", "handle_due_at", "handled_late",
    "duplicate_of_id", "return_count", "extension_count", "suspension_count", "suspended_until",
    "help_asked_at",
)  # fmt: skip


def case_detail(actor: Actor, case_id: int) -> dict[str, Any]:
    """The case as the API shows it; contact data masked, words in full."""
    case = get_case(actor, case_id)
    now = clock.now()
    shown = listed({name: getattr(case, name) for name in COLUMNS}, now)
    shown["description"] = case.description
    shown |= {name: getattr(case, name) for name in _MORE}
    shown["reply"] = case.reply.text if case.reply else ""
    shown["condition"] = _condition(case)
    shown["reports"] = _reports(case)
    shown["orders"] = [_order(order) for order in _orders(case)]
    shown["clocks"] = [
        {
            "id": c.pk,
            "kind": c.kind,
            "order_id": c.order_id,
            "state": c.state,
            "started_at": c.started_at,
            "due_at": c.due_at,
            "stopped_at": c.stopped_at,
            "limit": {"amount": c.amount, "unit": c.unit, "extra": c.extra},
            "late": c.late,
            "exempted": c.exempted,
            "colour": colour_of(c, now),
        }
        for c in clocks_of([case.pk])
    ]
    has = _has(case.pk)
    shown["approvals"] = _approvals(case) if has.applied else []
    shown["links"] = _links(actor, case) if has.linked else []
    related = has.related or case.duplicate_of_id
    shown["relations"] = _relations(actor, case) if related else []
    shown |= after_closing(case.pk) if has.called else {"callbacks": [], "rechecks": []}
    return shown


class _Has(NamedTuple):
    """What few cases have, so that most save the queries."""

    applied: bool
    linked: bool
    related: bool  # merged or split cases
    called: bool  # second looks


_HAS = """
SELECT EXISTS (SELECT FROM cases_approval WHERE case_id = %(id)s),
  EXISTS (SELECT FROM cases_link WHERE first_id = %(id)s)
    OR EXISTS (SELECT FROM cases_link WHERE second_id = %(id)s),
  EXISTS (SELECT FROM ledger_event WHERE subject_kind = 'case' AND subject_id = %(id)s
    AND action IN ('case.absorb', 'case.split', 'case.split_off')),
  EXISTS (SELECT FROM cases_callback WHERE case_id = %(id)s)
    OR EXISTS (SELECT FROM cases_recheck WHERE case_id = %(id)s)
"""


def _has(case_id: int) -> _Has:
    with connection.cursor() as cursor:
        cursor.execute(_HAS, {"id": case_id})
        return _Has(*(cursor.fetchone() or (False,) * 4))


def _approvals(case: Case) -> list[dict[str, Any]]:
    rows = (
        Approval.objects.filter(case_id=case.pk).select_related("reason", "answer").order_by("pk")
    )
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "status": row.status,
            "detail": row.detail,
            "reason": row.reason.text if row.reason else "",
            "answer": row.answer.text if row.answer else "",
            "asked_at": row.asked_at,
            "decided_at": row.decided_at,
        }
        for row in rows
    ]


def _condition(case: Case) -> dict[str, Any] | None:
    if case.condition_id is None or case.case_class_id is None:
        return None
    chosen = catalogue.class_by_id(case.case_class_id)
    found = next(c for c in chosen.conditions if c.id == case.condition_id)
    return {
        "code": found.code,
        "filing": found.filing,
        "closing": found.closing,
        "limit": {"amount": found.limit_amount, "unit": found.limit_unit},
    }


def _reports(case: Case) -> list[dict[str, Any]]:
    return [
        {name: getattr(row, name) for name in _REPORT}
        | {"contact": json.loads(vars(row)["masked"] or "null")}
        for row in Report.objects.raw(_REPORTS, [case.pk])
    ]


_REPORT = (
    "id", "channel", "source", "source_ref", "description", "address", "attributes", "media_url",
    "received_at", "occurred_at", "erased_at",
)  # fmt: skip


def _orders(case: Case) -> list[WorkOrder]:
    if case.dispatched_at is None and not case.order_org_ids and not case.return_count:
        return []
    return list(WorkOrder.objects.raw(_ORDERS, [case.pk]))


def _order(order: WorkOrder) -> dict[str, Any]:
    return {
        "id": order.pk,
        "organisation_id": order.organisation_id,
        "organisation": org_name(people.organisation(order.organisation_id)),
        "kind": order.kind,
        "status": order.status,
        "sent_at": order.sent_at,
        "accepted_at": order.accepted_at,
        "arrived_at": order.arrived_at,
        "done_at": order.done_at,
        "ended_at": order.ended_at,
    }


def _links(actor: Actor, case: Case) -> list[dict[str, Any]]:
    """Linked cases, of those the actor may see."""
    pairs = Link.objects.filter(first_id=case.pk).values_list("second_id", flat=True)
    pairs = pairs.union(Link.objects.filter(second_id=case.pk).values_list("first_id", flat=True))
    rows = Case.objects.filter(visible_to(actor), pk__in=list(pairs))
    return [dict(row) for row in rows.values("id", "number", "stage", "class_code")]


# What the ledger says: how the other case stands to this one, and where its id is.
_RELATED = {
    "case.absorb": ("merged_from", "from"),
    "case.split": ("split_to", "to"),
    "case.split_off": ("split_from", "from"),
}


def _relations(actor: Actor, case: Case) -> list[dict[str, Any]]:
    """Cases this one was merged into or split off, and the other way; those the actor may see.

    `relation`: merged_into, merged_from, split_to, split_from.
    """
    found = {case.duplicate_of_id: "merged_into"} if case.duplicate_of_id else {}
    told = Event.objects.filter(subject_kind="case", subject_id=case.pk, action__in=_RELATED)
    for action, after in told.values_list("action", "after"):
        relation, side = _RELATED[action]
        found[after[side]] = relation
    rows = Case.objects.filter(visible_to(actor), pk__in=list(found)).order_by("pk")
    return [
        {"relation": found[row["id"]], **row}
        for row in rows.values("id", "number", "stage", "class_code")
    ]
