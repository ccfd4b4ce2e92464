"""Field work by area, against what was made by hand."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.stages import Channel
from mengding.cases.tests.made import report, spot, who
from mengding.core import clock
from mengding.core.errors import Invalid, NotAllowed, NotFound
from mengding.demo.secrets import token
from mengding.duty import queries as duty
from mengding.duty.models import EndedBy, Interval
from mengding.indicators.spans import Span, compared
from mengding.indicators.tests.following import caught_up
from mengding.regions.models import Region
from mengding.scores.fieldwork import fieldwork
from mengding.scores.tests.made import OCTOBER, VILLAGE, at, deed, grid_post, task

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]

DAYS = Span(OCTOBER, date(2026, 11, 1))
TOWN = VILLAGE[:9]


def seen(region: str = "", username: str = "supervise", days: Span = DAYS) -> dict[str, Any]:
    with clock.at(at(date(2026, 11, 10))):
        caught_up()
        before, earlier = compared("month", days, date(2026, 11, 10))
        return fieldwork(who(username), days, {"before": before, "earlier": earlier}, region)


def made() -> None:
    """In one village: a task done, one missed; a visit, another a month before; a case found."""
    task(1)
    task(13, done=None)
    deed(OCTOBER, VILLAGE, "hazard")
    deed(OCTOBER - timedelta(days=20), VILLAGE, "hazard")
    with clock.at(at(date(2026, 10, 7))):
        report(village=VILLAGE)
        lon, lat = spot(VILLAGE)
        message = Message(text="井盖松动", channel=Channel.GRID, lon=lon, lat=lat)
        cases.receive(who("grid"), message)


def test_tasks_visits_and_cases_by_town_and_village() -> None:
    made()
    found = seen()
    rows = {row["code"]: row["values"] for row in found["rows"]}
    assert list(rows) == sorted(rows)  # no ranking
    values = rows[TOWN]
    assert (values["done_rate"]["n"], values["done_rate"]["of"]) == (1, 2)
    assert values["failed"]["n"] + values["missed"]["n"] == 1
    assert values["visited_rate"]["n"] == 1
    assert values["cases_found"]["n"] == 1  # the other came by another channel
    villages = Region.objects.filter(level="village", active=True)
    assert found["total"]["visited_rate"]["of"] == villages.count()
    assert values["visited_rate"]["of"] == villages.filter(code__startswith=TOWN).count()
    for code in found["total"]:
        assert sum(row[code]["n"] for row in rows.values()) == found["total"][code]["n"], code
    assert found["beside"]["before"]["total"]["visited_rate"]["n"] == 1
    assert found["beside"]["before"]["total"]["done_rate"]["of"] == 0
    # One town: its villages; one village: itself.
    town = seen(TOWN)
    assert {row["code"]: row["values"] for row in town["rows"]}[VILLAGE]["visited_rate"] == {
        "n": 1, "of": 1, "share": 1.0,
    }  # fmt: skip
    assert town["total"] == values
    village = seen(VILLAGE)
    assert (village["rows"], village["total"]["done_rate"]["of"]) == ([], 2)


def test_time_on_duty_is_told_in_days_of_villages() -> None:
    """Twice on one day is one day, over midnight two; what is to come is not counted."""
    post = grid_post()
    place = Region.objects.get(code=VILLAGE)

    def on_duty(first: Any, hours: int) -> None:
        Interval.objects.create(
            account_id=post.account_id, post=post, region=place, started_at=first,
            ends_by=first + timedelta(hours=hours), limited_by="longest",
            ended_at=first + timedelta(hours=hours), ended_by=EndedBy.WORKER, on_recorded_at=first,
            off_recorded_at=first + timedelta(hours=hours),
        )  # fmt: skip

    day = date(2026, 10, 5)
    for hour, hours in ((8, 2), (11, 2), (22, 4)):  # the last one until two on the next day
        on_duty(at(day, hour), hours)
    values = seen(VILLAGE)["total"]["covered_rate"]
    assert (values["n"], values["of"]) == (2, 31)
    with clock.at(at(day, 9)):
        covered = duty.days_covered({place.pk}, OCTOBER, date(2026, 11, 1))
        assert covered == {place.pk: 1}


def test_whose_field_work() -> None:
    made()
    town = seen(username="town")
    assert town["area"] == TOWN
    for region in ("511803", "511803001"):
        with pytest.raises(NotFound):
            seen(region, "town")
    with pytest.raises(NotAllowed):
        seen(username="handler")
    with pytest.raises(Invalid):
        seen(days=Span(date(2025, 1, 1), date(2026, 11, 1)))


def test_over_http_and_as_a_file() -> None:
    made()
    headers = {"Authorization": f"Bearer {token('supervise')}"}
    query = "?kind=month&day=2026-10-05"
    found = Client().get(f"/api/v1/fieldwork{query}", headers=headers).json()
    assert (found["since"], len(found["columns"])) == ("2026-10-01", 10)
    text = Client().get(f"/api/v1/fieldwork/file{query}", headers=headers).content.decode()
    assert "走到的村" in text
    assert text.splitlines()[-1].startswith("网格上报案件,")
    # Nothing about a person: no name of anybody, no account, no post.
    assert "杨帆" not in str(found)
    assert {"account", "post", "person"}.isdisjoint(found["rows"][0])
