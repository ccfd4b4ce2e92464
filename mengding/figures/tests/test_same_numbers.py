"""Whatever happens to cases, wall and dashboards say the same, and the tables with them."""

import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from mengding.cases.models import Case
from mengding.cases.stages import Stage
from mengding.cases.tests.test_machine import Life
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.figures.queries import ZONE, wall
from mengding.indicators import queries as indicators
from mengding.indicators.queries import Filters
from mengding.indicators.queries.table import Asked, table
from mengding.indicators.spans import Span, span
from mengding.indicators.tests.following import caught_up

WHO = ("supervise", "town", "handler", "mediate")


class Shown(Life):
    """Lives that are looked at on the wall and on the dashboards while they go on."""

    compared = 0

    @invariant()
    def the_wall_and_the_dashboards_agree(self) -> None:
        """For posts that see everything, a town, a department, and confidential matters too."""
        today = self.now.astimezone(ZONE).date()
        with clock.at(self.now):
            caught_up()
            for username in WHO:
                actor = self.people[username]
                seen = wall(actor)
                day, month = span("day", today), span("month", today)

                def told(codes: list[str], days: Span, actor: Actor = actor) -> dict[str, Any]:
                    found: dict[str, Any] = table(actor, Asked(codes, "", days), Filters())["total"]
                    return found

                total = told(["received", "ended", "open"], day)
                assert seen["today"]["received"] == total["received"].n
                assert seen["today"]["ended"] == total["ended"].n
                assert seen["today"]["open"] == total["open"].n
                assert seen["days"][-1]["received"] == total["received"].n
                rate = told(["in_time_rate"], month)["in_time_rate"]
                assert seen["in_time"] == {"n": rate.n, "of": rate.of}
                ever = Span(today - timedelta(days=3650), today + timedelta(days=1))
                late = told(["overdue"], ever)["overdue"]
                assert seen["today"]["overdue"] == late.n
                for code, days, n in (
                    ("received", day, total["received"].n),
                    ("ended", day, total["ended"].n),
                    ("open", day, total["open"].n),
                    ("overdue", ever, late.n),
                    ("in_time_rate", month, rate.n),
                ):
                    behind = indicators.cases_of(actor, code, days.since, days.until, limit=200)
                    assert behind.total == len(behind.items) + behind.hidden == n, code
                # What is said in parts adds up to what is said in all, and so do the stages,
                # which are counted from the tables.
                for part in ("places", "classes"):
                    if seen[part]:
                        assert sum(row["open"] for row in seen[part]) == seen["today"]["open"]
                        late_there = sum(row["overdue"] for row in seen[part])
                        assert late_there <= seen["today"]["overdue"]
                stages = [row for row in seen["stages"] if row["stage"] != Stage.CLOSED]
                assert sum(row["open"] for row in stages) == seen["today"]["open"]
                Shown.compared += seen["today"]["open"]
            everything = Case.objects.filter(closed_at=None, confidential=False).count()
            assert wall(self.people["supervise"])["today"]["open"] == everything

    def count(self, what: str) -> None:
        """Not those of the other machine."""


@pytest.mark.usefixtures("fresh_world")
@pytest.mark.django_db
def test_the_wall_and_the_dashboards_never_disagree() -> None:
    Life.people.clear()
    wanted: Any = settings(
        max_examples=int(os.environ.get("MENGDING_EXAMPLES", "3")),
        stateful_step_count=12,
        deadline=None,
        phases=[phase for phase in Phase if phase is not Phase.shrink],  # each step takes seconds
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Shown, settings=wanted)
    assert Shown.compared > 30
