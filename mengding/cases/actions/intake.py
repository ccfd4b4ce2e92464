"""A report comes in: it becomes a case, or joins one."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from mengding.cases.actions.engine import Move, lock, plain
from mengding.cases.contacts import ContactData, store
from mengding.cases.indexing import reindex
from mengding.cases.models import Case, Report
from mengding.cases.place import Place, resolve
from mengding.cases.stages import ENDED, Channel, Stage
from mengding.cases.visibility import bearings
from mengding.catalogue import queries as catalogue
from mengding.catalogue.queries import CaseClassInfo
from mengding.clocks import actions as clocks
from mengding.clocks import queries as clock_queries
from mengding.clocks.models import ClockKind
from mengding.core import clock as time
from mengding.core import seal
from mengding.core.actor import Actor
from mengding.core.errors import Conflict, Invalid, WrongStage
from mengding.core.late import when_done
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.routing import queries as routing
from mengding.routing.rules import Facts
from mengding.worktime import Unit, used

LOCAL = ZoneInfo("Asia/Shanghai")
MAX_DESCRIPTION = 4000


@dataclass(frozen=True, slots=True)
class Message:
    """One person's message as it arrived. `source`/`source_ref`: the sender's own identifier,
    taken once. `class_code` may be empty when the desk has still to choose.
    """

    text: str = ""
    channel: Channel = Channel.PHONE
    class_code: str = ""
    scheme: str = catalogue.DEFAULT_SCHEME
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    region_code: str | None = None
    contact: ContactData = field(default_factory=ContactData)
    source: str = ""
    source_ref: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    media_url: str = ""
    at: datetime | None = None  # by the device of who found it, when it is sent later

    def check(self) -> None:
        """Raise `Invalid` naming the field at fault."""
        if not self.text.strip() and not self.class_code:
            raise Invalid(
                "description_missing",
                T("请描述问题或选择类别。", "Describe the matter or choose a class."),
                field="description",
            )
        if len(self.text) > MAX_DESCRIPTION:
            raise Invalid(
                "description_long",
                T("问题描述不能超过 {n} 字。", "The description exceeds {n} characters.").fill(
                    n=MAX_DESCRIPTION
                ),
                field="description",
            )
        if len(self.address) > 300:
            raise Invalid(
                "address_long", T("地址过长。", "The address is too long."), field="address"
            )
        if "\x00" in self.text or "\x00" in self.address:
            raise Invalid(
                "bad_character",
                T("含有无效字符。", "Contains an invalid character."),
                field="description",
            )
        self.contact.check()


@transaction.atomic
def receive(actor: Actor, message: Message, *, owner_org_id: int | None = None) -> Report:
    """Take a message in: a new case in stage `received` with its first report.

    `owner_org_id`: the centre that owns it, where that is not for routing to say. Routing
    proposes who should handle it, and the event says why. Raises `Invalid` naming the field,
    `NotAllowed` outside the actor's area, `Conflict` when `source_ref` was taken before.
    """
    message.check()
    place = resolve(actor, message.lon, message.lat, message.region_code)
    require(actor, "case.receive", place)
    chosen = class_of(message.class_code, message.scheme) if message.class_code else None
    assert place.district_id is not None  # a place without a division was refused
    now = time.now()
    proposal = propose(chosen, place, message.channel, message.text)
    owner = (
        people.organisation(owner_org_id)
        if owner_org_id is not None
        else people.centre_of(proposal.owner_region_id)
    )
    if owner is None:
        raise Invalid(
            "no_centre",
            T("该区域没有对应的中心。", "No centre is responsible for this area."),
            field="region_code",
        )
    salt = seal.new_salt()
    case = Case(
        stage=Stage.RECEIVED.value,
        stage_since=now,
        channel=message.channel.value,
        description=message.text,
        address=message.address,
        salt=salt,
        lon=place.lon,
        lat=place.lat,
        cell=place.cell,
        district_id=place.district_id,
        town_id=place.town_id,
        village_id=place.village_id,
        grid_id=place.grid_id,
        owner_org_id=owner.pk,
        proposed_org_id=proposal.org_id,
        received_by=actor.account_id,
        reported_at=now,
        updated_at=now,
    )
    if chosen:
        classify(case, chosen)
    # The deadline is the same for the case and its clock, so it is worked out before both.
    first = clocks.prepared(ClockKind.RECEIVE)
    case.due_at, case.yellow_at = first.due_at, first.yellow_at
    case.save(force_insert=True)
    report = _store_report(actor, case, message)
    first.case_id = case.pk
    first.save(force_insert=True)
    reindex(case, chosen)
    record(
        actor,
        Entry(
            kind="case",
            subject=case.pk,
            action="case.receive",
            after={
                "version": 1,
                **{
                    name: plain(value)
                    for name in _RECEIVED
                    if (value := getattr(case, name)) is not None
                },
                "report": report.pk,
                "routing": proposal.recorded,
                "clocks": clocks.described([first]),
                **_said_at(report),
            },
            digest=bytes(report.digest),
        ),
    )
    return report


_RECEIVED = (
    "stage", "channel", "class_code", "case_class_id", "grade", "public", "confidential", "lon",
    "lat", "district_id", "town_id", "village_id", "grid_id", "owner_org_id", "proposed_org_id",
    "due_at", "reports_count", "reported_at",
)  # fmt: skip


def _said_at(report: Report) -> dict[str, str]:
    return {"at": report.occurred_at.isoformat()} if report.occurred_at else {}


def _store_report(actor: Actor, case: Case, message: Message) -> Report:
    salt = seal.new_salt()
    report = Report(
        case=case,
        channel=message.channel.value,
        source=message.source,
        source_ref=message.source_ref,
        description=message.text,
        salt=salt,
        digest=seal.digest(salt, message.text),
        lon=message.lon,
        lat=message.lat,
        address=message.address,
        attributes=message.attributes,
        media_url=message.media_url,
        received_at=time.now(),
        occurred_at=when_done(message.at, time.now()),
        received_by=actor.account_id,
    )
    try:
        # A savepoint only where the row can collide: it costs two round trips.
        with transaction.atomic(savepoint=bool(message.source_ref)):
            report.save(force_insert=True)
    except IntegrityError as error:
        if "report_source_once" not in str(error):
            raise
        raise Conflict(
            "source_ref_taken",
            T(
                "来源编号 {ref} 已经接收过。", "The source reference {ref} was received before."
            ).fill(ref=message.source_ref),
            field="source_ref",
        ) from error
    if message.contact:
        store(report.pk, message.contact)
    return report


@transaction.atomic
def join(actor: Actor, case_id: int, message: Message) -> Report:
    """Another person reports the same matter: their report joins the open case."""
    message.check()
    case = lock(actor, case_id)
    require(actor, "case.receive", bearings(case))
    if case.stage in ENDED:
        raise WrongStage(
            "case_ended",
            T("案件已结束，不能加入。", "The case has ended; a report cannot join it."),
            stage=case.stage,
        )
    report = _store_report(actor, case, message)
    before = case.reports_count
    case.reports_count += 1
    case.version += 1
    case.updated_at = time.now()
    case.save(update_fields=["reports_count", "version", "updated_at"])
    record(
        actor,
        Entry(
            kind="case",
            subject=case.pk,
            action="case.join",
            before={"reports_count": before},
            after={
                "reports_count": case.reports_count,
                "version": case.version,
                "report": report.pk,
                "report_channel": report.channel,
                **_said_at(report),
            },
            digest=bytes(report.digest),
        ),
    )
    return report


def class_of(code: str, scheme: str = catalogue.DEFAULT_SCHEME) -> CaseClassInfo:
    """The active version's class of that code; NotFound names `class_code`."""
    return catalogue.class_by_code(catalogue.active_version(scheme), code)


def classify(case: Case, chosen: CaseClassInfo) -> None:
    """Put the class and what follows from it on the case (not saved)."""
    case.case_class_id, case.class_code = chosen.id, chosen.code
    case.grade, case.public, case.confidential = chosen.grade, chosen.public, chosen.confidential


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where routing would send it, and what the ledger keeps of why."""

    org_id: int | None
    owner_region_id: int
    recorded: dict[str, Any]


def propose(
    chosen: CaseClassInfo | None,
    place: Place,
    channel: Channel,
    text: str,
    condition_code: str | None = None,
) -> Proposal:
    """Run the active rules over what is known; without a class nobody can be proposed."""
    assert place.district_id is not None
    if chosen is None:
        return Proposal(None, place.district_id, {})
    local = time.now().astimezone(LOCAL)
    routed = routing.route_case(
        Facts(
            class_code=chosen.code,
            condition_code=condition_code,
            kind=chosen.kind,
            default_department=chosen.default_department,
            grade=chosen.grade,
            region_codes=place.region_codes,
            channel=channel.value,
            local_time=local,
            is_worktime=in_worktime(local),
            text=text,
        )
    )
    match = routed.match
    found = routing.resolve(match, place.region_ids)
    tier = {"village": 2, "town": 1, "district": 0}[match.tier]
    return Proposal(
        found.org_id,
        place.region_ids[min(tier, len(place.region_ids) - 1)],
        {
            "rules": routed.version,
            "rule": match.rule_code,
            "department": match.department,
            "tier": match.tier,
            "matched": list(match.matched),
            "org": found.org_id,
        },
    )


def in_worktime(moment: datetime) -> bool:
    """Whether the instant lies in the active calendar's working time."""
    calendar = clock_queries.calendar(clock_queries.active_rules()[0])
    minute = moment.replace(second=0, microsecond=0)
    return bool(used(minute, minute + timedelta(seconds=59), Unit.WORK_MINUTE, calendar))


@transaction.atomic
def amend(
    actor: Actor,
    case_id: int,
    *,
    version: int | None = None,
    class_code: str | None = None,
    description: str | None = None,
    address: str | None = None,
    lon: float | None = None,
    lat: float | None = None,
    region_code: str | None = None,
    reason: str = "",
) -> Case:
    """Correct what was taken down, before the case is dispatched. None leaves a field as it is."""
    move = Move(actor, case_id, "amend", version=version)
    case = move.case
    details: dict[str, Any] = {}
    chosen = catalogue.class_by_id(case.case_class_id) if case.case_class_id else None
    if class_code is not None:
        if case.number is not None:
            raise Invalid(
                "class_numbered",
                T(
                    "已立案，类别写入了案号，不能更改；可作废后重新立案。",
                    "The class is part of the case number once filed; void and file anew.",
                ),
                field="class_code",
            )
        chosen = class_of(class_code)
        classify(case, chosen)
    for name, value in (("description", description), ("address", address)):
        if value is not None:
            setattr(case, name, value)
            details[f"{name}_digest"] = seal.digest(bytes(case.salt), value).hex()
    if details:
        Message(text=case.description, address=case.address, class_code=case.class_code).check()
    if lon is not None or lat is not None or region_code is not None:
        place = resolve(actor, lon, lat, region_code)
        require(actor, "case.receive", place)
        case.lon, case.lat, case.cell = place.lon, place.lat, place.cell
        assert place.district_id is not None
        case.district_id, case.town_id = place.district_id, place.town_id
        case.village_id, case.grid_id = place.village_id, place.grid_id
    proposal = propose(chosen, Place.stored(case), Channel(case.channel), case.description)
    case.proposed_org_id = proposal.org_id
    details["routing"] = proposal.recorded
    reindex(case, chosen)
    return move.commit(words=reason, details=details)
