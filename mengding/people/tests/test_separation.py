"""Duties that stay apart: administrators, handler and verifier, one's own account, areas."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from mengding.core.actor import SYSTEM, Actor, Role
from mengding.core.errors import Conflict, DomainError, GuardFailed, Invalid, NotAllowed
from mengding.ledger.models import Event
from mengding.people import actions, queries
from mengding.people.actions import OrganisationData
from mengding.people.models import ADMINISTRATORS, Account, Organisation, Post
from mengding.people.tests.world import World


@pytest.fixture
def security(world: World) -> Actor:
    """The security administrator of the district."""
    return world.actor(Role.SECURITY_ADMIN)


@pytest.fixture
def system(world: World) -> Actor:
    """The system administrator of the district."""
    return world.actor(Role.SYSTEM_ADMIN)


def give(
    world: World, actor: Actor, account: Account, role: str, org: str, region: str | None = None
) -> Post:
    """Create a post through the action."""
    return actions.create_post(
        actor,
        account=account.pk,
        role=role,
        organisation=world.orgs[org].pk,
        region=world.regions[region].pk if region else None,
    )


@pytest.mark.parametrize("first", ADMINISTRATORS)
@pytest.mark.parametrize("second", ADMINISTRATORS)
def test_nobody_is_two_administrators(
    world: World, security: Actor, first: Role, second: Role
) -> None:
    account = world.account("somebody")
    give(world, security, account, first, "centre-district")
    if first is second:
        give(world, security, account, second, "centre-town")
        return
    with pytest.raises(GuardFailed, match="administrators_separate"):
        give(world, security, account, second, "centre-town")
    with pytest.raises(IntegrityError), transaction.atomic():  # nor behind the action's back
        world.post(account, second, "centre-town")


def test_an_ended_post_frees_the_account(world: World, security: Actor) -> None:
    account = world.account("somebody")
    post = give(world, security, account, "auditor", "centre-district")
    actions.end_post(security, post.pk)
    give(world, security, account, "system_admin", "centre-district")
    with pytest.raises(GuardFailed):
        give(world, security, account, "auditor", "centre-district")


@pytest.mark.parametrize(("one", "two"), [("handler", "verifier"), ("verifier", "handler")])
def test_handler_is_no_verifier_of_the_same_organisation(
    world: World, security: Actor, one: str, two: str
) -> None:
    account = world.account("somebody")
    give(world, security, account, one, "urban-district")
    give(world, security, account, one, "urban-district", "town")
    give(world, security, account, two, "centre-district")
    with pytest.raises(GuardFailed, match="handler_is_no_verifier"):
        give(world, security, account, two, "urban-district", "town")
    with pytest.raises(IntegrityError), transaction.atomic():
        world.post(account, Role(two), "urban-district")


def test_nobody_manages_themselves(world: World, security: Actor) -> None:
    assert security.account_id is not None
    assert security.post_id is not None
    me = Account.objects.get(pk=security.account_id)
    tries: list[Callable[[], object]] = [
        lambda: give(world, security, me, "desk", "centre-town"),
        lambda: actions.end_post(security, security.post_id or 0),
        lambda: actions.deactivate_account(security, me.pk),
        lambda: actions.reset_password(security, me.pk),
        lambda: actions.unlock_account(security, me.pk),
        lambda: actions.update_account(security, me.pk, name="x", language="zh"),
    ]
    for attempt in tries:
        with pytest.raises(NotAllowed, match="own_account"):
            attempt()


def test_every_other_role_is_refused(world: World) -> None:
    account = world.account("somebody")
    post = world.post(account, Role.DESK, "centre-town")
    data = OrganisationData(code="x", kind="team", name="x", region=world.regions["town"].pk)
    for role in Role:
        actor = world.actor(role)
        if role is not Role.SECURITY_ADMIN:
            tries: list[Callable[[Actor], object]] = [
                lambda actor: give(world, actor, account, "desk", "centre-district"),
                lambda actor: actions.end_post(actor, post.pk),
                lambda actor: actions.create_account(actor, username="new", name="x"),
                lambda actor: actions.reset_password(actor, account.pk),
                lambda actor: actions.unlock_account(actor, account.pk),
                lambda actor: actions.deactivate_account(actor, account.pk),
            ]
            for attempt in tries:
                with pytest.raises(NotAllowed):
                    attempt(actor)
        if role is not Role.SYSTEM_ADMIN:
            with pytest.raises(NotAllowed):
                actions.create_organisation(actor, data)
            with pytest.raises(NotAllowed):
                actions.deactivate_organisation(actor, world.orgs["water-district"].pk)


def test_a_towns_administrators_stay_in_the_town(world: World) -> None:
    local = world.actor(Role.SECURITY_ADMIN, "centre-town")
    account = world.account("somebody")
    give(world, local, account, "desk", "centre-village")
    with pytest.raises(NotAllowed, match="outside_area"):
        give(world, local, account, "desk", "centre-district")
    above = world.account("above")
    post = world.post(above, Role.SYSTEM_ADMIN, "centre-district")
    for attempt in (
        lambda: actions.reset_password(local, above.pk),
        lambda: actions.end_post(local, post.pk),
        lambda: actions.issue_token(local, post=post.pk, name="x", scopes=["regions.read"]),
    ):
        with pytest.raises(NotAllowed, match="outside_area"):
            attempt()
    seen = {row["id"] for row in queries.posts(local)}
    assert post.pk not in seen
    assert above.pk not in {row["id"] for row in queries.accounts(local)}
    assert account.pk in {row["id"] for row in queries.accounts(local)}

    office = world.actor(Role.SYSTEM_ADMIN, "centre-town")
    data = OrganisationData(code="x", kind="team", name="x", region=world.regions["elsewhere"].pk)
    with pytest.raises(NotAllowed, match="outside_area"):
        actions.create_organisation(office, data)


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"role": "king"}, Invalid, "role"),
        ({"region": "elsewhere"}, Invalid, "region"),
        ({}, Conflict, None),
    ],
)
def test_bad_posts(
    world: World, security: Actor, change: dict[str, Any], error: type[DomainError], field: str
) -> None:
    account = world.account("somebody")
    world.post(account, Role.DESK, "centre-town")
    with pytest.raises(error) as caught:
        give(world, security, account, **{"role": "desk", "org": "centre-town", **change})
    assert caught.value.field == field


def test_every_write_is_one_event_without_names(world: World, security: Actor) -> None:
    account, password = actions.create_account(security, username="wang", name="王芳")
    post = give(world, security, account, "desk", "centre-town")
    actions.update_account(security, account.pk, name="王芳芳", language="en")
    actions.unlock_account(security, account.pk)
    actions.reset_password(security, account.pk)
    actions.end_post(security, post.pk)
    actions.deactivate_account(security, account.pk)
    actions.activate_account(security, account.pk)
    rows = Event.objects.filter(account_id=security.account_id).order_by("id")
    assert [row.action for row in rows] == [
        "account.create",
        "post.create",
        "account.update",
        "account.unlock",
        "account.reset_password",
        "post.end",
        "account.deactivate",
        "account.activate",
    ]
    kept = str([(row.before, row.after) for row in rows])
    for secret in ("wang", "王芳", password):
        assert secret not in kept


def test_organisation_from_birth_to_close(world: World, system: Actor) -> None:
    town = world.regions["town"].pk
    data = OrganisationData(
        code="parks-town", kind="department", name="园林", region=town, department_code="parks"
    )
    org = actions.create_organisation(system, data)
    assert queries.organisation_for("parks", world.regions["grid"]) == org
    changed = actions.update_organisation(
        system,
        org.pk,
        OrganisationData(
            code="parks-town",
            kind="department",
            name="园林所",
            region=town,
            department_code="parks",
            parent=world.orgs["urban-district"].pk,
        ),
        version=1,
    )
    assert (changed.version, changed.name) == (2, "园林所")
    with pytest.raises(Conflict) as caught:
        actions.update_organisation(system, org.pk, data, version=1)
    assert caught.value.extra["current"]["version"] == 2
    world.post(world.account("holder"), Role.HANDLER, "urban-town")
    with pytest.raises(GuardFailed, match=r"in_use.*posts"):
        actions.deactivate_organisation(system, world.orgs["urban-town"].pk)
    with pytest.raises(GuardFailed, match=r"in_use.*below"):
        actions.deactivate_organisation(system, world.orgs["urban-district"].pk)
    actions.deactivate_organisation(system, org.pk)
    assert queries.organisation_for("parks", world.regions["grid"]) is None
    kept = Event.objects.filter(subject_kind="organisation", subject_id=org.pk).order_by("seq")
    assert [e.action.partition(".")[2] for e in kept] == ["create", "update", "deactivate"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "Ä"}, "code"),
        ({"code": "centre-town"}, "code"),
        ({"kind": "club"}, "kind"),
        ({"name": "  "}, "name"),
        ({"name": "长" * 81}, "name"),
        ({"region": 999_999}, "region"),
        ({"parent": 999_999}, "parent"),
        ({"kind": "centre"}, "region"),
        ({"department_code": "urban"}, "department_code"),
        ({"department_code": "Ä"}, "department_code"),
    ],
)
def test_bad_organisations_name_the_field(
    world: World, system: Actor, change: dict[str, Any], field: str
) -> None:
    fine = {"code": "new", "kind": "team", "name": "新", "region": world.regions["town"].pk}
    with pytest.raises(DomainError) as caught:
        actions.create_organisation(system, OrganisationData(**{**fine, **change}))
    assert caught.value.field == field


def test_an_organisation_is_not_its_own_parent(world: World, system: Actor) -> None:
    upper, lower = world.orgs["urban-district"], world.orgs["urban-town"]
    lower.region = upper.region
    lower.department_code = ""
    lower.save()
    for parent in (upper, lower):
        data = OrganisationData(
            code=upper.code,
            kind=upper.kind,
            name="x",
            region=upper.region_id,
            parent=parent.pk,
            department_code="urban",
        )
        with pytest.raises(Invalid, match="parent_below"):
            actions.update_organisation(system, upper.pk, data)


@pytest.mark.django_db(transaction=True)
def test_two_connections_cannot_make_two_administrators(make_world: Callable[[], World]) -> None:
    world = make_world()
    account = world.account("somebody")
    org = world.orgs["centre-district"].pk
    start = threading.Barrier(2)
    answers: list[str] = []

    def make(role: str) -> None:
        start.wait()
        try:
            actions.create_post(SYSTEM, account=account.pk, role=role, organisation=org)
            answers.append("made")
        except GuardFailed as error:
            answers.append(error.code)
        finally:
            connection.close()

    both = [threading.Thread(target=make, args=(r,)) for r in ("auditor", "system_admin")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(answers) == ["administrators_separate", "made"]
    assert Post.objects.filter(account=account).count() == 1
    assert Organisation.objects.filter(pk=org).exists()
