"""Who has a case open: seen by who may see the case, for half a minute, without a trace."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, who
from mengding.core import clock
from mengding.core.actor import Actor, ActorKind
from mengding.core.errors import NotFound
from mengding.ledger.models import Event
from mengding.presence import actions
from mengding.presence.models import Presence, State

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def said(actor: Actor, case_id: int, state: State = State.VIEWING) -> list[Any]:
    """(name, state) of everybody else."""
    found = actions.be_present(actor, case_id, state)
    return [(each["account_id"], each["state"]) for each in found]


def test_two_see_each_other_until_one_leaves_or_falls_silent(world: Any) -> None:
    case = case_at(Stage.FILED)
    desk, dispatch = who("desk"), who("dispatch")
    before = Event.objects.count()
    with clock.at(NOW):
        assert said(desk, case.pk) == []
        assert said(dispatch, case.pk, State.WRITING) == [(desk.account_id, "viewing")]
        assert said(desk, case.pk) == [(dispatch.account_id, "writing")]
    with clock.at(NOW + timedelta(seconds=20)):
        assert said(dispatch, case.pk, State.LEFT) == [(desk.account_id, "viewing")]
        assert said(desk, case.pk) == []
        said(dispatch, case.pk)
    with clock.at(NOW + timedelta(seconds=51)):
        assert said(dispatch, case.pk) == []
    assert Event.objects.count() == before
    with clock.at(NOW + timedelta(minutes=3)):
        actions.clear()
    assert Presence.objects.count() == 0


def test_only_who_sees_the_case(world: Any) -> None:
    case = case_at(Stage.FILED)
    with pytest.raises(NotFound):
        actions.be_present(who("water"), case.pk, State.VIEWING)
    machine = Actor(**{**_fields(who("desk")), "kind": ActorKind.MACHINE})
    assert actions.be_present(machine, case.pk, State.VIEWING) == []
    assert Presence.objects.count() == 0


def test_the_table_is_unlogged(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'presence_presence'")
        assert cursor.fetchone() == ("u",)


def _fields(actor: Actor) -> dict[str, Any]:
    return {name: getattr(actor, name) for name in actor.__slots__}
