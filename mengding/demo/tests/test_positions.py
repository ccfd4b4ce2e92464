"""People on duty in the demo, at whatever moment somebody loads it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mengding.cases.tests.made import who
from mengding.core import clock
from mengding.demo import positions
from mengding.duty.models import Interval
from mengding.positions import queries
from mengding.positions.models import Fix, Looked

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
CHINA = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 11, 24, 13, 40, tzinfo=CHINA), datetime(2026, 2, 18, 0, 5, tzinfo=CHINA)],
    ids=str,
)
def test_people_are_on_duty_and_have_walked(moment: datetime) -> None:
    Interval.objects.all().delete()
    with clock.at(moment):
        positions.walk()
        people = queries.on_duty(who("dispatch"))
        assert {row["name"] for row in people} == {name for _, name, _ in positions.PATROLS}
        assert all(row["last"] for row in people)
        ages = sorted((moment - row["last"]["at"]).total_seconds() / 60 for row in people)
        assert ages[0] < 1
        assert ages[-1] > 20
        assert len({row["town"] for row in people}) == len(people)
    assert Fix.objects.count() > 1000
    assert Looked.objects.filter(account=who("grid").account_id).exists()
