"""Nearest department and centre, and the memory behind them."""

from time import monotonic

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mengding.core.actor import Role
from mengding.people import cache, queries
from mengding.people.models import Organisation
from mengding.people.tests.world import World


def test_department_is_the_nearest_up_the_tree(world: World) -> None:
    found = queries.organisation_for
    assert found("urban", world.regions["grid"]) == world.orgs["urban-town"]
    assert found("urban", world.regions["elsewhere"]) == world.orgs["urban-district"]
    assert found("water", world.regions["grid"].pk) == world.orgs["water-district"]
    assert found("fire", world.regions["grid"]) is None
    assert found("urban", 999_999) is None


def test_closed_department_is_passed_over(world: World) -> None:
    world.orgs["urban-town"].active = False
    world.orgs["urban-town"].save()
    found = queries.organisation_for("urban", world.regions["grid"])
    assert found == world.orgs["urban-district"]


def test_centres_up_and_down(world: World) -> None:
    district, town, village = (
        world.orgs[f"centre-{name}"] for name in ("district", "town", "village")
    )
    assert queries.centre_of(world.regions["grid"]) == village
    assert queries.centre_of(world.regions["hamlet"]) == town
    assert queries.centre_of(world.regions["elsewhere"]) == district
    assert queries.centre_above(village) == town
    assert queries.centre_above(district) is None
    assert queries.centre_below(district, world.regions["grid"]) == town
    assert queries.centre_below(town.pk, world.regions["grid"]) == village
    assert queries.centre_below(town, world.regions["hamlet"]) is None
    assert queries.centre_below(town, world.regions["elsewhere"]) is None
    assert queries.centre_below(town, world.regions["town"]) is None


def test_lookups_cost_no_query_until_something_changes(world: World) -> None:
    queries.organisation_for("urban", world.regions["grid"])
    with CaptureQueriesContext(
        connection,
    ) as asked:
        queries.organisation_for("urban", world.regions["grid"])
        queries.centre_of(world.regions["grid"])
    assert len(asked) == 0
    world.account("somebody")  # a sign-in saves an account: no reason to read the tree again
    with CaptureQueriesContext(connection) as asked:
        queries.centre_of(world.regions["grid"])
    assert len(asked) == 0
    world.org("fire-town", "department", "town")
    assert queries.organisation_for("fire", world.regions["grid"]) == world.orgs["fire-town"]


def test_memory_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = {"now": monotonic()}
    monkeypatch.setattr(cache, "monotonic", lambda: clock["now"])
    queries.forget()
    assert queries.centre_of(world.regions["hamlet"]) == world.orgs["centre-town"]
    # Another process closes the centre: no signal arrives here.
    Organisation.objects.filter(code="centre-town").update(active=False)
    assert queries.centre_of(world.regions["hamlet"]) == world.orgs["centre-town"]
    clock["now"] += cache.SECONDS + 0.1
    assert queries.centre_of(world.regions["hamlet"]) == world.orgs["centre-district"]


def test_actor_has_everything_below_its_organisation(world: World) -> None:
    actor = world.actor(Role.HANDLER, "urban-district")
    assert actor.org_ids == {world.orgs["urban-district"].pk, world.orgs["urban-town"].pk}
    below = world.actor(Role.HANDLER, "urban-town")
    assert below.org_ids == {world.orgs["urban-town"].pk}
    assert {row["account_id"] for row in queries.colleagues(actor)} == {
        actor.account_id,
        below.account_id,
    }
