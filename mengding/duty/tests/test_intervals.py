"""Going on and off duty: late, twice, in any order; what ends by itself; what is refused."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.core.actor import SYSTEM
from mengding.core.cache import forget_everything
from mengding.core.errors import Invalid, NotAllowed
from mengding.demo.secrets import token
from mengding.duty import actions, queries
from mengding.duty.book import spans
from mengding.duty.models import Interval
from mengding.duty.tests.test_book import LONGEST, limit, marks, said, times_of
from mengding.ledger.models import Event
from mengding.people import actions as people

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
H = timedelta(hours=1)
NOON = datetime.fromisoformat("2026-11-25T12:00:00+08:00")


def me(username: str = "grid") -> int:
    account = who(username).account_id
    assert account is not None
    return account


def rows(account: int | None = None) -> list[tuple[float, float | None, str]]:
    """Intervals as hours from noon."""
    found = Interval.objects.filter(account=account or me()).order_by("started_at")
    return [
        (
            (row.started_at - NOON) / H,
            None if row.ended_at is None else (row.ended_at - NOON) / H,
            row.ended_by,
        )
        for row in found
    ]


def say(on: bool, at: float | None = None, now: float = 0, by: str = "grid") -> Any:
    with clock.at(NOON + now * H):
        verb = actions.go_on if on else actions.go_off
        return verb(who(by), None if at is None else NOON + at * H)


def test_on_and_off() -> None:
    assert queries.open_interval(me()) is None
    done = say(True)
    assert (done.on, done.already) == (True, False)
    with clock.at(NOON + H):
        assert queries.open_interval(me()) == done.interval
    again = say(True, now=1)
    assert (again.on, again.already) == (True, True)
    assert again.interval == done.interval
    off = say(False, now=2)
    assert (off.on, off.already) == (False, False)
    assert rows() == [(0, 2, "worker")]
    assert say(False, now=3).already
    told = Event.objects.filter(subject_kind="duty", subject_id=done.interval.pk).order_by("seq")
    assert [each.action for each in told] == ["duty.on", "duty.off"]
    assert told[0].account_id == me()


def test_late_from_a_phone_without_signal() -> None:
    """On at 8, off at 11, both heard at 13, when another phone has been on since half past 12."""
    say(True, now=0.5)
    say(True, at=-4, now=1)
    off = say(False, at=-1, now=1)
    assert off.on  # the later one is still open
    assert rows() == [(-4, -1, "worker"), (0.5, None, "")]
    first = Interval.objects.earliest("started_at")
    assert first.on_recorded_at == NOON + H  # both clocks are kept
    assert first.started_at == NOON - 4 * H


def test_off_before_on_arrives() -> None:
    assert say(False, at=-1, now=0).already
    say(True, at=-4, now=0.1)
    assert rows() == [(-4, -1, "worker")]


def test_a_wrong_clock_loses_nothing() -> None:
    done = say(True, at=5, now=0)
    assert done.on
    assert rows() == [(0, None, "")]
    with pytest.raises(Invalid) as refused:
        say(True, at=-7 * 24 - 0.1)
    assert refused.value.field == "at"
    with pytest.raises(Invalid):
        actions.go_on(who("grid"), datetime(2026, 11, 25, 12))  # noqa: DTZ001 - on purpose


def test_forgotten_duty_ends_after_twelve_hours_to_the_minute() -> None:
    say(True)
    with clock.at(NOON + 11.9 * H):
        assert actions.end_due() == 0
        assert queries.open_interval(me())
    with clock.at(NOON + 12.5 * H):
        # Nobody counts as on duty behind the limit, even before the job has run.
        assert queries.open_interval(me()) is None
        assert queries.covering(me(), NOON + 12.2 * H) is None
        assert queries.covering(me(), NOON + 11.9 * H)
        assert actions.end_due() == 1
        assert actions.end_due() == 0
    assert rows() == [(0, 12, "longest")]
    ended = Event.objects.filter(action="duty.end").latest("pk")
    assert ended.actor_kind == "system"
    assert say(True, now=13).on  # and nothing keeps anybody from going on again


def test_who_signed_off_offline_is_believed() -> None:
    """The end moves back; the positions of the hours between go with it (a wall of `positions`)."""
    say(True)
    with clock.at(NOON + 13 * H):
        actions.end_due()
    say(False, at=8, now=14)
    assert rows() == [(0, 8, "worker")]
    told = Event.objects.filter(subject_kind="duty").latest("pk")
    assert (told.action, told.before["ended_by"]) == ("duty.correct", "longest")


@pytest.fixture
def forgetful() -> Iterator[None]:
    """What is closed here is open again for the next test."""
    yield
    forget_everything()


@pytest.mark.usefixtures("forgetful")
def test_a_closed_post_is_off_duty() -> None:
    say(True)
    post, account = who("grid").post_id, me()
    assert post is not None
    with clock.at(NOON + H):
        people.end_post(SYSTEM, post)
    assert rows(account) == [(0, 1, "post")]


@pytest.mark.usefixtures("forgetful")
def test_a_closed_account_is_off_duty() -> None:
    say(True)
    account = me()
    with clock.at(NOON + H):
        people.deactivate_account(SYSTEM, account)
    assert rows(account) == [(0, 1, "post")]


def test_who_may() -> None:
    for username in ("grid", "desk", "dispatch", "handler", "verify", "supervise", "mediate"):
        assert say(True, by=username).on
    for username in ("sysadmin", "secadmin", "audit"):
        with pytest.raises(NotAllowed):
            say(True, by=username)
    with pytest.raises(NotAllowed):
        actions.go_on(SYSTEM)


def test_listed_in_the_own_area_only() -> None:
    with clock.at(NOON):
        for username in ("grid", "handler", "town"):
            actions.go_on(who(username))
        seen = {row["name"] for row in queries.on_duty(who("dispatch"))}
        assert seen >= {"杨帆", "刘强", "陈思远"}
        town = {row["name"] for row in queries.on_duty(who("town"))}
        assert "杨帆" in town
        assert "刘强" not in town
        with pytest.raises(NotAllowed):
            queries.on_duty(who("grid"))


def test_coverage_of_a_village() -> None:
    grid, handler = who("grid"), who("handler")
    assert grid.region_id is not None
    assert handler.region_id is not None
    with clock.at(NOON):
        actions.go_on(handler)
        assert not queries.covers(grid.region_id)  # a handler patrols nothing
        actions.go_on(grid)
        assert queries.covers(grid.region_id)
        assert queries.covers(handler.region_id)  # the district has somebody
    with clock.at(NOON + H):
        actions.go_off(grid)
        assert not queries.covers(grid.region_id)
        assert queries.covers(grid.region_id, NOON + H / 2)


# The database


def _row(**fields: Any) -> Interval:
    actor = who("grid")
    return Interval(
        **{
            "account_id": actor.account_id,
            "post_id": actor.post_id,
            "started_at": NOON,
            "ends_by": NOON + 12 * H,
            "limited_by": "longest",
            "on_recorded_at": NOON,
        }
        | fields
    )


def _over(ended: datetime, by: str = "worker") -> dict[str, Any]:
    return {"ended_at": ended, "ended_by": by, "off_recorded_at": ended}


@pytest.mark.parametrize(
    "second",
    [
        {},
        {"started_at": NOON + 3 * H, **_over(NOON + 4 * H)},
        {"started_at": NOON - 3 * H, **_over(NOON + H)},
        {"started_at": NOON - H, "ends_by": NOON + 11 * H},
    ],
)
def test_the_database_refuses_overlaps(second: dict[str, Any]) -> None:
    _row().save()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS interval_no_overlap IMMEDIATE")
    with pytest.raises(IntegrityError, match="interval_no_overlap"):
        _row(**second).save()


@pytest.mark.parametrize(
    "wrong",
    [
        _over(NOON - H),
        _over(NOON + 13 * H),
        _over(NOON + H, by=""),
        {"ended_by": "worker"},
        {"ends_by": NOON},
    ],
)
def test_the_database_refuses_nonsense(wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        _row(**wrong).save()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(said, st.randoms(use_true_random=False))
def test_what_is_stored_is_what_the_marks_say(pairs: Any, dice: Any) -> None:
    """In any order of arrival, each heard at a moment of its own after it was done."""
    days = timedelta(days=40)  # away from what other tests stored
    pairs = [(at + days, on) for at, on in pairs]
    expected = times_of(spans(marks(pairs), limit, NOON + days * 2))
    dice.shuffle(pairs)
    with transaction.atomic():
        heard = max([at for at, _ in pairs], default=NOON) + H
        for at, on in pairs:
            heard += timedelta(minutes=1)
            with clock.at(heard):
                (actions.go_on if on else actions.go_off)(who("grid"), at)
        with clock.at(heard + LONGEST):
            actions.end_due()
        found = Interval.objects.filter(account=me(), started_at__gte=NOON).order_by("started_at")
        stored = [(row.started_at, row.ended_at) for row in found]
        # On and off at one instant is no time on duty, whether a row tells of it or not.
        assert [each for each in stored if each[0] != each[1]] == [
            each for each in expected if each[0] != each[1]
        ]
        transaction.set_rollback(True)


# Over HTTP


def call(method: str, path: str, by: str, body: str = "", **headers: str) -> Any:
    answer = Client().generic(
        method,
        f"/api/v1{path}",
        body,
        "application/json",
        headers={"Authorization": f"Bearer {token(by)}", **headers},
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_over_http() -> None:
    key = {"Idempotency-Key": "duty-test-1"}
    first = call("POST", "/duty/on", "grid", "{}", **key)
    assert first["on"]
    assert not first["already"]
    assert call("POST", "/duty/on", "grid", "{}", **key) == first  # the same answer again
    assert call("POST", "/duty/on", "grid", "{}")["already"]
    own = call("GET", "/duty/me", "grid")
    assert own["interval"]["id"] == first["interval"]["id"]
    assert [each["id"] for each in own["recent"]] == [first["interval"]["id"]]
    assert call("GET", "/duty/me", "handler")["recent"] == []
    assert not call("POST", "/duty/off", "grid", "{}")["on"]


def test_every_change_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    plain = json.dumps

    def heard(value: dict[str, Any]) -> str:
        told.append(value)
        return plain(value)

    monkeypatch.setattr(json, "dumps", heard)
    say(True)
    say(True, now=1)
    say(False, now=2)
    assert [(each["on"], each["account_id"]) for each in told] == [
        (True, me()),
        (False, me()),
    ]
