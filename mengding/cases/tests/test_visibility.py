"""One rule in three forms, two conditions in SQL and one in memory, says the same of every case."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mengding.cases import actions, queries
from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.made import ASSIST_ACTOR, case_at, org, report, take, who
from mengding.cases.visibility import bearings, visible_by_row, visible_to
from mengding.core.actor import RESIDENT, SYSTEM, Actor, ActorKind, Level, Role
from mengding.core.errors import NotFound
from mengding.demo.roster import PEOPLE
from mengding.people.models import Organisation
from mengding.policy.permissions import ROLES, can, sees
from mengding.regions.models import Region

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


def many_cases() -> list[Case]:
    """Every stage with and without a helper, confidential or not, here and elsewhere."""
    made = [case_at(stage) for stage in Stage]
    made += [case_at(Stage.DISPATCHED, assist=True), case_at(Stage.FED_BACK, assist=True)]
    # What the departments had is taken from them in each of the possible ways.
    returned = case_at(Stage.HANDLING, assist=True)
    actions.request_return(who("handler"), returned.pk, reason="不归我管")
    actions.grant(who("supervise"), returned.pk)
    elsewhere = case_at(Stage.HANDLING)
    actions.reassign(who("dispatch"), elsewhere.pk, lead_org_id=org("dept-water"), reason="转")
    reopened = case_at(Stage.CLOSED)
    actions.reopen(who("supervise"), reopened.pk, reason="又坏了")
    made += [returned, elsewhere, reopened]
    made += [report(village="511803001001").case, report(village="511803102202").case]
    made.append(report(by="grid").case)
    for by in ("desk", "mediate"):
        dispute = report("邻居吵架", class_code="S0102", by=by).case
        assert dispute.confidential
        made.append(dispute)
    handled = report("邻居吵架", class_code="S0102").case
    take("file", handled.pk)
    actions.dispatch(who("mediate"), handled.pk, lead_org_id=org("dept-water"))
    made.append(handled)
    whole = report(village="511803102201").case
    Case.objects.filter(pk=whole.pk).update(town=None, village=None, grid=None)
    made.append(whole)
    return list(Case.objects.filter(pk__in=[case.pk for case in made]))


def agree(actor: Actor, cases: list[Case]) -> set[int]:
    """All forms pick the same cases; which."""
    rows = Case.objects.filter(pk__in=[case.pk for case in cases]).values_list("pk", flat=True)
    by_sql = set(rows.filter(visible_to(actor)))
    assert by_sql == set(rows.filter(visible_by_row(actor)))
    in_memory = {case.pk for case in cases if can(actor, "case.read", bearings(case))}
    assert by_sql == in_memory
    if actor.scopes is None:
        assert in_memory == {case.pk for case in cases if sees(actor, bearings(case))}
    return by_sql


def test_the_people_of_the_district() -> None:
    cases = many_cases()
    seen = {person.username: agree(who(person.username), cases) for person in PEOPLE}
    everything = {case.pk for case in cases}
    assert agree(SYSTEM, cases) == everything
    assert agree(RESIDENT, cases) == set()
    for name in ("sysadmin", "secadmin", "audit"):
        assert seen[name] == set()
    open_cases = {case.pk for case in cases if not case.confidential}
    assert seen["dispatch"] == seen["supervise"] == seen["verify"] == open_cases
    assert seen["mediate"] == everything
    assert seen["desk"] - open_cases, "what the desk received itself stays visible to it"
    assert seen["desk"] < everything
    assert set() < seen["town"] < open_cases
    assert set() < seen["grid"] < seen["town"]
    assert set() < seen["handler"] < open_cases
    assert set() < seen[ASSIST_ACTOR] != seen["handler"]
    # Reading one case follows the same rule.
    for case in cases:
        if case.pk in seen["town"]:
            assert queries.get_case(who("town"), case.pk).pk == case.pk
        else:
            with pytest.raises(NotFound):
                queries.get_case(who("town"), case.pk)


def test_anybody_at_all() -> None:
    """Every role, area, organisation and scope, of people who do not exist."""
    cases = many_cases()
    orgs = sorted({one for case in cases for one in case.order_org_ids})
    orgs += list(Organisation.objects.values_list("pk", flat=True)[:2])
    areas = {
        value
        for case in cases
        for value in (case.district_id, case.town_id, case.village_id, case.grid_id)
    }
    areas |= set(Region.objects.values_list("pk", flat=True)[:2])
    received = {case.received_by for case in cases} | {None, 0, -1}
    somebody = st.builds(
        Actor,
        kind=st.sampled_from([ActorKind.STAFF, ActorKind.MACHINE]),
        account_id=st.sampled_from(sorted(received, key=str)),
        role=st.none() | st.sampled_from(Role),
        org_ids=st.frozensets(st.sampled_from(orgs), max_size=3),
        region_id=st.sampled_from(sorted(areas, key=str)),
        level=st.none() | st.sampled_from(Level),
        scopes=st.none()
        | st.frozensets(st.sampled_from(["case.read", "case.*", "case.note", *sorted(ROLES)[:3]])),
    )

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(somebody)
    def check(actor: Actor) -> None:
        agree(actor, cases)
        assert not agree(replace(actor, scopes=frozenset()), cases)

    check()
