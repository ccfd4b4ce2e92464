"""Cases as indicators need them: from the ledger (for the roll-ups), from the tables (to check).

The two ways share no code on purpose.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from django.db import connection

from mengding.cases.models import Approval, Callback, Case, Report, WorkOrder
from mengding.cases.stages import LIVE, Channel, OrderKind, OrderStatus
from mengding.clocks.models import Clock, ClockKind, ClockState
from mengding.indicators.facts import CallFacts, CaseFacts, Limit, OrderFacts
from mengding.indicators.fold import fold
from mengding.ledger.models import Event
from mengding.people.models import Organisation

_MOVES = frozenset({"case.absorb", "case.split_off"})
# Plain rows: a rebuild reads every event there is, and models take longer than folding them.
_EVENTS = """
SELECT subject_id, at, action, after, post_id FROM ledger_event
WHERE subject_kind = 'case' AND subject_id = ANY(%s) ORDER BY subject_id, seq
"""


def tiers() -> dict[int, str]:
    """Level of every organisation's division, by organisation id; retired ones too."""
    return dict(Organisation.objects.order_by().values_list("pk", "region__level"))


def _events(case_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [list(case_ids)])
        for case, at, action, after, post in cursor.fetchall():
            found[case].append(
                {"at": at, "action": action, "after": msgspec.json.decode(after), "post_id": post}
            )
    return found


def from_ledger(case_ids: Sequence[int]) -> Iterator[CaseFacts]:
    """The facts of these cases, folded from their events."""
    return (case for case, _ in with_events(case_ids))


def with_events(case_ids: Sequence[int]) -> Iterator[tuple[CaseFacts, list[dict[str, Any]]]]:
    """The facts of these cases, and the events they were folded from in the order of `seq`."""
    events = _events(case_ids)
    wanted, known = set(case_ids), set(case_ids)
    # Reports that moved here began in another case; their channel stands in its events.
    edge = known
    while (
        edge := {
            event["after"]["from"]
            for pk in edge
            for event in events.get(pk, ())
            if event["action"] in _MOVES
        }
        - known
    ):
        events |= _events(edge)
        known |= edge
    channels: dict[int, str] = {}
    for rows in events.values():
        for event in rows:
            after = event["after"]
            if event["action"] == "case.receive":
                channels[after["report"]] = after["channel"]
            elif event["action"] == "case.join":
                channels[after["report"]] = after["report_channel"]
    levels = tiers()
    for pk in wanted:
        if pk in events and (case := fold(pk, events[pk], channels, levels)) is not None:
            yield case, events[pk]


def from_tables(case_ids: Sequence[int]) -> Iterator[CaseFacts]:
    """The facts of these cases, from the rows of the cases themselves.

    Who sent, ended and called back is only in the ledger, so the posts come from there.
    """
    ids = list(case_ids)
    orders, clocks = _by_case(WorkOrder.objects, ids), _by_case(Clock.objects, ids)
    granted = _by_case(Approval.objects.filter(status="granted"), ids)
    calls = _by_case(Callback.objects, ids)
    patrolled = set(
        Report.objects.filter(case_id__in=ids, channel=Channel.GRID).values_list(
            "case_id", flat=True
        )
    )
    levels, posts = tiers(), _posts(ids)
    for case in Case.objects.filter(pk__in=ids).order_by("pk"):
        first = next((c for c in clocks[case.pk] if c.kind == ClockKind.RECEIVE), None)
        call = calls[case.pk][-1] if calls[case.pk] else None
        yield CaseFacts(
            id=case.pk,
            stage=case.stage,
            channel=case.channel,
            reported_at=case.reported_at,
            district=case.district_id,
            town=case.town_id or 0,
            village=case.village_id or 0,
            grid=case.grid_id or 0,
            class_code=case.class_code,
            confidential=case.confidential,
            tier=levels.get(case.owner_org_id, ""),
            lead_org=case.lead_org_id or 0,
            numbered=case.number is not None,
            ended_at=case.closed_at,
            outcome=case.outcome,
            patrolled=case.pk in patrolled,
            response=_limit(first),
            orders=tuple(
                _order(each, orders[case.pk], clocks[case.pk], granted[case.pk], posts)
                for each in orders[case.pk]
            ),
            call=call
            and CallFacts(call.at, call.satisfaction, call.resolved, posts["call", case.pk]),
            post_in=posts["in", case.pk],
            post_out=posts["out", case.pk] if case.closed_at else 0,
        )


def _by_case(rows: Any, ids: list[int]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows.filter(case_id__in=ids).order_by("pk"):
        found[row.case_id].append(row)
    return found


def _limit(clock: Clock | None) -> Limit | None:
    if clock is None or clock.state == ClockState.CANCELLED:
        return None
    return Limit(
        running=clock.state == ClockState.RUNNING,
        due=clock.due_at,
        stopped=clock.state == ClockState.STOPPED,
        late=clock.late,
        exempted=clock.exempted,
    )


def _order(
    order: WorkOrder,
    siblings: list[WorkOrder],
    clocks: list[Clock],
    granted: list[Approval],
    posts: dict[tuple[str, int], int],
) -> OrderFacts:
    clock = next((c for c in clocks if c.kind == ClockKind.HANDLE and c.order_id == order.pk), None)
    cancelled = order.status == OrderStatus.CANCELLED
    suspended = order.kind == OrderKind.LEAD and any(
        each.kind == "suspension" and _during(order, each) for each in granted
    )
    # A clock stands still while suspended, and while the work lies with the verifier before it
    # comes back; what is left after the one is the other.
    stops = (len(clock.pauses) + 1) // 2 if clock else 0
    return OrderFacts(
        id=order.pk,
        organisation=order.organisation_id,
        kind=order.kind,
        status=order.status,
        sent_at=order.sent_at,
        post=posts["sent", order.pk],
        limit=_limit(clock),
        reassigned=cancelled
        and order.done_at is None
        and any(each.sent_at == order.ended_at and each.pk > order.pk for each in siblings),
        was_done=cancelled and order.done_at is not None,
        extended=clock is not None and clock.extra > 0,
        suspended=suspended,
        reworked=stops > suspended and order.kind == OrderKind.LEAD and order.status in LIVE,
    )


def _during(order: WorkOrder, approval: Approval) -> bool:
    decided = approval.decided_at
    if decided is None or decided < order.sent_at:
        return False
    return order.ended_at is None or decided < order.ended_at


def _posts(ids: list[int]) -> defaultdict[tuple[str, int], int]:
    found: defaultdict[tuple[str, int], int] = defaultdict(int)
    rows = Event.objects.filter(subject_kind="case", subject_id__in=ids).order_by("seq")
    for pk, action, after, post in rows.values_list("subject_id", "action", "after", "post_id"):
        if action == "case.receive":
            found["in", pk] = post or 0
        if after.get("stage") in ("closed", "declined", "void", "merged"):
            found["out", pk] = post or 0
        if action == "case.call_back":
            found["call", pk] = post or 0
        if action in ("case.dispatch", "case.reassign"):
            for row in after.get("orders", ()):
                if row["status"] == OrderStatus.SENT:
                    found["sent", row["id"]] = post or 0
    return found
