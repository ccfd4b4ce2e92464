"""The demo loads at whatever moment somebody runs it: in office hours, at night, on holidays."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mengding.cases.models import Approval, Case, WorkOrder
from mengding.core import clock
from mengding.demo import daily, foresight, onsite, stories, watching
from mengding.demo.roster import PEOPLE
from mengding.supervision.models import Demand
from mengding.tasks.models import Finding, Place, Task
from mengding.warnings.models import Alert

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
CHINA = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 24, 13, 40, tzinfo=CHINA),  # a Tuesday
        datetime(2026, 11, 25, 17, 29, tzinfo=CHINA),  # by now the first limit was over
        datetime(2026, 11, 26, 3, 0, tzinfo=CHINA),
        datetime(2026, 11, 28, 11, 0, tzinfo=CHINA),  # Saturday
        datetime(2026, 11, 30, 8, 31, tzinfo=CHINA),  # Monday morning
        datetime(2026, 10, 8, 9, 0, tzinfo=CHINA),  # the first day after a long holiday
        datetime(2026, 2, 18, 12, 0, tzinfo=CHINA),  # Spring Festival
    ],
    ids=str,
)
def test_the_stories_can_be_told(moment: datetime) -> None:
    with clock.at(moment):
        before = Case.objects.count()
        stories.tell()
        watching.tell()
    assert Case.objects.count() == before + 20
    turns = Demand.objects.filter(opened_at__gte=moment - timedelta(days=1))
    assert {"waiting", "answered", "closed"} <= set(turns.values_list("status", flat=True))
    waiting = Approval.objects.filter(status="pending").values_list("kind", flat=True)
    assert {"extension", "suspension", "return", "void"} <= set(waiting)
    with clock.at(moment):
        daily.tell()
    with clock.at(moment):
        onsite.tell()
    fresh = Case.objects.filter(reported_at__range=(moment - timedelta(days=9), moment))
    assert fresh.filter(help_asked_at__isnull=False).count() == 1
    there = WorkOrder.objects.filter(arrived_at__isnull=False, case__in=fresh)
    assert there.count() == 2
    assert all(order.arrived_at <= moment for order in there if order.arrived_at)
    by_hand = fresh.filter(channel="grid", lead_org__code__startswith="centre-5118")
    assert sorted(by_hand.values_list("stage", flat=True)) == ["closed", "fed_back"]
    mine = Place.objects.filter(made_at__gte=moment - timedelta(days=7))
    assert mine.count() == 12
    assert Finding.objects.filter(place__in=mine).count() == 3
    assert Task.objects.filter(status="completed", plan__isnull=False).count() > 10
    with clock.at(moment):
        foresight.tell({person.username: stories.actor_of(person.username) for person in PEOPLE})
    found = Alert.objects.filter(raised_at__gte=moment - timedelta(days=2))
    stages = {(row.kind, row.status, row.case_id is not None) for row in found}
    assert stages >= {
        ("repeat", "taken", False), ("repeat", "taken", True), ("series", "open", False),
        ("crowd", "open", False), ("crowd", "dismissed", False),
        ("spike", "open", False), ("overdue", "open", False),
    }  # fmt: skip
    assert all(row.raised_at <= row.seen_at <= moment for row in found)
