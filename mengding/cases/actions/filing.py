"""The supervision side before dispatch: pre-check, file, decline, move between tiers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from mengding.cases import demands
from mengding.cases.actions.engine import Move
from mengding.cases.actions.intake import LOCAL, class_of, classify, propose
from mengding.cases.indexing import reindex
from mengding.cases.models import Case
from mengding.cases.place import Place
from mengding.cases.stages import Channel
from mengding.catalogue import queries as catalogue
from mengding.core.actor import Actor
from mengding.core.errors import GuardFailed, Invalid
from mengding.core.text import T
from mengding.evidence.sending import Photo
from mengding.ledger.actions import keep_words
from mengding.people import queries as people


def reason_given(reason: str, field: str = "reason") -> str:
    """The reason, stripped; `Invalid` when it is empty or longer than 2,000 characters."""
    reason = reason.strip()
    if not reason:
        raise Invalid("reason_missing", T("请填写理由。", "Give a reason."), field=field)
    if len(reason) > 2000:
        raise Invalid(
            "reason_long", T("不能超过 2000 字。", "At most 2,000 characters."), field=field
        )
    return reason


@transaction.atomic
def request_check(
    actor: Actor, case_id: int, *, note: str = "", version: int | None = None
) -> Case:
    """核实: ask the field whether it is true and ours, before filing."""
    return Move(actor, case_id, "request_check", version=version).commit(words=note)


@transaction.atomic
def report_check(
    actor: Actor,
    case_id: int,
    *,
    confirmed: bool,
    finding: str,
    photos: Sequence[Photo] = (),
    at: datetime | None = None,
    version: int | None = None,
) -> Case:
    """The field's answer to a pre-check; the desk decides what follows from it."""
    move = Move(actor, case_id, "report_check", version=version, at=at)
    details: dict[str, Any] = {"confirmed": confirmed}
    if seen := move.attach(photos):
        details["evidence"] = seen
    return move.commit(words=reason_given(finding, "finding"), details=details)


@transaction.atomic
def file(
    actor: Actor,
    case_id: int,
    *,
    condition_code: str,
    class_code: str | None = None,
    version: int | None = None,
) -> Case:
    """立案: select exactly one filing condition; the case gets its number.

    The condition belongs to the version of the catalogue the class was chosen from.
    """

    def choose(case: Case) -> None:
        if class_code is not None:
            classify(case, class_of(class_code))

    return filed(Move(actor, case_id, "file", version=version, prepare=choose), condition_code)


def filed(move: Move, condition_code: str) -> Case:
    """Carry the filing out."""
    case = move.case
    assert case.case_class_id is not None
    chosen = catalogue.class_by_id(case.case_class_id)
    condition = chosen.condition(condition_code)
    case.condition_id, case.grade = condition.id, condition.grade
    proposal = propose(
        chosen, Place.stored(case), Channel(case.channel), case.description, condition.code
    )
    case.proposed_org_id = proposal.org_id
    case.filed_at = move.now
    case.number = next_number(chosen.code, move.now.astimezone(LOCAL).date())
    reindex(case, chosen)
    return move.commit(details={"condition": condition.code, "routing": proposal.recorded})


def next_number(class_code: str, day: date) -> str:
    """The next case number of a day: class code, yyyyMMdd, a daily sequence of 4 digits or more.

    The row lock is held until commit, so a rolled-back filing leaves no gap.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_daynumbers (day, last) VALUES (%s, 1)"
            " ON CONFLICT (day) DO UPDATE SET last = cases_daynumbers.last + 1 RETURNING last",
            [day],
        )
        row = cursor.fetchone()
    assert row is not None
    return f"{class_code}{day:%Y%m%d}{row[0]:04d}"


@transaction.atomic
def decline(
    actor: Actor, case_id: int, *, reason: str, where_to_go: str, version: int | None = None
) -> Case:
    """不予受理: say why, and where the matter belongs."""
    move = Move(actor, case_id, "decline", version=version)
    words = f"{reason_given(reason)}\n{reason_given(where_to_go, 'where_to_go')}"
    return move.commit(words=words)


@transaction.atomic
def escalate(actor: Actor, case_id: int, *, reason: str, version: int | None = None) -> Case:
    """上报: the centre above becomes the owner."""
    move = Move(actor, case_id, "escalate", version=version)
    above = people.centre_above(move.case.owner_org_id)
    assert above is not None  # guarded
    move.case.owner_org_id = above.pk
    return move.commit(words=reason_given(reason))


@transaction.atomic
def delegate(
    actor: Actor,
    case_id: int,
    *,
    reason: str = "",
    to_org_id: int | None = None,
    version: int | None = None,
) -> Case:
    """下派: a centre below, on the way down to the place, becomes the owner."""
    move = Move(actor, case_id, "delegate", version=version)
    below = people.centre_below(move.case.owner_org_id, move.facts.place_id)
    assert below is not None  # guarded
    if to_org_id is not None and to_org_id != below.pk:
        deeper = people.centre_below(below, move.facts.place_id)
        if deeper is None or deeper.pk != to_org_id:
            raise GuardFailed(
                "not_below",
                T(
                    "该中心不在案件所在区域的下级。",
                    "That centre is not below the owner on the way to the place.",
                ),
                field="to_org_id",
            )
        below = deeper
    move.case.owner_org_id = below.pk
    return move.commit(words=reason)


@transaction.atomic
def supervise(
    actor: Actor,
    case_id: int,
    *,
    demand: str,
    organisation_id: int | None = None,
    amount: int | None = None,
    unit: str | None = None,
    ground: str = "other",
    version: int | None = None,
) -> Case:
    """督办: a supervisor's demand on an open case, to be answered in `amount` of `unit`.

    Who keeps it, and what is usual where nothing is given: `mengding.supervision`.
    """
    move = Move(actor, case_id, "supervise", version=version)
    words = keep_words(reason_given(demand, "demand"))
    move.case.supervised = True
    asked = demands.Asked(words, organisation_id, amount, unit, ground)
    details: dict[str, Any] = {"stage_now": move.case.stage}
    return move.commit(words=words, details=details | demands.keep(actor, move.case, asked))
