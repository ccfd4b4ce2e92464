"""The policy as properties, over every role, level, place and scope."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mengding.core.actor import RESIDENT, SYSTEM, Actor, ActorKind, Level, Role
from mengding.core.errors import NotAllowed
from mengding.policy.permissions import ROLES, Bearings, can, holds, in_area, require, sees

ADMINISTRATORS = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR}
SMALL = st.integers(1, 3)
ORGS = st.frozensets(SMALL)
SCOPES = st.none() | st.frozensets(
    st.sampled_from([*ROLES, *{f"{code.split('.')[0]}.*" for code in ROLES}])
)


@st.composite
def actors(draw: st.DrawFn) -> Actor:
    """Staff or a machine in any post; its organisation is always among `org_ids`."""
    org = draw(SMALL)
    return Actor(
        kind=draw(st.sampled_from([ActorKind.STAFF, ActorKind.MACHINE])),
        account_id=draw(SMALL),
        post_id=1,
        role=draw(st.sampled_from(Role)),
        org_id=org,
        org_ids=draw(ORGS) | {org},
        region_id=draw(st.none() | SMALL),
        level=draw(st.sampled_from(Level)),
        scopes=draw(SCOPES),
    )


@st.composite
def cases(draw: st.DrawFn) -> Bearings:
    """A case anywhere."""
    somewhere = st.none() | SMALL
    return Bearings(
        district_id=draw(somewhere),
        town_id=draw(somewhere),
        village_id=draw(somewhere),
        grid_id=draw(somewhere),
        confidential=draw(st.booleans()),
        assigned_org_ids=draw(ORGS),
        received_by_account_id=draw(st.none() | SMALL),
    )


ACTIONS = st.sampled_from(sorted(ROLES))
CASE_ACTIONS = st.sampled_from(sorted(a for a in ROLES if a.startswith(("case.", "contact."))))


def own_place(actor: Actor, case: Bearings) -> int | None:
    """The id of the case's region on the actor's own level."""
    return {
        Level.DISTRICT: case.district_id,
        Level.TOWN: case.town_id,
        Level.VILLAGE: case.village_id,
        Level.GRID: case.grid_id,
    }[actor.level or Level.GRID]


@given(actors(), cases(), st.sampled_from(["case.close", "case.rework"]))
def test_nobody_checks_what_their_own_organisation_handles(
    actor: Actor, case: Bearings, action: str
) -> None:
    if can(actor, action, case):
        assert actor.role is Role.VERIFIER
    verifier = replace(actor, role=Role.VERIFIER, region_id=1, level=Level.DISTRICT, scopes=None)
    here = replace(case, district_id=1, confidential=False)
    assert sees(verifier, here)
    assert can(verifier, action, here) == (actor.org_id not in case.assigned_org_ids)


@given(actors(), cases(), st.sampled_from(["case.close", "case.rework"]))
def test_the_handler_never_checks(actor: Actor, case: Bearings, action: str) -> None:
    assert not can(replace(actor, role=Role.HANDLER), action, case)


@given(actors(), cases(), CASE_ACTIONS)
def test_no_role_reaches_outside_its_area(actor: Actor, case: Bearings, action: str) -> None:
    assume(actor.region_id is None or own_place(actor, case) != actor.region_id)
    if actor.role is Role.HANDLER:
        assume(not actor.org_ids & case.assigned_org_ids)
    assert not sees(actor, case)
    assert not can(actor, action, case)


@given(actors(), cases(), CASE_ACTIONS)
def test_a_handler_reaches_only_what_is_assigned_to_it(
    actor: Actor, case: Bearings, action: str
) -> None:
    handler = replace(actor, role=Role.HANDLER)
    assert sees(handler, case) == bool(handler.org_ids & case.assigned_org_ids)
    if can(handler, action, case):
        assert handler.org_ids & case.assigned_org_ids


@given(actors(), cases(), st.sampled_from(sorted(ADMINISTRATORS)))
def test_administrators_never_see_or_touch_cases(actor: Actor, case: Bearings, role: Role) -> None:
    administrator = replace(actor, role=role)
    assert not sees(administrator, case)
    for action in ROLES:
        if action.startswith("case."):
            assert not can(administrator, action, case)
    assert not can(administrator, "contact.reveal", case)


@given(actors(), cases())
def test_confidential_cases_are_for_the_mediator_and_who_received_them(
    actor: Actor, case: Bearings
) -> None:
    secret = replace(case, confidential=True)
    if sees(actor, secret) and actor.role not in {Role.MEDIATOR, Role.HANDLER}:
        assert actor.account_id == secret.received_by_account_id


@given(actors(), cases(), ACTIONS)
def test_what_one_may_do_is_held_and_seen(actor: Actor, case: Bearings, action: str) -> None:
    if can(actor, action, case):
        assert holds(actor, action)
        assert sees(actor, case)


@given(actors(), ACTIONS)
def test_scopes_only_take_away(actor: Actor, action: str) -> None:
    unlimited = replace(actor, scopes=None)
    if holds(actor, action):
        assert holds(unlimited, action)
    if actor.scopes is not None and holds(unlimited, action):
        named = {action, f"{action.split('.')[0]}.*"}
        assert holds(actor, action) == bool(named & actor.scopes)
    assert not holds(replace(actor, scopes=frozenset()), action)


@given(cases())
def test_area_is_the_posts_own_level(case: Bearings) -> None:
    here = Actor(ActorKind.STAFF, role=Role.DESK, region_id=1, level=Level.TOWN)
    assert in_area(here, case) == (case.town_id == 1)
    assert not in_area(replace(here, region_id=None), case)
    assert in_area(SYSTEM, case)


@given(cases(), ACTIONS)
def test_residents_and_actors_without_a_post_hold_nothing(case: Bearings, action: str) -> None:
    for actor in (RESIDENT, Actor(ActorKind.STAFF, account_id=1)):
        assert not holds(actor, action)
        assert not can(actor, action, case)
        with pytest.raises(NotAllowed):
            require(actor, action, case)


@given(cases(), ACTIONS)
def test_the_system_may_everything(case: Bearings, action: str) -> None:
    assert can(SYSTEM, action, case)


def test_administrators_hold_no_part_of_each_other() -> None:
    """Separation of duty: each action that changes settings or people has exactly one of them."""
    for action, roles in ROLES.items():
        if action.endswith(".manage"):
            assert len(roles) == 1, action
            assert roles <= ADMINISTRATORS, action
    assert ROLES["ledger.read"] == {Role.AUDITOR}


def test_an_unknown_action_is_a_bug_not_a_refusal() -> None:
    with pytest.raises(KeyError):
        can(SYSTEM, "case.fly")
