"""Drafts, publishing, restoring, what the database refuses, and two people at once."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor, ActorKind, Role
from mengding.core.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from mengding.ledger.models import Event
from mengding.people import queries as people
from mengding.people.models import Organisation, OrgKind
from mengding.regions.models import Region
from mengding.routing import actions, file, queries
from mengding.routing.models import RuleSet, Status
from mengding.routing.rules import Match, Tier
from mengding.routing.tests.test_rules import facts

ADMIN = Actor(kind=ActorKind.STAFF, account_id=1, role=Role.SYSTEM_ADMIN)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    queries.forget()


def rules(department: str = "gas", code: str = "only") -> dict[str, Any]:
    return {
        "rules": [{"code": code, "name": "规则", "when": {}, "target": {"department": department}}]
    }


def published(department: str = "gas") -> RuleSet:
    draft = actions.save_draft(ADMIN, rules(department))
    return actions.publish(ADMIN, draft.version, draft.revision)


@pytest.mark.django_db
def test_a_draft_is_saved_published_and_in_force() -> None:
    assert queries.route_case(facts()).version is None
    draft = actions.save_draft(ADMIN, rules("gas"))
    draft = actions.save_draft(ADMIN, rules("water"), draft.revision)
    assert (draft.version, draft.revision, draft.status) == (1, 2, Status.DRAFT)
    assert queries.route_case(facts()).version is None
    actions.publish(ADMIN, 1, 2)
    routed = queries.route_case(facts())
    assert (routed.version, routed.match.department) == (1, "water")
    published("fire")
    assert queries.route_case(facts()).match.department == "fire"
    assert dict(RuleSet.objects.values_list("version", "status")) == {1: "retired", 2: "active"}
    events = Event.objects.filter(subject_kind="routing").order_by("id")
    assert [event.action for event in events] == [
        *("routing.save_draft", "routing.save_draft", "routing.publish"),
        *("routing.save_draft", "routing.publish"),
    ]
    assert events[4].before == {"active": 1}


@pytest.mark.django_db
def test_an_old_draft_does_not_overwrite_a_newer_one() -> None:
    first = actions.save_draft(ADMIN, rules())
    actions.save_draft(ADMIN, rules(), first.revision)
    for revision in (first.revision, None):
        with pytest.raises(Conflict) as caught:
            actions.save_draft(ADMIN, rules("fire"), revision)
        assert caught.value.extra["current"]["revision"] == 2
        assert caught.value.extra["yours"] == {"revision": revision}
    with pytest.raises(Conflict):
        actions.publish(ADMIN, first.version, 1)
    with pytest.raises(NotFound):
        actions.publish(ADMIN, 99, 1)


@pytest.mark.django_db
def test_wrong_rules_are_not_kept() -> None:
    with pytest.raises(Invalid):
        actions.save_draft(ADMIN, {"rules": [{}]})
    assert not RuleSet.objects.exists()


@pytest.mark.django_db
def test_restoring_copies_an_old_version_into_the_draft() -> None:
    published("gas")
    published("water")
    copy = actions.restore(ADMIN, 1)
    assert (copy.version, copy.copied_from, copy.status) == (3, 1, Status.DRAFT)
    with pytest.raises(Conflict):
        actions.restore(ADMIN, 2)  # would silently replace the draft
    actions.publish(ADMIN, 3, copy.revision)
    assert queries.route_case(facts()).match.department == "gas"
    assert RuleSet.objects.get(version=1).status == Status.RETIRED


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM_ADMIN])
def test_only_the_system_administrator_changes_rules(role: Role) -> None:
    actor = Actor(kind=ActorKind.STAFF, account_id=2, role=role)
    attempts: list[Callable[[], RuleSet]] = [
        lambda: actions.save_draft(actor, rules()),
        lambda: actions.publish(actor, 1, 1),
        lambda: actions.restore(actor, 1),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()


@pytest.mark.django_db
def test_the_database_keeps_what_was_published() -> None:
    published()
    published()
    draft = actions.save_draft(ADMIN, rules())
    for change in (
        "UPDATE routing_ruleset SET rules = '{}' WHERE version = 2",
        "UPDATE routing_ruleset SET status = 'draft', published_at = NULL WHERE version = 2",
        "UPDATE routing_ruleset SET status = 'retired', retired_at = now(), version = 9"
        " WHERE version = 2",
        "UPDATE routing_ruleset SET status = 'active', retired_at = NULL WHERE version = 1",
        "UPDATE routing_ruleset SET saved_at = now() WHERE version = 1",
        "DELETE FROM routing_ruleset WHERE version = 1",
        "DELETE FROM routing_ruleset WHERE version = 2",
        "UPDATE routing_ruleset SET status = 'retired', retired_at = now(), published_at = now()"
        " WHERE version = 3",
    ):
        with (
            pytest.raises((ProgrammingError, InternalError), match="does not change"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change)
    draft.delete()


@pytest.mark.django_db
def test_another_process_is_noticed_at_the_next_check(monkeypatch: pytest.MonkeyPatch) -> None:
    published("gas")
    monkeypatch.setattr(queries, "CHECK_SECONDS", 3600.0)
    assert queries.active_rules().version == 1
    # As another process would: without telling this one.
    at = clock.now()
    RuleSet.objects.filter(version=1).update(status="retired", retired_at=at)
    other = RuleSet(version=2, status="active", rules=rules("fire"), saved_at=at, published_at=at)
    other.save()
    assert queries.active_rules().version == 1
    monkeypatch.setattr(queries, "CHECK_SECONDS", 0.0)
    assert queries.active_rules().version == 2


def _at_once(*attempts: Any) -> list[Any]:
    """Results or refusals of attempts on connections of their own, let go together."""
    gate = threading.Barrier(len(attempts))
    results: list[Any] = [None] * len(attempts)

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=10)
            results[number] = attempts[number]()
        except DomainError as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(attempts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_one_wins_and_the_other_is_told() -> None:
    published("gas")
    draft = actions.save_draft(ADMIN, rules("water"))
    results = _at_once(*[lambda: actions.publish(ADMIN, draft.version, draft.revision)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "RuleSet"]
    refused = next(result for result in results if isinstance(result, Conflict))
    assert refused.extra["current"]["status"] == "active"
    assert Event.objects.filter(action="routing.publish").count() == 2
    assert RuleSet.objects.get(status="active").version == draft.version


@pytest.mark.django_db(transaction=True)
def test_publishing_races_saving_and_nothing_is_lost() -> None:
    draft = actions.save_draft(ADMIN, rules("gas"))
    results = _at_once(
        lambda: actions.publish(ADMIN, draft.version, draft.revision),
        lambda: actions.save_draft(ADMIN, rules("fire"), draft.revision),
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "RuleSet"]
    row = RuleSet.objects.get()
    if isinstance(results[0], RuleSet):
        assert (row.status, row.rules["rules"][0]["target"]["department"]) == ("active", "gas")
    else:
        assert (row.status, row.rules["rules"][0]["target"]["department"]) == ("draft", "fire")


@pytest.mark.django_db(transaction=True)
def test_two_first_drafts_do_not_collide() -> None:
    results = _at_once(*[lambda: actions.save_draft(ADMIN, rules())] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "RuleSet"]
    assert RuleSet.objects.get().version == 1


# ---- who it is ----


@pytest.fixture
def chain() -> list[int]:
    """District, town and village with a centre each and a gas company at the district."""
    above: Region | None = None
    found = []
    for level, code in (
        ("district", "511803"),
        ("town", "511803001"),
        ("village", "511803001001"),
    ):
        path = code if above is None else f"{above.path}.{code}"
        above = Region.objects.create(code=code, level=level, name=code, parent=above, path=path)
        Organisation.objects.create(
            code=f"centre-{code}", kind=OrgKind.CENTRE, name=f"中心{code}", region=above
        )
        found.append(above.pk)
    district = Region.objects.get(pk=found[0])
    for department in ("gas", "water"):
        Organisation.objects.create(
            code=department,
            kind=OrgKind.COMPANY,
            name=department,
            region=district,
            department_code=department,
        )
    people.forget()
    return found


def _match(department: str, tier: Tier) -> Match:
    return Match("r", department, tier, False, (), [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("department", "tier", "known", "expected"),
    [
        ("gas", "district", 3, "gas"),
        ("gas", "village", 3, "gas"),  # none in the village or town: the one above
        ("centre", "village", 3, "centre-511803001001"),
        ("centre", "town", 3, "centre-511803001"),
        ("centre", "village", 2, "centre-511803001"),  # only the town is known
        ("centre", "district", 3, "centre-511803"),
        ("fire", "district", 3, None),
        ("gas", "district", 0, None),
    ],
)
def test_the_organisation_of_a_match(
    chain: list[int], department: str, tier: Tier, known: int, expected: str | None
) -> None:
    found = queries.resolve(_match(department, tier), chain[:known])
    code = Organisation.objects.get(pk=found.org_id).code if found.org_id else None
    assert code == expected
    exact = (department, tier, known) in {
        ("gas", "district", 3),
        ("centre", "village", 3),
        ("centre", "town", 3),
        ("centre", "district", 3),
    }
    if expected:
        assert ("上一级" not in found.why.zh) is exact


@pytest.mark.django_db
def test_known_codes_and_departments_nobody_stands_for(chain: list[int]) -> None:
    known = queries.known_codes()
    assert known.departments == frozenset({"gas", "water"})
    assert known.regions == frozenset({"511803", "511803001", "511803001001"})
    with pytest.raises(Invalid) as caught:
        actions.save_draft(ADMIN, rules("gaz"))
    assert caught.value.field == "rules[0].target.department"


@pytest.mark.django_db
def test_dry_run_over_past_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    published("gas")
    since, until = clock.now() - timedelta(days=30), clock.now()
    asked = []

    def provider(actor: Actor, start: Any, end: Any) -> Iterator[Any]:
        asked.append((actor, start, end))
        yield from ((n, facts()) for n in range(3))

    monkeypatch.setattr(queries, "_provider", None)
    changed = file.load(rules("water"))
    with pytest.raises(NotFound):
        queries.dry_run_over_cases(ADMIN, changed, since, until)
    queries.register_facts_provider(provider)
    run = queries.dry_run_over_cases(ADMIN, changed, since, until)
    assert (run.total, run.changed) == (3, 3)
    assert asked == [(ADMIN, since, until)]
    for start, end in ((until, since), (since.replace(tzinfo=None), until)):
        with pytest.raises(Invalid):
            queries.dry_run_over_cases(ADMIN, changed, start, end)
    handler = Actor(kind=ActorKind.STAFF, role=Role.HANDLER)
    with pytest.raises(NotAllowed):
        queries.dry_run_over_cases(handler, changed, since, until)


@pytest.mark.django_db
def test_the_system_may_set_up_rules() -> None:
    installed = actions.install_default(SYSTEM)
    assert installed is not None
    assert actions.install_default(SYSTEM) is None
    routed = queries.route_case(facts(class_code="E0502", grade="urgent"))
    assert (routed.version, routed.match.rule_code) == (1, "gas-emergency")
    assert routed.match.emergency
