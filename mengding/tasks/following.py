"""What the ledger tells: work that counts, and cases whose end brings an inspection back.

A reader of the feed: every event is handled once, in the transaction that moves the reader on.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from mengding.cases.models import Case
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.ledger import feed
from mengding.people import queries as people
from mengding.regions import locate
from mengding.regions.locate import RegionChain
from mengding.tasks import matching
from mengding.tasks.actions import findings
from mengding.tasks.actions.counting import assign, keep_deed
from mengding.tasks.queries import editions

READER = "tasks"
STALE = timedelta(days=8)  # imports tell of old work, which counts for no task of today
_ENDS = frozenset({"case.close", "case.decline", "case.void", "case.hand_over"})
# Their actions have counted already, in the transaction of the work.
_COUNTED = frozenset({"visit", "inspection", "care", "task", "finding", "plan", "place"})


def follow(limit: int = 100) -> int:
    """Read the next events; returns how many."""
    return feed.follow(READER, limit, _handle)


def _handle(events: list[dict[str, Any]]) -> None:
    for event in events:
        if event["subject_kind"] == "case":
            _of_case(event)
        if event["subject_kind"] not in _COUNTED:
            count(event)


def _of_case(event: dict[str, Any]) -> None:
    case = event["subject_id"]
    if event["action"] in _ENDS:
        findings.case_ended(case)
    elif event["action"] == "case.reopen":
        findings.case_reopened(case)
    elif event["action"] == "case.merge":
        into = Case.objects.filter(pk=case).values_list("duplicate_of", flat=True).first()
        if into is not None:
            findings.case_merged(case, into)


@transaction.atomic
def count(event: dict[str, Any]) -> bool:
    """Count one event as work, where a rule of the catalogue says so. Again: nothing happens."""
    if event["account_id"] is None or event["at"] < clock.now() - STALE:
        return False
    known = editions.catalogue()
    if not any(rule.action == event["action"] for _, rules in known.rules for rule in rules):
        return False
    actor = people.actor_in_post(event["account_id"], event["post_id"] or 0)
    if actor is None or actor.region_id is None:
        return False
    case = _case_of(event)
    at = _when(event)
    kind = matching.kind_of(
        matching.Work(
            action=event["action"],
            at=at,
            class_code=event["after"].get("class_code") or (case.class_code if case else ""),
            channel=case.channel if case is not None else "",
            role=actor.role.value if actor.role else "",
        ),
        known.rules,
    )
    if kind is None:
        return False
    deed = keep_deed(actor, event["id"], kind, event["action"], at, _where(actor, case))
    if deed is None:
        return False
    assign(actor, deed)
    return True


def _case_of(event: dict[str, Any]) -> Case | None:
    if event["subject_kind"] != "case":
        return None
    return Case.objects.filter(pk=event["subject_id"]).first()


def _when(event: dict[str, Any]) -> datetime:
    """When it was done: by the device where the event says so, else when it was recorded."""
    told = event["after"].get("at") or event["after"].get("started")
    if isinstance(told, str):
        try:
            at = datetime.fromisoformat(told)
        except ValueError:
            return event["at"]  # type: ignore[no-any-return]
        if at.tzinfo is not None and event["at"] - STALE <= at <= event["at"]:
            return at
    return event["at"]  # type: ignore[no-any-return]


def _where(actor: Actor, case: Case | None) -> RegionChain:
    if case is not None:
        return locate.chain(case.grid_id or case.village_id or case.town_id or case.district_id)
    assert actor.region_id is not None  # asked for above
    return locate.chain(actor.region_id)
