"""Care visits: agreed to, made, and ended with one tap."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.contacts import ContactData
from mengding.cases.stages import Channel
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import GuardFailed, Invalid, NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.tasks.actions import generate as making
from mengding.tasks.actions.counting import call_off, columns, complete, keep_deed
from mengding.tasks.actions.doing import (
    locked,
    one_of,
    own_chain,
    reason_if_late,
    require_doable,
)
from mengding.tasks.contacts import CareContactData, read, store
from mengding.tasks.models import CareConsent, CareContact, CareVisit, Plan, Task, Who
from mengding.tasks.moments import done_at
from mengding.tasks.queries import editions, visible
from mengding.tasks.recurrence import LOCAL, Hours, RecurEvery, Recurrence
from mengding.tasks.states import Status

KIND = "care_visit"
LONGEST_MONTHS = 12  # then it has to be asked for again
_HOURS = Hours(opens=8 * 60, closes=18 * 60, due_days=2, late_days=7)


@dataclass(frozen=True, slots=True)
class ConsentData:
    """What somebody asked for. `scopes`, `way`: codes of the catalogue; `months` until it ends."""

    scopes: tuple[str, ...]
    way: str
    contact: CareContactData
    every_days: int = 14
    months: int = 6
    at: datetime | None = None
    region: str | None = None


@transaction.atomic
def agree(actor: Actor, data: ConsentData) -> CareConsent:
    """Take a consent down; visits are planned by it at once."""
    require(actor, "care.agree")
    known = editions.catalogue().care
    if not data.scopes:
        raise Invalid(
            "scopes_missing", T("请选择走访内容。", "Choose what is visited for."), field="scopes"
        )
    for scope in data.scopes:
        one_of("scopes", scope, known.scopes)
    one_of("way", data.way, known.ways)
    for field, value, most in (
        ("every_days", data.every_days, 366),
        ("months", data.months, LONGEST_MONTHS),
    ):
        if not 1 <= value <= most:
            raise Invalid(
                "out_of_range",
                T("应在 1 到 {n} 之间。", "Must lie between 1 and {n}.").fill(n=most),
                field=field,
            )
    data.contact.check()
    chain = own_chain(actor, data.region)
    if chain.village_id is None:
        raise Invalid(
            "village_missing", T("请选择村（社区）。", "Choose the village."), field="region"
        )
    require(actor, "care.agree", chain)
    given = done_at(data.at, clock.now())
    today = clock.now().astimezone(LOCAL).date()
    assert actor.account_id is not None  # a consent is somebody's to show
    row = CareConsent.objects.create(
        scopes=sorted(set(data.scopes)),
        way=data.way,
        given_at=given,
        recorded_by=actor.account_id,
        every_days=data.every_days,
        delete_on=today + timedelta(days=30 * data.months),
        **columns(chain),
    )
    store(row.pk, data.contact)
    record(
        actor,
        Entry(
            kind="care",
            subject=row.pk,
            action="care.agree",
            after={
                "scopes": row.scopes,
                "way": row.way,
                "given_at": given.isoformat(),
                "every_days": row.every_days,
                "delete_on": row.delete_on.isoformat(),
                "village": row.village_id,
            },
        ),
    )
    plan = Plan.objects.create(
        name="",
        kind=KIND,
        who=Who.VILLAGES,
        region_id=row.region_id,
        consent=row,
        recurrence=Recurrence(RecurEvery.DAY, data.every_days).to_json(),
        opens=_HOURS.opens,
        closes=_HOURS.closes,
        due_days=_HOURS.due_days,
        late_days=_HOURS.late_days,
        starts_on=today + timedelta(days=1),
        ends_on=row.delete_on,
        made_by=actor.account_id,
        updated_at=clock.now(),
    )
    making.generate(plan.pk)
    return row


def _locked(actor: Actor, consent_id: int) -> CareConsent:
    row = CareConsent.objects.select_for_update(of=("self",)).filter(pk=consent_id).first()
    if row is None or not visible.can_see(actor, visible.consents, row):
        raise NotFound("consent_not_found", T("没有这份同意。", "There is no such consent."))
    return row


@transaction.atomic
def withdraw(actor: Actor, consent_id: int) -> CareConsent:
    """End a consent with one tap: contact erased now, visits called off. Again: nothing happens."""
    require(actor, "care.withdraw")
    row = _locked(actor, consent_id)
    require(actor, "care.withdraw", row)
    if row.ended_at is None:
        _end(actor, row, "withdrawn", "care.withdraw")
    return row


def _end(actor: Actor, row: CareConsent, how: str, action: str) -> None:
    CareContact.objects.filter(pk=row.pk).delete()
    row.ended_at, row.ended_as = clock.now(), how
    row.save(update_fields=["ended_at", "ended_as"])
    # The plan first: a generation under way holds it, and makes no more after this.
    for plan in Plan.objects.select_for_update().filter(consent=row):
        plan.active = False
        plan.save(update_fields=["active"])
    for task in Task.objects.select_for_update(of=("self",)).filter(
        consent=row, status=Status.OPEN
    ):
        call_off(actor, task, how)
    record(actor, Entry("care", row.pk, action, after={"how": how}))


def end_due(limit: int = 500) -> int:
    """End consents whose day has come; returns how many."""
    today = clock.now().astimezone(LOCAL).date()
    due = CareConsent.objects.filter(ended_at=None, delete_on__lte=today)
    done = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            row = due.select_for_update(of=("self",)).filter(pk=pk).first()
            if row is not None:
                _end(SYSTEM, row, "expired", "care.expire")
                done += 1
    return done


@transaction.atomic
def reveal(actor: Actor, consent_id: int, *, purpose: str) -> dict[str, str]:
    """The contact in clear, for a purpose; each look is an event."""
    require(actor, "care.reveal")
    text = purpose.strip()
    if not text or len(text) > 200:
        raise Invalid("purpose_missing", T("请填写用途。", "Say what for."), field="purpose")
    row = _locked(actor, consent_id)
    require(actor, "care.reveal", row)
    contact = CareContact.objects.filter(pk=row.pk).first()
    if contact is None:
        raise NotFound(
            "no_contact",
            T("已撤回或到期，联系方式已删除。", "Withdrawn or ended; the contact is erased."),
        )
    data = read(contact)
    record(
        actor,
        Entry("care", row.pk, "care.reveal", after={"fields": sorted(data)}, words=text),
    )
    return data


@dataclass(frozen=True, slots=True)
class CareVisitData:
    """What came of a visit. `text`: the service asked for; `share`: the person lets the office
    that will do it have their contact.
    """

    consent: int
    result: str
    at: datetime | None = None
    task: int | None = None
    reason: str = ""
    text: str = ""
    share: bool = False


@transaction.atomic
def visit(actor: Actor, data: CareVisitData) -> tuple[CareVisit, Task | None]:
    """Record a visit; "asks for a service" becomes a case. Not after a withdrawal."""
    require(actor, "care.visit")
    known = editions.catalogue().care
    one_of("result", data.result, known.results)
    row = _locked(actor, data.consent)
    require(actor, "care.visit", row)
    if row.ended_at is not None:
        raise GuardFailed(
            "consent_ended",
            T("同意已撤回或到期，不再走访。", "The consent has ended; there are no more visits."),
        )
    when = done_at(data.at, clock.now())
    asks = data.result == "asks_service"
    if asks and not data.text.strip():
        raise Invalid("text_missing", T("请写明需要什么。", "Say what is needed."), field="text")
    case = _service(actor, row, data, known.service_class) if asks else None
    assert actor.account_id is not None  # a visit is somebody's
    done = CareVisit.objects.create(
        consent=row, result=data.result, at=when, account_id=actor.account_id, case_id=case
    )
    event = record(
        actor,
        Entry(
            kind="care",
            subject=row.pk,
            action="care.visit",
            after={
                "visit": done.pk,
                "result": data.result,
                "at": when.isoformat(),
                "case": case,
                "shared": asks and data.share,
            },
        ),
    )[0]
    deed = keep_deed(actor, event, KIND, "care.visit", when, locate.chain(row.region_id))
    assert deed is not None  # its event is new
    task = _task_of(actor, row, data, when)
    if task is not None:
        complete(task, deed, reason_if_late(task, when, data.reason))
    return done, task


def _task_of(actor: Actor, row: CareConsent, data: CareVisitData, when: datetime) -> Task | None:
    """The task of this consent that the visit completes: the given one, or the one due first."""
    if data.task is not None:
        task = locked(actor, data.task)
        if task.consent_id != row.pk:
            raise Invalid(
                "task_other", T("任务不是这份同意的。", "The task is about another."), field="task"
            )
        if task.status == Status.OPEN:
            require_doable(task, when)
            return task
    rows = Task.objects.select_for_update(of=("self",)).filter(
        consent=row, status=Status.OPEN, opens_at__lte=when, due_at__gte=when
    )
    return rows.order_by("due_at", "pk").first()


def _service(actor: Actor, row: CareConsent, data: CareVisitData, class_code: str) -> int:
    contact = CareContact.objects.filter(pk=row.pk).first() if data.share else None
    shown = read(contact) if contact is not None else {}
    report = cases.receive(
        actor,
        Message(
            text=data.text.strip(),
            channel=Channel.GRID,
            class_code=class_code,
            region_code=locate.chain(row.region_id).path.split(".")[-1],
            contact=ContactData(name=shown.get("name", ""), phone=shown.get("phone", "")),
        ),
    )
    return int(report.case_id)
