"""Old positions go, by a job that says what it did; what it missed is not shown either."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.demo.secrets import token
from mengding.duty.models import Interval
from mengding.jobs import schedule
from mengding.jobs.models import JobRun
from mengding.positions import actions, config, queries
from mengding.positions.models import Fix, Latest
from mengding.positions.protocol import Placed, Verdict
from mengding.positions.store import Given, store
from mengding.positions.tests.made import LAT, LON, on_duty, pk

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _clean(db: None) -> None:
    Interval.objects.all().delete()


def worked(day: Any, fixes: int = 3) -> None:
    """The grid worker's shift of a day, as it happened then."""
    grid = who("grid")
    with clock.at(day):
        on_duty(grid, day - timedelta(hours=1), day)
        given = [
            Given(pk(grid), None, Placed(day - timedelta(minutes=m), LON, LAT, 5.0, mock=False))
            for m in range(1, fixes + 1)
        ]
        assert store(given) == [Verdict.KEPT] * fixes


def test_days_past_keeping_are_dropped_and_counted() -> None:
    now = clock.now().replace(hour=4, minute=0)  # noon here
    for back in (config.DAYS + 2, config.DAYS + 1, config.DAYS, 1):
        worked(now - timedelta(days=back))
    with clock.at(now):
        on_duty(who("grid"), now - timedelta(minutes=30))
        result = schedule.run(queries.JOB)
        days = [
            timezone.localdate(now - timedelta(days=config.DAYS + n)).isoformat() for n in (2, 1)
        ]
        assert [day for day in result["days_dropped"] if day in days] == days
        assert result["fixes_deleted"] == 6
        assert result["older_left"] == 0
        kept = [timezone.localdate(at) for at in Fix.objects.values_list("at", flat=True)]
        assert {(timezone.localdate(now) - day).days for day in kept} == {config.DAYS, 1}
        run = JobRun.objects.get(name=queries.JOB)
        assert run.result == result
        assert schedule.state(run.cron, run) == "ok"
        again = schedule.run(queries.JOB)
        assert again["days_dropped"] == []
        assert again["fixes_deleted"] == 0
        # The next days are there already: no fix waits for a table.
        part = f"positions_fix_{timezone.localdate(now) + timedelta(days=3):%Y%m%d}"
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [part])
            assert cursor.fetchone() == (True,)


def test_what_the_job_missed_is_not_shown() -> None:
    now = clock.now().replace(hour=4, minute=0)
    worked(now - timedelta(days=config.DAYS + 1))
    with clock.at(now):
        since = now - timedelta(days=config.DAYS + 2)
        assert Fix.objects.exists()
        assert queries.own_way(who("grid"), since, now)["fixes"] == []


def test_newest_positions_of_who_is_off_duty_are_swept_up() -> None:
    """They go with the interval; this is for what no trigger saw, such as a passed limit."""
    now = clock.now()
    grid = who("grid")
    on_duty(grid, now - timedelta(hours=1), hours=2)
    store([Given(pk(grid), None, Placed(now, LON, LAT, None, mock=False))])
    assert Latest.objects.count() == 1
    with clock.at(now + timedelta(hours=3)):
        assert queries.moving() == []
        assert queries.on_duty(who("dispatch")) == []
        assert actions.expire()["latest_deleted"] == 1


def test_the_worker_reads_how_long_and_when_it_ran() -> None:
    JobRun.objects.filter(name=queries.JOB).delete()

    def kept() -> Any:
        return json.loads(
            Client()
            .get("/api/v1/positions/kept", headers={"Authorization": f"Bearer {token('grid')}"})
            .content
        )

    assert kept()["late"] is True
    assert kept()["last_run_at"] is None
    schedule.run(queries.JOB)
    found = kept()
    assert found["days"] == config.DAYS == 30
    assert found["late"] is False
    assert found["last_run_at"] is not None
    with clock.at(clock.now() + timedelta(days=2)):
        assert kept()["late"] is True
