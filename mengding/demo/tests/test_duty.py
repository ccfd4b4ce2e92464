"""The demo's teams and rosters are there at whatever moment it is loaded."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mengding.core import clock
from mengding.core.cache import forget_everything
from mengding.demo import duty as demo
from mengding.demo.roster import PEOPLE
from mengding.demo.stories import actor_of
from mengding.duty import queries

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
CHINA = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("moment", "present"),
    [
        (datetime(2026, 11, 24, 13, 40, tzinfo=CHINA), True),
        (datetime(2026, 11, 29, 19, 0, tzinfo=CHINA), False),  # Sunday, between the shifts
        (datetime(2026, 11, 30, 3, 0, tzinfo=CHINA), False),  # the night shift began last week
        (datetime(2026, 12, 1, 3, 0, tzinfo=CHINA), True),
        (datetime(2026, 2, 18, 10, 0, tzinfo=CHINA), True),  # Spring Festival: volunteers too
    ],
    ids=str,
)
def test_teams_at_any_moment(moment: datetime, present: bool) -> None:
    with clock.at(moment):
        demo.tell({person.username: actor_of(person.username) for person in PEOPLE})
        boss, grid = actor_of("supervise"), actor_of("grid")
        assert {row["kind"] for row in queries.teams(boss)} >= {
            *("professional", "township", "volunteer"),
        }
        assert bool(queries.on_duty(boss)) == present
        assert queries.my_roster(grid)["slots"]
        assert any(row["answer"] for row in queries.swaps(grid))
        assert any(row["decide"] for row in queries.swaps(boss))
        assert any(row["decide"] for row in queries.leaves(boss))
    forget_everything()
