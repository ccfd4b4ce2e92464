"""Every number of the page opens exactly what it counts, for who may see it and nobody else."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mengding.cases import actions as cases
from mengding.cases.actions import Message
from mengding.cases.stages import Channel, Stage
from mengding.cases.tests.made import case_at, report, spot, take, who
from mengding.cases.tests.test_field import sent
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid, NotAllowed, NotFound
from mengding.costs import actions, queries
from mengding.costs.tests.test_costs import MOMENT, PERSONAL, RATES, arrived, caught_up, names
from mengding.demo.secrets import token
from mengding.indicators.queries.scope import Filters
from mengding.indicators.spans import Span, months_on
from mengding.regions.models import Region
from mengding.scores.tests.made import inspected, somebody, task
from mengding.tasks.models import Inspection, Task

pytestmark = [pytest.mark.usefixtures("fresh_world"), pytest.mark.django_db]

DAYS = Span(date(2026, 10, 1), date(2026, 12, 1))
VILLAGE = "511803102201"
TOWN, DISTRICT = VILLAGE[:9], VILLAGE[:6]
CLOSING = ("file", "dispatch", "accept", "feed_back", "start_check", "close")


@pytest.fixture(autouse=True)
def _that_tuesday() -> Iterator[None]:
    with clock.at(MOMENT):
        yield


def elsewhere() -> str:
    """A village of another town."""
    villages = Region.objects.filter(level="village", active=True).exclude(code__startswith=TOWN)
    return str(villages.order_by("code").values_list("code", flat=True)[0])


def looking(who_looks: str) -> Actor:
    """The supervisor of the district, or one of the town."""
    if who_looks == "district":
        return who("supervise")
    return somebody("townboss", "supervisor", TOWN)


def something_of_everything() -> None:
    """Merged, dealt with on the spot, on site, before the first rates; one in another town."""
    with clock.at(MOMENT - timedelta(days=60)):
        old = case_at(Stage.FED_BACK)  # before the first rates: in no sum
    actions.publish(who("supervise"), DAYS.since, RATES, 0)
    for step in ("start_check", "close"):
        take(step, old.pk)
    with clock.at(MOMENT - timedelta(days=30)):
        case_at(Stage.CLOSED)
    case_at(Stage.CLOSED, class_code="E0110")
    arrived(2.1)
    into = case_at(Stage.FILED)
    cases.merge(who("desk"), report().case.pk, into_id=into.pk)
    for step in CLOSING[1:]:
        take(step, into.pk)
    grid = who("grid")
    lon, lat = spot()
    found_there = Message(
        text="路口散落垃圾", channel=Channel.GRID, class_code="E0110", lon=lon, lat=lat
    )
    photos = [sent(grid, "before", "before"), sent(grid, "after")]
    done = cases.self_handled(grid, found_there, report="已清理", photos=photos)
    assert done.case_id is not None
    for step in ("start_check", "close"):
        take(step, done.case_id)
    other = report(village=elsewhere())
    for step in CLOSING:
        take(step, other.case.pk)
    caught_up()


@pytest.mark.parametrize("who_looks", ["district", "town"])
def test_every_number_of_the_page_drills_to_exactly_its_cases(
    tmp_path: Path, settings: Any, who_looks: str
) -> None:
    """Sums, hours, months, activities, what was saved, what no rates held for, narrowed too."""
    settings.EVIDENCE_ROOT, settings.EVIDENCE_UPLOADS = tmp_path / "files", tmp_path / "uploads"
    something_of_everything()
    boss = looking(who_looks)
    looked = 0
    for ending in ("", "closed", "merged"):
        for filters in (Filters(), Filters(region=TOWN), Filters(class_code="E0110")):
            count = partial(_listed, boss, filters, ending)
            found = queries.values(boss, DAYS, filters, ending=ending)
            assert count(DAYS) == found["total"]["cases"]
            assert count(DAYS, only="unrated") == found["unrated"]
            for kind in ("merged", "spot"):
                assert count(DAYS, only=kind) == found["saved"][kind]["cases"]
                looked += found["saved"][kind]["cases"]
            for each in found["trend"]:
                month = Span(each["month"], months_on(each["month"], 1))
                assert count(month) == each["cases"], month
                looked += each["cases"]
            for each in found["activities"]:
                times = each["count"]  # in a case of them it may have been done more than once
                assert 0 < count(DAYS, activity=each["code"]) <= times
                assert count(DAYS, activity=each["code"]) <= found["total"]["cases"]
                looked += 1
            for row in found["rows"]:
                rows = queries.behind(
                    boss, DAYS, Filters(region=filters.region, class_code=row["key"]),
                    ending=ending, limit=200,
                )["items"]  # fmt: skip
                assert len(rows) == row["cases"]
                if not row["few"]:  # hours and money are those of the cases that are opened
                    assert sum(item["minutes"] for item in rows) == row["minutes"]
                    assert sum(item["fen"] for item in rows) == row["fen"]
                    looked += 1
    assert _listed(boss, Filters(), "", DAYS, only="unrated") == 1
    assert _listed(boss, Filters(), "", DAYS, activity="self_handle") == 1
    assert _listed(boss, Filters(), "", DAYS) == (7 if who_looks == "district" else 6)
    assert looked > 40
    with pytest.raises(Invalid):
        _listed(boss, Filters(), "", DAYS, only="dear")


def _listed(boss: Actor, filters: Filters, ending: str, days: Span, **asked: Any) -> int:
    """How long the list behind a number is, which says itself how long it is."""
    found = queries.behind(boss, days, filters, ending=ending, limit=200, **asked)
    assert found["total"] == len({row["id"] for row in found["items"]})
    return int(found["total"])


def test_behind_hours_the_longest_come_first_not_the_costliest() -> None:
    cheap = {**RATES["rates"], "travel": {"fen": 1}, "handle": {"fen": 60, "unit": "hour"}}
    actions.publish(who("supervise"), DAYS.since, {**RATES, "rates": cheap}, 0)
    long = arrived(2.1)
    short = case_at(Stage.CLOSED).pk
    caught_up()
    for order, first in (("hours", [long, short]), ("cost", [short, long])):
        found: list[int] = []
        cursor = None
        while len(found) < 2:
            page = queries.behind(
                who("supervise"), DAYS, Filters(), order=order, limit=1, cursor=cursor
            )
            found += [row["id"] for row in page["items"]]
            cursor = page["next"]
        assert (found, cursor) == (first, None)


def test_a_town_sees_nothing_of_another() -> None:
    actions.publish(who("supervise"), DAYS.since, RATES, 0)
    other = report(village=elsewhere()).case.pk
    for step in CLOSING:
        take(step, other)
    caught_up()
    town = looking("town")
    assert _listed(who("supervise"), Filters(), "", DAYS) == 1
    assert _listed(town, Filters(), "", DAYS) == 0
    with pytest.raises(NotFound):
        queries.reckoning_of(town, other)
    away = Filters(region=elsewhere()[:9])
    with pytest.raises(NotFound):
        queries.values(town, DAYS, away)
    with pytest.raises(NotFound):
        queries.behind(town, DAYS, away)
    with pytest.raises(NotFound):
        queries.daily(town, DAYS, away, "task")


def test_departments_and_others_see_no_number_and_nothing_behind_it(client: Client) -> None:
    """A handler's own cases too; system administrators see sums, and no single piece of work."""
    actions.publish(who("supervise"), DAYS.since, RATES, 0)
    case = case_at(Stage.CLOSED)
    caught_up()
    behind = (
        "/costs/cases?kind=year", f"/costs/cases/{case.pk}", "/costs/daily?activity=task&kind=year",
    )  # fmt: skip
    for address in ("/costs?kind=year", "/costs/file?kind=year", "/costs/rates", *behind):
        for username in ("handler", "water", "desk", "town", "grid", "mediate", "audit"):
            assert _status(client, username, address) == 403, (username, address)
        assert _status(client, "supervise", address) == 200, address
        assert _status(client, "sysadmin", address) == (403 if address in behind else 200), address
        assert client.get(f"/api/v1{address}").status_code == 401, address
    with pytest.raises(NotAllowed):
        queries.daily(who("sysadmin"), DAYS, Filters(), "task")


def _status(client: Client, username: str, address: str) -> int:
    headers = {"Authorization": f"Bearer {token(username)}"}
    return client.get(f"/api/v1{address}", headers=headers).status_code


def daily_work() -> None:
    """In two towns and in no village; at two rates and before the first; a task by inspecting."""
    other = elsewhere()
    for day in (2, 9, 23):
        inspected(date(2026, 10, day), VILLAGE, "hose")
    inspected(date(2026, 10, 9), other)
    inspected(date(2026, 9, 30), VILLAGE)
    for day in (1, 2, 12, 13, 14):
        task(day)
    task(15, done=None)
    away = Region.objects.get(code=other)
    assert away.parent_id is not None
    lies = {"town_id": away.parent_id, "village_id": away.pk, "grid_id": None}
    Task.objects.filter(pk=task(16).pk).update(**lies)
    Task.objects.filter(pk=task(17).pk).update(town=None, village=None, grid=None)
    Inspection.objects.filter(pk=inspected(date(2026, 10, 20), VILLAGE).pk).update(village=None)
    twenty = {"fen": 1000, "unit": "hour", "minutes": 20}  # 333.33… fen each
    for number, (since, rates) in enumerate(
        ((date(2026, 10, 2), {"task": twenty}), (date(2026, 10, 13), {"task": {"fen": 500}}))
    ):
        with clock.at(MOMENT - timedelta(days=90 - number)):
            actions.publish(who("supervise"), since, {"rates": rates}, number)


@pytest.mark.parametrize("who_looks", ["district", "town"])
def test_daily_work_opens_exactly_what_was_counted(who_looks: str) -> None:
    daily_work()
    boss = looking(who_looks)
    looked = set()
    for days in (DAYS, Span(date(2026, 10, 1), date(2026, 10, 10)), Span(*2 * [date(2026, 10, 2)])):
        days = Span(days.since, max(days.until, days.since + timedelta(days=1)))
        for region in (
            "",
            TOWN,
            f"{TOWN}-",
            VILLAGE,
            *(("", f"{DISTRICT}-") if who_looks == "district" else ()),
        ):
            filters = Filters(region=region)
            for each in queries.values(boss, days, filters)["other_work"]:
                pieces = list(_pieces(boss, days, filters, each["code"], each["count"]))
                assert len({piece["id"] for piece in pieces}) == each["count"] == len(pieces)
                priced = [piece for piece in pieces if piece["fen"] is not None]
                assert sum(piece["fen"] for piece in priced) == each["fen"]
                assert sum(piece["minutes"] or 0 for piece in priced) == each["minutes"]
                assert len(pieces) - len(priced) == each["without_rate"]
                assert [p["at"] for p in pieces] == sorted((p["at"] for p in pieces), reverse=True)
                looked.add((region, each["code"], each["count"]))
    whole = "" if who_looks == "town" else TOWN
    assert {(whole, "task", 5), (whole, "inspection", 4), (f"{TOWN}-", "inspection", 1)} <= looked
    if who_looks == "district":
        assert {("", "task", 7), ("", "inspection", 5), (f"{DISTRICT}-", "task", 1)} <= looked
    # Narrowed to what such work has not, it is not counted, and nothing is behind it.
    by_class = Filters(class_code="E0110")
    assert queries.values(boss, DAYS, by_class)["other_work"] == []
    assert queries.daily(boss, DAYS, by_class, "task")["total"] == 0


def _pieces(
    boss: Actor, days: Span, filters: Filters, code: str, count: int
) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = queries.daily(boss, days, filters, code, cursor=cursor, limit=2)
        assert page["total"] == count
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def test_an_inspection_that_was_a_task_is_behind_one_number_only() -> None:
    from mengding.tasks.tests.made import inspect, place, plan, tasks_of

    hydrant = place()
    row = plan("key_place", who="villages", place_kind="hydrant")
    inspect(hydrant)
    done = tasks_of(row)
    assert [each.status for each in done] == ["completed"]
    month = Span(date(2026, 11, 1), date(2026, 12, 1))
    behind = partial(queries.daily, who("supervise"), month, Filters())
    assert behind("inspection")["total"] == 1
    assert done[0].pk not in {each["id"] for each in behind("task")["items"]}


def test_daily_work_names_nobody_and_mistakes_name_their_field(client: Client) -> None:
    daily_work()
    headers = {"Authorization": f"Bearer {token('supervise')}"}
    asked = "/api/v1/costs/daily?kind=span&since=2026-10-01&until=2026-12-01&activity="
    for activity in ("task", "inspection"):
        answer = client.get(asked + activity, headers=headers)
        assert answer.status_code == 200
        assert not set(names(answer.json())) & set(PERSONAL)
        assert "杨帆" not in answer.content.decode()  # the grid worker who did all of it
        assert all(item["what"] for item in answer.json()["items"])
    bad = client.get(f"{asked}call", headers=headers)
    assert (bad.status_code, bad.json()["field"]) == (422, "activity")
    with pytest.raises(Invalid):
        queries.daily(who("supervise"), DAYS, Filters(), "call")
