"""From a failed item to a case, to the look that finds it mended.

open → in_case → recheck → resolved; a failed re-inspection makes it open again, and the next case
is the next turn. What a case's end means is learned from the ledger (`following`).
"""

from datetime import datetime, timedelta

from django.db import transaction

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.stages import Channel
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import NotFound, WrongStage
from mengding.core.text import T
from mengding.evidence.actions import attach_blob
from mengding.evidence.images import Captured
from mengding.evidence.models import Blob, Evidence, Purpose
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.tasks.actions.counting import call_off, columns
from mengding.tasks.catalogue import Item
from mengding.tasks.models import Finding, FindingCase, Place, Task
from mengding.tasks.queries import editions, visible
from mengding.tasks.recurrence import LOCAL
from mengding.tasks.states import Status, recheck_key

LATE_DAYS = 30


def failed(actor: Actor, place: Place, checklist: str, item: Item, at: datetime) -> Finding:
    """The finding of a "no": the unresolved one of the item, or a new one. The place is locked."""
    found = _unresolved(place, item.code)
    if found is None:
        found = Finding.objects.create(
            place=place,
            checklist=checklist,
            item=item.code,
            class_code=item.class_code,
            state="open",
            found_at=at,
            **columns(locate.chain(place.region_id)),
        )
        _record(actor, found, "finding.open", "")
    elif found.state == "recheck":
        _move(actor, found, "open", "finding.fail")
        _call_off_rechecks(actor, found, "failed")
    return found


def passed(actor: Actor, place: Place, item: str, at: datetime) -> Finding | None:
    """A "yes" ends the item's finding, unless its case is still open: then the case ends first."""
    found = _unresolved(place, item)
    if found is not None and found.state != "in_case":
        found.resolved_at = at
        _move(actor, found, "resolved", "finding.resolve")
        _call_off_rechecks(actor, found, "resolved")
    return found


def _unresolved(place: Place, item: str) -> Finding | None:
    return (
        Finding.objects.select_for_update()
        .filter(place=place, item=item)
        .exclude(state="resolved")
        .first()
    )


def _move(actor: Actor, found: Finding, state: str, action: str) -> None:
    before, found.state = found.state, state
    if state != "recheck":
        found.recheck_due_at = None
    found.save()
    _record(actor, found, action, before)


def _record(actor: Actor, found: Finding, action: str, before: str, **more: int) -> None:
    record(
        actor,
        Entry(
            kind="finding",
            subject=found.pk,
            action=action,
            before={"state": before} if before else {},
            after={
                "state": found.state,
                "turn": found.turn,
                "place": found.place_id,
                "item": found.item,
                **more,
            },
        ),
    )


@transaction.atomic
def make_case(
    actor: Actor, finding_id: int, *, text: str = "", item: Item | None = None
) -> FindingCase:
    """One tap: the finding becomes a case with class, place and words. Again: the same case.

    Raises `WrongStage` when it waits for its re-inspection or is resolved.
    """
    require(actor, "inspections.do")
    found = (
        Finding.objects.select_for_update(of=("self",))
        .select_related("place")
        .filter(pk=finding_id)
        .first()
    )
    if found is None or not visible.can_see(actor, visible.inspections, found):
        raise NotFound("finding_not_found", T("没有这个问题。", "There is no such finding."))
    if found.state == "in_case":
        return found.cases.latest("turn")
    if found.state != "open":
        raise WrongStage(
            "finding_not_open",
            T("该问题已整改或待复查。", "It is mended, or waits for its re-inspection."),
            state=found.state,
        )
    place = found.place
    if item is None:
        item = editions.catalogue().checklist(found.checklist).item(found.item)
    words = f"{place.name}：{item.words}。"
    if found.turn:
        words += "复查仍不合格。"
    if text.strip():
        words += text.strip()
    turn = found.turn + 1
    report = cases.receive(
        actor,
        Message(
            text=words,
            channel=Channel.GRID,
            class_code=found.class_code,
            lon=place.lon,
            lat=place.lat,
            address=place.address or place.name,
            # Taken once, however often it is tapped.
            source="inspection",
            source_ref=f"{found.pk}-{turn}",
        ),
    )
    made = FindingCase.objects.create(
        finding=found, case_id=report.case_id, turn=turn, made_at=clock.now()
    )
    _show_pictures(actor, found, report.case_id)
    before, found.state, found.turn = found.state, "in_case", turn
    found.save(update_fields=["state", "turn"])
    _record(actor, found, "finding.case", before, case=report.case_id)
    return made


def _show_pictures(actor: Actor, found: Finding, case_id: int) -> None:
    """The pictures of the last "no" are evidence of the case as well: nobody takes them twice."""
    answer = found.answer_set.select_related("inspection").order_by("-pk").first()
    if answer is None or not answer.photos:
        return
    for each in (
        Evidence.objects.select_related("blob")
        .filter(
            subject_kind="inspection",
            subject_id=answer.inspection_id,
            blob__in=answer.photos,
            erased_at=None,
        )
        .order_by("pk")
    ):
        attach_blob(
            actor,
            "case",
            case_id,
            Blob.objects.select_for_update().get(pk=each.blob_id),
            Purpose.REPORT.value,
            name=each.name,
            captured=Captured(
                each.captured_at, each.captured_lon, each.captured_lat, each.accuracy_m
            ),
            mock=each.mock,
        )


@transaction.atomic
def case_ended(case_id: int) -> int:
    """Its case has ended: the findings are to be looked at again. Returns how many.

    However it ended: declined or void, somebody has to see whether it is mended.
    """
    done = 0
    for found in _of_case(case_id, "in_case"):
        now = clock.now()
        found.recheck_due_at = now + timedelta(days=editions.catalogue().recheck_days)
        _move(SYSTEM, found, "recheck", "finding.recheck")
        place = found.place
        known = editions.catalogue()
        Task.objects.get_or_create(
            key=recheck_key(found.pk, found.turn),
            defaults={
                "kind": known.place_kind(place.kind).task,
                "edition_id": editions.edition_in_force(),
                "day": now.astimezone(LOCAL).date(),
                "opens_at": now,
                "due_at": found.recheck_due_at,
                "until_at": found.recheck_due_at + timedelta(days=LATE_DAYS),
                "place": place,
                "finding": found,
                **columns(locate.chain(place.region_id)),
            },
        )
        done += 1
    return done


@transaction.atomic
def case_reopened(case_id: int) -> int:
    """Its case goes on: the re-inspection is called off until it ends again."""
    done = 0
    for found in _of_case(case_id, "recheck"):
        _move(SYSTEM, found, "in_case", "finding.reopen")
        _call_off_rechecks(SYSTEM, found, "reopened")
        # The next end makes a re-inspection of its own.
        FindingCase.objects.create(
            finding=found, case_id=case_id, turn=found.turn + 1, made_at=clock.now()
        )
        found.turn += 1
        found.save(update_fields=["turn"])
        done += 1
    return done


@transaction.atomic
def case_merged(case_id: int, into: int) -> int:
    """Its case was merged into another: that one counts from now on."""
    return FindingCase.objects.filter(
        case_id=case_id, finding__in=[found.pk for found in _of_case(case_id, "in_case")]
    ).update(case_id=into)


def _of_case(case_id: int, state: str) -> list[Finding]:
    """Findings in that state whose newest case this is, locked."""
    wanted = FindingCase.objects.filter(case_id=case_id).values_list("finding", "turn")
    turns = dict(wanted.order_by("turn"))
    rows = Finding.objects.select_for_update(of=("self",)).select_related("place")
    rows = rows.filter(pk__in=turns, state=state).order_by("pk")
    return [found for found in rows if turns[found.pk] == found.turn]


def _call_off_rechecks(actor: Actor, found: Finding, code: str) -> None:
    """Cancel the finding's re-inspection that is still open: another inspection came first."""
    rows = Task.objects.select_for_update(of=("self",)).filter(finding=found, status=Status.OPEN)
    for task in rows:
        call_off(actor, task, code)
