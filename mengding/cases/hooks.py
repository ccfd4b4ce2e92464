"""What the apps below ask of cases: channels and past facts for routing, access for evidence."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from mengding.cases.actions.intake import LOCAL, in_worktime
from mengding.cases.models import Case, WorkOrder
from mengding.cases.place import Place
from mengding.cases.stages import LIVE, Channel
from mengding.cases.visibility import bearings, visible_to
from mengding.catalogue import queries as catalogue
from mengding.core import dependents
from mengding.core.actor import Actor, Role
from mengding.core.dependents import Dependents
from mengding.core.text import T
from mengding.evidence import subjects as evidence
from mengding.ledger import naming
from mengding.policy.permissions import can, sees
from mengding.regions import locate
from mengding.routing import queries as routing
from mengding.routing.rules import Facts

_COUNTED = 1000


def past_facts(actor: Actor, since: datetime, until: datetime) -> Iterator[tuple[int, Facts]]:
    """(case id, facts) of cases reported in the span, the newest first, for a dry run of rules.

    An administrator of the rules gets counts over the cases of the own area without seeing any:
    the dry run shows ids, codes and destinations only.
    """
    rows = Case.objects.filter(reported_at__gte=since, reported_at__lt=until)
    rows = (
        rows.filter(district_id=actor.region_id)
        if actor.role is Role.SYSTEM_ADMIN
        else rows.filter(visible_to(actor))
    )
    rows = rows.exclude(class_code="").select_related("condition").order_by("-reported_at", "-id")
    for case in rows.iterator(chunk_size=1000):
        assert case.case_class_id is not None
        chosen = catalogue.class_by_id(case.case_class_id)
        local = case.reported_at.astimezone(LOCAL)
        yield (
            case.pk,
            Facts(
                class_code=case.class_code,
                condition_code=case.condition.code if case.condition else None,
                kind=chosen.kind,
                default_department=chosen.default_department,
                grade=case.grade,
                region_codes=Place.stored(case).region_codes,
                channel=case.channel,
                local_time=local,
                is_worktime=in_worktime(local),
                text=case.description,
            ),
        )


def _case(case_id: int) -> Case | None:
    return Case.objects.filter(pk=case_id).first()


def may_read(actor: Actor, case_id: int) -> bool:
    """Whether the actor may see the case, and with it what is attached to it."""
    case = _case(case_id)
    return case is not None and can(actor, "case.read", bearings(case))


def may_attach(actor: Actor, case_id: int) -> bool:
    """Whether the actor may attach something to the case."""
    case = _case(case_id)
    return (
        case is not None
        and sees(actor, bearings(case))
        and can(actor, "case.attach", bearings(case))
    )


def may_erase(actor: Actor, case_id: int) -> bool:
    """Whether the actor may erase what is attached: by place, since such a post sees no case."""
    case = _case(case_id)
    return case is not None and can(actor, "evidence.erase", Place.stored(case))


def label(case_id: int) -> list[str]:
    """For watermarks: number, and the divisions below the district."""
    case = _case(case_id)
    if case is None:
        return []
    place = case.grid_id or case.village_id or case.town_id or case.district_id
    names = locate.names(place)
    return [case.number or f"#{case.pk}", "".join(names[1:] or names)]


def case_numbers(case_ids: set[int]) -> dict[int, str]:
    """Numbers of filed cases by id."""
    rows = Case.objects.filter(pk__in=case_ids, number__isnull=False)
    return {pk: number or "" for pk, number in rows.values_list("pk", "number")}


def case_by_number(number: str) -> int | None:
    """The id of a case by its number, or by "#id" as an unfiled one is shown."""
    if number.startswith("#") and number[1:].isdecimal() and len(number) < 19:
        return int(number[1:])
    return Case.objects.filter(number=number).values_list("pk", flat=True).first()


def _open_cases(where: Q) -> Dependents | None:
    # Counted no further than anybody reads; the partial index of open cases answers.
    rows = Case.objects.filter(where, closed_at__isnull=True)
    count = rows.order_by()[:_COUNTED].count()
    if not count:
        return None
    more = "+" if count == _COUNTED else ""
    text = T("{n} 件在办案件", "open cases: {n}").fill(n=f"{count}{more}")
    return Dependents("open_cases", text, count)


def open_cases_of_region(pk: int) -> Dependents | None:
    """Open cases in a division: they go on where they are."""
    found = _open_cases(Q(district=pk) | Q(town=pk) | Q(village=pk) | Q(grid=pk))
    return replace(found, blocks=False) if found else None


def open_cases_of_organisation(pk: int) -> Dependents | None:
    """Open cases an organisation owns, or has a part in: nobody would be left to act."""
    orders = WorkOrder.objects.filter(case=OuterRef("pk"), organisation=pk, status__in=sorted(LIVE))
    return _open_cases(Q(owner_org=pk) | Q(lead_org=pk) | Q(Exists(orders)))


def register() -> None:
    """Called once, when the app is ready."""
    naming.register("case", case_numbers, case_by_number)
    dependents.register("region", "open_cases", open_cases_of_region)
    dependents.register("organisation", "open_cases", open_cases_of_organisation)
    routing.register_channels(channel.value for channel in Channel)
    routing.register_facts_provider(past_facts)
    evidence.register_subject(
        "case", can_read=may_read, can_write=may_attach, can_erase=may_erase, label=label
    )
