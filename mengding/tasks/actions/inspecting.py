"""A look at a place with a checklist. A failed item becomes a case with one tap."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.evidence.sending import Photo, attach_photos
from mengding.ledger.actions import Entry, keep_words, record
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.tasks.actions import findings
from mengding.tasks.actions.counting import columns, complete, keep_deed
from mengding.tasks.actions.doing import count, locked, reason_if_late, require_doable
from mengding.tasks.catalogue import Checklist
from mengding.tasks.models import Answer, Finding, Inspection, Place, Task
from mengding.tasks.moments import done_at
from mengding.tasks.queries import editions, visible
from mengding.tasks.states import Status

ANSWERS = frozenset({"yes", "no", "na"})
LONGEST_NOTE = 500
MOST_PHOTOS = 6


@dataclass(frozen=True, slots=True)
class Given:
    """One answer. `case`: make a case of this "no" at once. `photos`: SHA-256 each."""

    item: str
    answer: str
    note: str = ""
    photos: tuple[str, ...] = ()
    case: bool = False


@dataclass(frozen=True, slots=True)
class InspectionData:
    """`edition`: the catalogue's version the checklist was read from; None: the one in force.

    `task`: a re-inspection asks only for the item it is about. `photos`: complete uploads, which
    become evidence of the inspection in the same transaction.
    """

    place: int
    answers: tuple[Given, ...]
    edition: int | None = None
    at: datetime | None = None
    task: int | None = None
    reason: str = ""
    photos: tuple[Photo, ...] = ()


@dataclass(frozen=True, slots=True)
class Inspected:
    """What came of it. `cases`: item → case id."""

    inspection: Inspection
    task: Task | None
    cases: dict[str, int]


@transaction.atomic
def inspect(actor: Actor, data: InspectionData) -> Inspected:
    """Record an inspection: it completes the task of the place, its findings stay until mended.

    Every item of the checklist needs an answer, and a "no" a note or a photo. Raises `Invalid`
    naming `answers.<n>.<field>`, `NotFound` for a place the actor does not see.
    """
    require(actor, "inspections.do")
    place = Place.objects.select_for_update().filter(pk=data.place).first()
    if place is None or not visible.can_see(actor, visible.places, place):
        raise NotFound("place_not_found", T("没有这个场所。", "There is no such place."))
    task = locked(actor, data.task) if data.task is not None else None
    if task is not None and task.place_id != place.pk:
        raise Invalid(
            "task_other",
            T("任务不是这个场所的。", "The task is about another place."),
            field="task",
        )
    edition = data.edition or editions.edition_in_force()
    known = editions.catalogue(edition)
    checklist = known.checklist(known.place_kind(place.kind).checklist)
    about = task.finding if task is not None else None
    _check(data, checklist, None if about is None else about.item)
    when = done_at(data.at, clock.now())
    assert actor.account_id is not None  # an inspection is somebody's
    row = Inspection.objects.create(
        place=place,
        checklist=checklist.code,
        edition_id=edition,
        at=when,
        received_at=clock.now(),
        account_id=actor.account_id,
        post_id=actor.post_id,
        passed=all(given.answer != "no" for given in data.answers),
        **columns(locate.chain(place.region_id)),
    )
    event = record(
        actor,
        Entry(
            kind="inspection",
            subject=row.pk,
            action="inspection.record",
            after={
                "place": place.pk,
                "checklist": checklist.code,
                "edition": edition,
                "at": when.isoformat(),
                "passed": row.passed,
                "failed": [given.item for given in data.answers if given.answer == "no"],
                "task": data.task,
            },
        ),
    )[0]
    # First the task: an answer that ends the finding would call its re-inspection off.
    counted = _counted(actor, event, row, place, task, data)
    attach_photos(actor, "inspection", row.pk, data.photos)
    cases = _keep_answers(actor, row, place, checklist, data.answers)
    if about is None and (place.inspected_at is None or place.inspected_at < when):
        place.inspected_at = when
        place.save(update_fields=["inspected_at"])
    return Inspected(row, counted, cases)


def _counted(
    actor: Actor, event: int, row: Inspection, place: Place, task: Task | None,
    data: InspectionData,
) -> Task | None:  # fmt: skip
    kind = editions.catalogue().place_kind(place.kind).task
    deed = keep_deed(
        actor, event, kind, "inspection.record", row.at, locate.chain(place.region_id),
        place=place.pk,
    )  # fmt: skip
    assert deed is not None  # its event is new
    if task is not None and task.finding_id is not None:
        if task.status == Status.OPEN:
            require_doable(task, row.at)
            complete(task, deed, reason_if_late(task, row.at, data.reason))
        return task
    return count(actor, deed, task_id=data.task, reason=data.reason)


def _check(data: InspectionData, checklist: Checklist, only: str | None) -> None:
    wanted = {item.code for item in checklist.items} if only is None else {only}
    given = [each.item for each in data.answers]
    for n, each in enumerate(data.answers):
        at = f"answers.{n}"
        if each.item not in wanted or given.count(each.item) > 1:
            raise _wrong(f"{at}.item", T("不在清单中，或重复。", "Not on the list, or twice."))
        if each.answer not in ANSWERS:
            raise _wrong(f"{at}.answer", T("请选择结果。", "Choose an answer."))
        if len(each.note) > LONGEST_NOTE or "\x00" in each.note:
            raise _wrong(
                f"{at}.note",
                T("不能超过 {n} 字。", "At most {n} characters.").fill(n=LONGEST_NOTE),
            )
        if len(each.photos) > MOST_PHOTOS or any(not _digest(one) for one in each.photos):
            raise _wrong(f"{at}.photos", T("照片摘要有误。", "A photo's digest is wrong."))
        if each.answer == "no" and not each.note.strip() and not each.photos:
            raise _wrong(
                f"{at}.note", T("不合格项请拍照或说明。", "A failed item needs a photo or a note.")
            )
    if missing := wanted - set(given):
        raise _wrong(
            "answers",
            T("还有 {n} 项没有回答。", "{n} items have no answer.").fill(n=len(missing)),
        )


def _digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


def _wrong(field: str, text: T) -> Invalid:
    return Invalid("inspection_invalid", text, field=field)


def _keep_answers(
    actor: Actor, row: Inspection, place: Place, checklist: Checklist, answers: tuple[Given, ...]
) -> dict[str, int]:
    cases: dict[str, int] = {}
    for given in answers:
        item = checklist.item(given.item)
        found: Finding | None = None
        if given.answer == "no":
            found = findings.failed(actor, place, checklist.code, item, row.at)
        elif given.answer == "yes":
            found = findings.passed(actor, place, item.code, row.at)
        note = given.note.strip()
        Answer.objects.create(
            inspection=row,
            item=item.code,
            answer=given.answer,
            note=keep_words(note) if note else None,
            photos=list(given.photos),
            finding=found,
        )
        if given.answer == "no" and given.case and found is not None:
            cases[item.code] = findings.make_case(actor, found.pk, text=note, item=item).case_id
    return cases
