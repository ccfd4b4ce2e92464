"""Contact data: shown only on purpose and on record, deleted on time."""

from datetime import timedelta

from django.db import transaction

from mengding.cases.actions.engine import lock
from mengding.cases.actions.filing import reason_given
from mengding.cases.contacts import read
from mengding.cases.indexing import reindex
from mengding.cases.models import Case, Contact, Report
from mengding.cases.place import Place
from mengding.cases.stages import ENDED
from mengding.cases.visibility import bearings
from mengding.core import clock, seal
from mengding.core.actor import SYSTEM, Actor
from mengding.core.errors import NotFound
from mengding.core.text import T
from mengding.ledger.actions import Entry, record
from mengding.policy.permissions import require


def _locked(report_id: int) -> tuple[Report, Case]:
    """A report and its case, both locked, the case first as everywhere else.

    The other way round this would wait for a merge that waits for the report.
    """
    while True:
        found = Report.objects.filter(pk=report_id).values_list("case_id").first()
        if found is None:
            raise NotFound("report_not_found", T("没有这条诉求。", "There is no such report."))
        case = Case.objects.select_for_update(of=("self",)).get(pk=found[0])
        report = Report.objects.select_for_update().get(pk=report_id)
        if report.case_id == case.pk:  # else it was moved meanwhile
            return report, case


@transaction.atomic
def reveal_contact(actor: Actor, report_id: int, *, purpose: str) -> dict[str, str]:
    """The contact data of a report in clear; each look is an event with its purpose."""
    purpose = reason_given(purpose, "purpose")
    _, case = _locked(report_id)
    lock(actor, case.pk)  # NotFound where the actor may not see it
    require(actor, "contact.reveal", bearings(case))
    contact = Contact.objects.filter(pk=report_id).first()
    if contact is None:
        raise NotFound(
            "no_contact",
            T("没有联系方式，或已按期删除。", "No contact data was left, or it has been deleted."),
        )
    data = read(contact)
    record(
        actor,
        Entry(
            "case",
            case.pk,
            "contact.reveal",
            after={"report": report_id, "fields": sorted(data)},
            words=purpose,
        ),
    )
    return data


@transaction.atomic
def erase_report(actor: Actor, report_id: int, *, reason: str) -> None:
    """Erase one person's words and contact data for good; the ledger keeps only digests."""
    report, case = _locked(report_id)
    # By place, not by bearings: who erases personal data does not see the case.
    require(actor, "contact.erase", Place.stored(case))
    Contact.objects.filter(pk=report_id).delete()
    words, place = report.description, report.address
    report.description, report.address, report.media_url, report.attributes = "", "", "", {}
    report.salt, report.erased_at = b"", clock.now()
    report.save()
    left = Report.objects.filter(case=case, erased_at__isnull=True).order_by("pk").first()
    # The person's words also stand on the case that began with them, and on one that was merged
    # into it. What somebody else said of the matter takes their place, where there is any.
    copies = list(Case.objects.select_for_update().filter(duplicate_of=case).order_by("pk"))
    for held in (case, *copies):
        if left is None or held.description == words:
            held.description, held.salt = left.description if left else "", seal.new_salt()
        if left is None or held.address == place:
            held.address = left.address if left else ""
    case.version += 1
    case.updated_at = clock.now()
    for held in (case, *copies):
        held.save(update_fields=["description", "address", "salt", "version", "updated_at"])
        reindex(held)
    record(
        actor,
        Entry(
            "case",
            case.pk,
            "report.erase",
            after={"report": report_id, "version": case.version},
            words=reason_given(reason),
        ),
    )


def erase_due(limit: int = 500) -> int:
    """Delete contact data whose day has come; cases still open keep theirs a month more.

    Each deletion is an event; returns how many were deleted.
    """
    today = clock.now().date()
    deleted = 0
    for report_id in list(
        Contact.objects.filter(delete_on__lte=today).values_list("pk", flat=True)[:limit]
    ):
        with transaction.atomic():
            contact = (
                Contact.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("report__case")
                .filter(pk=report_id, delete_on__lte=today)
                .first()
            )
            if contact is None:
                continue
            case = contact.report.case
            if case.stage not in ENDED:
                contact.delete_on = today + timedelta(days=30)
                contact.save(update_fields=["delete_on"])
                continue
            contact.delete()
            record(SYSTEM, Entry("case", case.pk, "contact.delete", after={"report": report_id}))
            deleted += 1
    return deleted
