"""What of a case can be found by search."""

from mengding.cases.models import Case
from mengding.catalogue import queries as catalogue
from mengding.catalogue.queries import CaseClassInfo
from mengding.search.actions import index


def reindex(case: Case, chosen: CaseClassInfo | None = None, reply: str = "") -> None:
    """Index number, class names, address, description and the public reply."""
    if chosen is None and case.case_class_id:
        chosen = catalogue.class_by_id(case.case_class_id)
    if not reply and case.reply_id:
        reply = case.reply.text if case.reply else ""
    index(
        case.pk,
        case.reported_at,
        case.number or "",
        *((chosen.code, chosen.name.zh, chosen.name.en, chosen.big.zh) if chosen else ()),
        case.address,
        case.description,
        reply,
    )
