"""What only the field does: arrive, ask for help, report with photos, handle on the spot (自办)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from mengding.cases.actions.engine import Move
from mengding.cases.actions.filing import filed, reason_given
from mengding.cases.actions.handling import accept, dispatched, feed_back, send_assists, shown_by
from mengding.cases.actions.intake import Message, class_of, join, receive
from mengding.cases.models import Case, Report
from mengding.cases.place import resolve
from mengding.catalogue.queries import CaseClassInfo
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.evidence.models import Purpose
from mengding.evidence.sending import Photo, attach_photos
from mengding.people import queries as people
from mengding.policy.permissions import require


@transaction.atomic
def arrive(
    actor: Actor,
    case_id: int,
    *,
    photos: Sequence[Photo] = (),
    at: datetime | None = None,
    version: int | None = None,
) -> Case:
    """到场: who has the order is there. Once an order; a time and no position."""
    move = Move(actor, case_id, "arrive", version=version, at=at)
    order = move.facts.own
    assert order is not None  # guarded
    order.arrived_at, order.arrived_by = move.at or move.now, actor.account_id
    order.save(update_fields=["arrived_at", "arrived_by"])
    return move.commit(details={"order": order.pk, **shown_by(move.attach(photos))})


@transaction.atomic
def ask_help(
    actor: Actor,
    case_id: int,
    *,
    text: str,
    photos: Sequence[Photo] = (),
    at: datetime | None = None,
    version: int | None = None,
) -> Case:
    """求助: the centre is asked to help; its dispatchers are told. The clocks go on."""
    move = Move(actor, case_id, "ask_help", version=version, at=at)
    move.case.help_asked_at = move.now
    return move.commit(words=reason_given(text, "text"), details=shown_by(move.attach(photos)))


@transaction.atomic
def answer_help(
    actor: Actor,
    case_id: int,
    *,
    assist_org_ids: Sequence[int] = (),
    note: str = "",
    version: int | None = None,
) -> Case:
    """The centre answers: with assisting orders (协办), each with a full limit, or with words."""
    move = Move(actor, case_id, "answer_help", version=version)
    if not assist_org_ids:
        reason_given(note, "note")
    send_assists(move, assist_org_ids)
    move.case.help_asked_at = None
    return move.commit(words=note.strip())


@transaction.atomic
def take_in(
    actor: Actor, message: Message, *, case_id: int | None = None, photos: Sequence[Photo] = ()
) -> Report:
    """A report with its photos, on a new case or on an open one: all of it or nothing."""
    report = receive(actor, message) if case_id is None else join(actor, case_id, message)
    attach_photos(actor, "case", report.case_id, photos)
    return report


@transaction.atomic
def self_handled(
    actor: Actor,
    message: Message,
    *,
    report: str,
    photos: Sequence[Photo],
    condition_code: str | None = None,
) -> Report:
    """自办: found and dealt with on the spot by a grid worker of the village's own centre.

    Received, filed, sent to that centre, accepted and fed back, each an event of its own, in one
    transaction; the check stays with a verifier. Without `condition_code` the class must have
    one condition only, or its first is taken. Raises `Invalid` naming the field.
    """
    message.check()
    require(actor, "case.self_handle")
    place = resolve(actor, message.lon, message.lat, message.region_code)
    require(actor, "case.self_handle", place)
    station = people.organisation(actor.org_id or 0)
    if station is None or place.village_id is None or station.region_id != place.village_id:
        raise Invalid(
            "not_own_village",
            T("只能自办本村（社区）的事项。", "Only matters in your own village."),
            field="region_code" if message.region_code else "lat",
        )
    condition = _condition(message, condition_code)
    if not any(photo.purpose == Purpose.AFTER for photo in photos):
        raise Invalid(
            "after_photo_missing",
            T("请附上处置后的照片。", "Attach a photo of how it is now."),
            field="photos",
        )
    taken = receive(actor, message, owner_org_id=station.pk)
    pk = taken.case_id
    filed(Move(actor, pk, "file", self_handled=True), condition)
    dispatched(Move(actor, pk, "dispatch", self_handled=True), station.pk)
    accept(actor, pk)
    taken.case = feed_back(actor, pk, report=report, photos=photos, at=message.at)
    return taken


def _condition(message: Message, code: str | None) -> str:
    if not message.class_code:
        text = T("请选择类别。", "Choose a class.")
        raise Invalid("class_missing", text, field="class_code")
    chosen: CaseClassInfo = class_of(message.class_code, message.scheme)
    if chosen.confidential:
        text = T("保密事项不能自办。", "A confidential matter is not for this.")
        raise Invalid("class_confidential", text, field="class_code")
    if code is not None:
        chosen.condition(code)  # refused by name if it is not one of the class
        return code
    return chosen.conditions[0].code
