"""Field work by area, against what was made by hand."""

from datetime import date, datetime, timedelta
from random import Random
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
from mengding.indicators.measures import Value
from mengding.indicators.spans import Span, compared
from mengding.indicators.tests.following import caught_up
from mengding.regions import locate
from mengding.regions.models import Region
from mengding.scores.behind import behind
from mengding.scores.fieldwork import FIGURES, fieldwork
from mengding.scores.tests.made import OCTOBER, VILLAGE, at, deed, grid_post, inspected, task
from mengding.tasks.models import Task

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
    assert (values["done_rate"].n, values["done_rate"].of) == (1, 2)
    assert values["failed"].n + values["missed"].n == 1
    assert values["visited_rate"].n == 1
    assert values["cases_found"].n == 1  # the other came by another channel
    villages = Region.objects.filter(level="village", active=True)
    assert found["total"]["visited_rate"].of == villages.count()
    assert values["visited_rate"].of == villages.filter(code__startswith=TOWN).count()
    for code in found["total"]:
        assert sum(row[code].n for row in rows.values()) == found["total"][code].n, code
    assert found["beside"]["before"]["total"]["visited_rate"].n == 1
    assert found["beside"]["before"]["total"]["done_rate"].of == 0
    # One town: its villages; one village: itself.
    town = seen(TOWN)
    below = {row["code"]: row["values"] for row in town["rows"]}
    assert below[VILLAGE]["visited_rate"] == Value(1, 1)
    assert town["total"] == values
    village = seen(VILLAGE)
    assert (village["rows"], village["total"]["done_rate"].of) == ([], 2)


def on_duty(place: Region, first: datetime, hours: int) -> None:
    post = grid_post()
    last = first + timedelta(hours=hours)
    Interval.objects.create(
        account_id=post.account_id, post=post, region=place, started_at=first, ends_by=last,
        limited_by="longest", ended_at=last, ended_by=EndedBy.WORKER, on_recorded_at=first,
        off_recorded_at=last,
    )  # fmt: skip


def generated(seed: int) -> None:
    """Six weeks of everything a figure counts, in villages of two towns and in none."""
    random = Random(seed)
    towns = Region.objects.filter(level="village", active=True).order_by("code")
    ours = towns.filter(code__startswith=TOWN)[:3]
    villages = [*ours, *towns.exclude(code__startswith=TOWN)[:3]]
    busy: set[int] = set()
    for _ in range(40):
        village = random.choice(villages)
        day = random.randrange(-8, 34)  # before October and after it, too
        when = OCTOBER + timedelta(days=day - 1)
        chain = locate.chain(village.pk)
        match random.randrange(5):
            case 0 | 1:
                made = task(day, done=random.choice((None, 10, 20, 40)))
                lies = {"town": chain.town_id, "village": chain.village_id, "grid": None}
                if random.random() < 0.2:
                    lies["village"] = None  # the whole town's
                state = {"status": "cancelled", "done_at": None, "done_event": None}
                gone = state if random.random() < 0.2 else {}
                Task.objects.filter(pk=made.pk).update(**lies, **gone)
            case 2:
                deed(when, village.code, "hazard")
            case 3:
                failing = [item for item in ("hose", "cap", "water") if random.random() < 0.3]
                inspected(when, village.code, *failing)
            case _ if not busy & {day, day + 1, day + 2}:  # nobody is on duty twice at once
                busy |= {day, day + 1, day + 2}
                on_duty(village, at(when, random.randrange(24)), random.choice((2, 30)))
    task(31, done=None, days=8)  # late on the tenth of November, and can still be done
    for village in random.choices(villages, k=6):
        lon, lat = spot(village.code)
        with clock.at(at(date(2026, 10, random.randrange(1, 31)))):
            message = Message(text="井盖松动", channel=Channel.GRID, lon=lon, lat=lat)
            # The grid worker reports in one village only; the desk takes down what others found.
            cases.receive(who("grid" if village.code == VILLAGE else "desk"), message)


def pages(username: str, code: str, region: str, days: Span, part: str) -> tuple[int, list[Any]]:
    """Everything behind a figure, page by page, and what is said to be there."""
    rows: list[Any] = []
    cursor = None
    limit = 1000 if code == "covered_rate" else 5  # days are read anew for each page
    while True:
        with clock.at(at(date(2026, 11, 10))):
            page = behind(who(username), code, days, region, part=part, cursor=cursor, limit=limit)
        rows += page["items"]
        if (cursor := page["next"]) is None:
            return page["total"], rows


@pytest.mark.parametrize("seed", [1, 2])
def test_every_number_of_the_page_drills_to_exactly_what_it_counts(seed: int) -> None:
    """Each figure of each row and of the whole, now and in the period before, for a district's
    supervisor, a town's, and in one village."""
    generated(seed)
    looked = 0
    for username, region in (("supervise", ""), ("supervise", VILLAGE), ("town", "")):
        found = seen(region, username)
        before = Span(found["beside"]["before"]["since"], found["beside"]["before"]["until"])
        told = [
            (region, DAYS, found["total"]),
            (region, before, found["beside"]["before"]["total"]),
        ]
        told += [(row["code"], DAYS, row["values"]) for row in found["rows"]]
        for code, days, values in told:
            for figure in FIGURES:
                value = values[figure.code]
                n, of = value.n, value.of
                wanted = {"counts": n} if of is None else {"counts": n, "rest": of - n, "over": of}
                for part, number in wanted.items():
                    total, rows = pages(username, figure.code, code, days, part)
                    where = (username, code, figure.code, part)
                    assert total == len(rows) == number, where
                    assert len({(row["id"], row["at"]) for row in rows}) == number, where
                    above = sum(row["counts"] for row in rows)
                    assert above == (0 if part == "rest" else n), where
                    looked += number
    # Something of each: else nothing was shown.
    whole = seen()["total"]
    assert [code for code, value in whole.items() if not value.n] == []
    assert looked > 5000


def test_what_is_behind_a_number_names_nobody_and_is_for_whom_the_number_is() -> None:
    made()
    inspected(OCTOBER, VILLAGE, "hose")
    for figure in FIGURES:
        _, rows = pages("supervise", figure.code, "", DAYS, "counts")
        assert "杨帆" not in str(rows)
        with pytest.raises(NotAllowed):  # a department has no such page
            pages("handler", figure.code, "", DAYS, "counts")
        with pytest.raises(NotFound):
            pages("town", figure.code, "511803001", DAYS, "counts")
    with pytest.raises(NotFound):
        pages("supervise", "persons", "", DAYS, "counts")
    with pytest.raises(Invalid):
        pages("supervise", "late", "", DAYS, "rest")
    headers = {"Authorization": f"Bearer {token('supervise')}"}
    address = "/api/v1/fieldwork/items_failed/behind?kind=month&day=2026-10-05"
    found = Client().get(address, headers=headers).json()
    assert (found["thing"], found["total"]) == ("item", 1)
    assert (found["items"][0]["what"], found["items"][0]["about"])[1] == "消火栓"
    assert found["items"][0]["inspection"]


def test_time_on_duty_is_told_in_days_of_villages() -> None:
    """Twice on one day is one day, over midnight two; what is to come is not counted."""
    place = Region.objects.get(code=VILLAGE)

    day = date(2026, 10, 5)
    for hour, hours in ((8, 2), (11, 2), (22, 4)):  # the last one until two on the next day
        on_duty(place, at(day, hour), hours)
    values = seen(VILLAGE)["total"]["covered_rate"]
    assert (values.n, values.of) == (2, 31)
    with clock.at(at(day, 9)):
        covered = duty.days_covered({place.pk}, OCTOBER, date(2026, 11, 1))
        assert covered == {place.pk: {day}}


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
