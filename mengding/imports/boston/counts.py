"""The product's own counts of what was imported, read from its cases."""

from collections import Counter

from django.db.models import Count, Q

from mengding.cases.models import Case


def counts() -> dict[str, Counter[tuple[str, str]]]:
    """As `tally.tally`, from the cases: lead organisation, class, closed, handled late or not."""
    found: dict[str, Counter[tuple[str, str]]] = {
        "received": Counter(),
        "closed": Counter(),
        "ontime": Counter(),
    }
    cases = Case.objects.filter(report__source="boston311")
    for key, column in (("department", "lead_org__name_en"), ("type", "case_class__en")):
        rows = cases.values_list(column).annotate(
            received=Count("pk"),
            closed=Count("pk", filter=Q(stage="closed")),
            ontime=Count("pk", filter=Q(stage="closed", handled_late=False)),
        )
        for name, received, closed, ontime in rows:
            for what, number in (("received", received), ("closed", closed), ("ontime", ontime)):
                if number:
                    found[what][key, name] += number
    return found


def differences(
    ours: dict[str, Counter[tuple[str, str]]], theirs: dict[str, Counter[tuple[str, str]]]
) -> list[str]:
    """One sentence for each count that differs."""
    return [
        f"{what} {key} “{name}”: {ours[what][key, name]}, archive {theirs[what][key, name]}"
        for what in theirs
        for key, name in sorted(set(ours[what]) | set(theirs[what]))
        if ours[what][key, name] != theirs[what][key, name]
    ]


def total(found: Counter[tuple[str, str]]) -> int:
    """All lines: each counts once by department and once by type."""
    return sum(number for (key, _), number in found.items() if key == "department")
