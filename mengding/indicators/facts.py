"""From one case to its facts: the formulas of the indicators, in one place. Pure: no Django.

`CaseFacts` is what is known of a case, wherever it was read (the ledger for the roll-ups, the
tables for the check). `items` says what of it counts, on which day, for whom. Days are those of
China Standard Time. `as_of` is the moment the answer is about: a limit that ends after it is not
over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mengding.cases.stages import ENDED, LIVE, Channel, OrderKind, OrderStatus, Outcome, Stage
from mengding.indicators.measures import Kind, bits

ZONE = ZoneInfo("Asia/Shanghai")
# Channels by which the public speaks; what patrols should have found before.
PUBLIC = frozenset({Channel.PHONE, Channel.WALK_IN, Channel.WEB, Channel.OPEN311})
_GONE = frozenset({Stage.VOID, Stage.MERGED})


@dataclass(frozen=True, slots=True)
class Limit:
    """A clock as indicators need it. `due` None: paused, or cancelled before it was over."""

    running: bool
    due: datetime | None
    stopped: bool
    late: bool
    exempted: bool = False


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One dispatch to one organisation. `limit`: its handling clock."""

    id: int
    organisation: int
    kind: str
    status: str
    sent_at: datetime
    post: int = 0
    limit: Limit | None = None
    reassigned: bool = False  # ended because the case went to another organisation
    was_done: bool = False  # had been done when it ended: the case was reopened
    extended: bool = False
    suspended: bool = False
    reworked: bool = False


@dataclass(frozen=True, slots=True)
class CallFacts:
    """The newest call-back of a case."""

    at: datetime
    satisfaction: str
    resolved: bool
    post: int = 0


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """One case. Divisions, organisations and posts are ids, 0 where there is none."""

    id: int
    stage: str
    channel: str
    reported_at: datetime
    district: int
    town: int = 0
    village: int = 0
    grid: int = 0
    class_code: str = ""
    confidential: bool = False
    tier: str = ""  # level of the centre that owns it
    lead_org: int = 0
    numbered: bool = False  # it was filed once
    ended_at: datetime | None = None
    outcome: str = ""
    patrolled: bool = False  # one of its reports came from a grid worker
    response: Limit | None = None  # its first clock: the centre's first answer
    orders: tuple[OrderFacts, ...] = ()
    call: CallFacts | None = None
    post_in: int = 0
    post_out: int = 0

    def dimensions(self) -> dict[str, Any]:
        """What its numbers are asked by: columns of `models.Dimensions`, fields of `Item`."""
        return {
            "confidential": self.confidential,
            "district": self.district,
            "town": self.town,
            "village": self.village,
            "grid": self.grid,
            "org": self.lead_org,
            "class_code": self.class_code,
            "channel": self.channel,
            "tier": self.tier,
        }


@dataclass(frozen=True, slots=True)
class Item:
    """One fact: what counts (`bits`), when, and for whom.

    `turns_at`: the moment after which `bits` changes by itself, because a limit runs out.
    """

    case: int
    kind: str
    order: int
    day: date
    bits: int
    confidential: bool
    district: int
    town: int
    village: int
    grid: int
    org: int
    class_code: str
    channel: str
    tier: str
    post: int
    turns_at: datetime | None = None


def local_day(moment: datetime) -> date:
    """The day of an instant in China."""
    return moment.astimezone(ZONE).date()


def items(case: CaseFacts, as_of: datetime) -> Iterator[Item]:
    """The facts of a case as it stands; none for what counts nowhere."""
    base = Item(
        case=case.id,
        kind=Kind.IN.value,
        order=0,
        day=local_day(case.reported_at),
        bits=0,
        post=case.post_in,
        **case.dimensions(),
    )
    response_bits, turns = _response(case.response, as_of)
    yield replace(base, bits=_incoming(case) | response_bits, turns_at=turns)
    for order in case.orders:
        found, turns = _lead(case, order, as_of) if _leads(order) else _assist(case, order, as_of)
        if found:
            yield replace(
                base,
                kind=Kind.LEAD.value if _leads(order) else Kind.ASSIST.value,
                order=order.id,
                day=local_day(order.sent_at),
                bits=found,
                org=order.organisation,
                post=order.post,
                turns_at=turns,
            )
    if case.ended_at is not None:
        closed = case.stage == Stage.CLOSED
        yield replace(
            base,
            kind=Kind.OUT.value,
            day=local_day(case.ended_at),
            bits=bits(
                ended=True, closed_then=closed, fixed=closed and case.outcome == Outcome.FIXED
            ),
            post=case.post_out,
        )
    if case.call is not None:
        happy = case.call.satisfaction != "dissatisfied"
        yield replace(
            base,
            kind=Kind.CALL.value,
            day=local_day(case.call.at),
            bits=bits(
                called=True,
                satisfied=happy,
                dissatisfied=not happy,
                resolved=case.call.resolved,
                unresolved=not case.call.resolved,
            ),
            post=case.call.post,
        )


def _leads(order: OrderFacts) -> bool:
    return order.kind == OrderKind.LEAD


def _incoming(case: CaseFacts) -> int:
    stage = Stage(case.stage)
    filed = case.numbered and stage not in _GONE
    return bits(
        received=True,
        filed=filed,
        declined=stage is Stage.DECLINED,
        voided=stage is Stage.VOID,
        merged=stage is Stage.MERGED,
        unfinished=stage not in ENDED,
        valid=filed,
        missed=filed and case.channel in PUBLIC and not case.patrolled,
    )


def _response(limit: Limit | None, as_of: datetime) -> tuple[int, datetime | None]:
    """First response: the receiving clock is over when it stopped, or its limit ran out."""
    if limit is None:
        return 0, None
    if limit.stopped:
        return bits(response_due=True, response_in_time=not limit.late), None
    if limit.running and limit.due is not None:
        if as_of > limit.due:
            return bits(response_due=True), None
        return 0, limit.due
    return 0, None


def _lead(case: CaseFacts, order: OrderFacts, as_of: datetime) -> tuple[int, datetime | None]:
    stage = Stage(case.stage)
    if stage in _GONE:  # 应处置 is what was dispatched, less what was void
        return 0, None
    returned = order.status == OrderStatus.RETURNED
    found = bits(
        sent=True,
        accurate=not returned and not order.reassigned,
        returned=returned,
        reassigned=order.reassigned,
        reopened=order.was_done,
        extended=order.extended,
        suspended=order.suspended,
    )
    if order.status not in LIVE:
        return found, None
    done = order.status == OrderStatus.DONE
    late, exempted, overdue, turns = _lateness(order, done=done, as_of=as_of)
    paused = stage is Stage.SUSPENDED
    return found | bits(
        to_handle=True,
        timed=not exempted,
        handled=done,
        in_time=done and not late and not exempted,
        late_done=done and late and not exempted,
        overdue=overdue,
        not_due=not done and not overdue and not exempted,
        paused=paused,
        should_close=not paused,
        closed=stage is Stage.CLOSED,
        reworked=order.reworked and not paused,
    ), turns


def _lateness(
    order: OrderFacts, *, done: bool, as_of: datetime
) -> tuple[bool, bool, bool, datetime | None]:
    """(done late, exempted by an appeal, still to do and over, when it will be over)."""
    limit = order.limit
    if limit is None:
        return False, False, False, None
    if done:
        return limit.late, limit.exempted, False, None
    if limit.running and limit.due is not None:
        over = as_of > limit.due
        return False, False, over, None if over else limit.due
    return False, False, False, None


def _assist(case: CaseFacts, order: OrderFacts, as_of: datetime) -> tuple[int, datetime | None]:
    if Stage(case.stage) in _GONE or order.status not in LIVE:
        return 0, None
    done = order.status == OrderStatus.DONE
    late, exempted, _, _ = _lateness(order, done=done, as_of=as_of)
    return bits(
        assist_due=not exempted,
        assist_done=done and not exempted,
        assist_in_time=done and not late and not exempted,
    ), None
