"""Cases on a map: nothing counted twice, nothing lost, nothing shown that may not be seen."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from mengding.cases import queries
from mengding.cases.models import Case
from mengding.cases.queries.clusters import Window
from mengding.cases.queries.filtering import Filters
from mengding.cases.stages import Stage
from mengding.cases.tests.made import case_at, report, spot, who
from mengding.cases.visibility import visible_to
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.demo.secrets import token
from mengding.regions import cells

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
DISTRICT = (102.9, 29.8, 103.5, 30.4)


def scattered(count: int) -> list[Case]:
    """Cases around one village, by a fixed dice."""
    dice = random.Random(7)
    lon, lat = spot()
    made = []
    for _ in range(count):
        case = report().case
        case.lon, case.lat = lon + dice.uniform(-0.02, 0.02), lat + dice.uniform(-0.02, 0.02)
        case.cell = cells.cell(case.lon, case.lat)
        case.save(update_fields=["lon", "lat", "cell"])
        made.append(case)
    return made


def shown(
    zoom: float, actor: Actor | None = None, bbox: Any = DISTRICT, **filters: Any
) -> dict[str, Any]:
    return queries.case_map(actor or who("dispatch"), Filters(**filters), bbox, zoom)


def counted(found: dict[str, Any]) -> int:
    return sum(int(each["count"]) for each in found["clusters"]) + len(found["cases"])


def test_every_zoom_shows_every_case_once() -> None:
    scattered(40)
    everything = Case.objects.filter(visible_to(who("dispatch")), cell__isnull=False).count()
    lon, lat = spot()
    for zoom in (6, 8, 9.7):
        found = shown(zoom)
        assert counted(found) == found["total"] == everything
        for each in found["clusters"]:
            assert each["count"] == sum(each[c] for c in ("red", "yellow", "green", "grey")) > 1
            west, south, east, north = each["bounds"]
            assert west <= each["lon"] <= east
            assert south <= each["lat"] <= north
    near = (lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03)
    inside = {case.pk for case in Case.objects.filter(cell__isnull=False)}
    for zoom in (12, 15):
        found = shown(zoom, bbox=near)
        assert counted(found) == found["total"]
        assert {each["id"] for each in found["cases"]} <= inside
    assert len(shown(9)["clusters"]) < len(shown(13, bbox=near)["clusters"]) + 1


def test_moving_the_map_changes_no_count() -> None:
    scattered(30)
    lon, lat = spot()
    # The widened window of both holds the cell in the middle whole.
    one = shown(13, bbox=(lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02))
    other = shown(13, bbox=(lon - 0.019, lat - 0.018, lon + 0.021, lat + 0.022))
    by_cell = {tuple(each["bounds"]): each["count"] for each in one["clusters"]}
    both = [each for each in other["clusters"] if tuple(each["bounds"]) in by_cell]
    assert both
    for each in both:
        assert by_cell[tuple(each["bounds"])] == each["count"]


def test_the_nearest_zoom_shows_each_case_of_one_place() -> None:
    made = [report().case for _ in range(3)]
    lon, lat = spot()
    near = (lon - 1e-4, lat - 1e-4, lon + 1e-4, lat + 1e-4)
    found = shown(18.5, bbox=near)
    assert found["clusters"] == []
    assert {case.pk for case in made} <= {each["id"] for each in found["cases"]}
    piled = shown(17, bbox=near)
    assert counted(piled) == found["total"]
    assert piled["clusters"]


def test_filters_are_those_of_the_list() -> None:
    closed, handling = case_at(Stage.CLOSED), case_at(Stage.HANDLING)
    for filters in (
        {"open": True},
        {"stages": (Stage.HANDLING,)},
        {"classes": ("C01",), "colour": "green"},
        {"region_code": "511803102201"},
        {"text": "井盖"},
        {"ids": (closed.pk, handling.pk)},
    ):
        rows, _ = queries.case_page(
            who("dispatch"),
            Filters(**filters),
            order="-reported_at",
            cursor=None,
            limit=200,
        )
        placed = [row for row in rows if row["lon"] is not None]
        found = shown(9, **filters)
        assert counted(found) == len(placed), filters
        assert found["unplaced"] == len(rows) - len(placed)


def test_a_map_shows_what_a_list_shows() -> None:
    dispute = report("邻居吵架", class_code="S0102", by="mediate").case
    elsewhere = report(village="511803001001").case
    for username in ("dispatch", "town", "grid", "handler", "mediate"):
        actor = who(username)
        visible = set(
            Case.objects.filter(visible_to(actor), cell__isnull=False).values_list("pk", flat=True)
        )
        assert shown(9, actor)["total"] == len(visible)
        each = shown(9, actor, ids=(dispute.pk, elsewhere.pk))
        assert {one["id"] for one in each["cases"]} == {dispute.pk, elsewhere.pk} & visible
    assert shown(9, who("audit"))["total"] == 0


def test_four_queries_however_many_there_are() -> None:
    actor = who("dispatch")
    lon, lat = spot()
    near = (lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03)
    scattered(25)
    shown(13, actor, bbox=near)  # the catalogue is kept from here on
    with CaptureQueriesContext(connection) as asked:
        found = shown(13, actor, bbox=near)
    assert found["clusters"]
    assert len(found["cases"]) > 1
    assert len(asked) == 4  # in a transaction of its own, two more begin and end it


def test_a_colour_asked_for_is_that_of_all() -> None:
    made = scattered(25)
    now = clock.now()
    day = timedelta(days=1)
    times = {"red": (-2, -1), "yellow": (-1, 1), "green": (1, 2)}
    for at, case in enumerate(made):
        yellow, due = times[("red", "yellow", "green")[at % 3]]
        Case.objects.filter(pk=case.pk).update(yellow_at=now + yellow * day, due_at=now + due * day)
    ids = tuple(case.pk for case in made)
    for at, colour in enumerate(("red", "yellow", "green")):
        found = shown(9, ids=ids, colour=colour)
        assert found["total"] == len(made[at::3])
        for cluster in found["clusters"]:
            assert cluster[colour] == cluster["count"]
            assert cluster["red"] + cluster["yellow"] + cluster["green"] == cluster["count"]
        assert found["clusters"]
    assert shown(9, ids=ids, colour="grey")["total"] == 0


@pytest.mark.parametrize("zoom", [0, 5, 11.3, 18, 22])
def test_a_window_is_whole_cells_around_what_was_asked(zoom: float) -> None:
    lon, lat = spot()
    half = 0.5 / 2**zoom
    asked = (lon - half, lat - half, lon + half, lat + half)
    window = Window.of(asked, zoom)
    assert window.bbox[0] <= asked[0] < asked[2] <= window.bbox[2]
    assert window.bbox[1] <= asked[1] < asked[3] <= window.bbox[3]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?zoom=9", "bbox_missing"),
        ("?zoom=9&bbox=1,2,3", "bbox_bad"),
        ("?zoom=9&bbox=103,30,102,31", "bbox_bad"),
        ("?zoom=9&bbox=nan,30,104,31", "bbox_bad"),
        ("?zoom=18&bbox=102,29,104,31", "bbox_wide"),
    ],
)
def test_a_wrong_window_is_named(client: Client, query: str, code: str) -> None:
    answer = client.get(
        f"/api/v1/cases/map{query}", headers={"Authorization": f"Bearer {token('dispatch')}"}
    )
    assert answer.status_code == 422, answer.content
    assert (answer.json()["code"], answer.json()["field"]) == (code, "bbox")
    with pytest.raises(Invalid):
        Window.of((-181, 0, 0, 0), 3)


def test_rows_by_their_ids(client: Client) -> None:
    """What a board reads again after a change: the changed rows and no others."""
    one, other = report().case, report().case
    report()
    answer = client.get(
        f"/api/v1/cases?ids={one.pk}&ids={other.pk}&ids=999999999",
        headers={"Authorization": f"Bearer {token('dispatch')}"},
    )
    assert {row["id"] for row in answer.json()["items"]} == {one.pk, other.pk}
