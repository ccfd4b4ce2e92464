"""The map of the whole history, from sums: always what the cases themselves say."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mengding.cases import queries, tiles
from mengding.cases.models import Case, Tile, TileChange, WorkOrder
from mengding.cases.queries import ended
from mengding.cases.queries.clusters import Window
from mengding.cases.queries.filtering import Filters
from mengding.cases.stages import OrderKind, OrderStatus, Stage
from mengding.cases.tests.made import ASSIST, LEAD, LEAD_ACTOR, case_at, org, report, spot, who
from mengding.cases.visibility import departments, visible_to
from mengding.core import clock
from mengding.core.actor import SYSTEM, Actor
from mengding.regions import cells

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.django_db]
DISTRICT = (102.9, 29.8, 103.5, 30.4)
CASES = 6
# An end without a number, so that any case can come and go.
ENDS = {"stage": "declined", "outcome": ""}
STEPS = st.sampled_from(
    ["end", "open", "move", "secret", "class", "town", "orders", "lose", "import", "delete", "fold"]
)


def ordered(case: int, orgs: list[int]) -> None:
    """The departments `orgs` have an order each, in this order, and nobody else has."""
    WorkOrder.objects.filter(case=case).delete()
    for number, each in enumerate(orgs):
        WorkOrder.objects.create(
            case_id=case, organisation_id=each, kind=OrderKind.ASSIST if number else OrderKind.LEAD,
            status=OrderStatus.DONE, sent_at=clock.now(),
        )  # fmt: skip
    Case.objects.filter(pk=case).update(order_org_ids=orgs)


def near() -> tuple[float, float, float, float]:
    lon, lat = spot()
    return lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02


def told(actor: Actor, bbox: Any, zoom: float, filters: Filters) -> dict[int, tuple[int, float]]:
    """Tile → (cases, mean of lon) as the map answers."""
    found = queries.case_map(actor, filters, bbox, zoom)
    level = Window.of(bbox, zoom).level
    rows = {}
    for each in found["clusters"]:
        west, south, east, north = each["bounds"]
        middle = cells.cell((west + east) / 2, (south + north) / 2)
        rows[cells.parent(middle, level)] = (each["count"], each["lon"])
    for each in found["cases"]:
        tile = cells.parent(cells.cell(each["lon"], each["lat"]), level)
        assert tile not in rows
        rows[tile] = (1, round(each["lon"], 6))
    return rows


def counted(actor: Actor, bbox: Any, zoom: float, filters: Filters) -> dict[int, tuple[int, float]]:
    """The same, from each case."""
    window = Window.of(bbox, zoom)
    at: dict[int, list[float]] = defaultdict(list)
    for case in Case.objects.filter(visible_to(actor), cell__isnull=False):
        tile = cells.parent(case.cell or 0, window.level)
        fits = not filters.classes or case.class_code.startswith(filters.classes)
        if filters.open is False:
            fits = fits and case.closed_at is not None
        if window.holds(tile) and fits:
            at[tile].append(case.lon or 0.0)
    return {tile: (len(rows), round(sum(rows) / len(rows), 6)) for tile, rows in at.items()}


def same(actor: Actor) -> None:
    for bbox, zoom in ((DISTRICT, 9.0), (near(), 13.0), (near(), 14.0), (near(), 15.2)):
        for filters in (Filters(), Filters(open=False), Filters(classes=("C01",))):
            level = Window.of(bbox, zoom).level
            finest = 16 if filters.classes else 17 if departments(actor) else 19
            assert (ended.sums(actor, filters, bbox, level) is None) == (level > finest)
            mine, theirs = told(actor, bbox, zoom, filters), counted(actor, bbox, zoom, filters)
            assert mine.keys() == theirs.keys()
            for tile, (count, lon) in theirs.items():
                assert mine[tile][0] == count
                assert mine[tile][1] == pytest.approx(lon, abs=2e-6)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_sums_are_those_of_the_cases_whatever_happens(data: st.DataObject) -> None:
    with transaction.atomic():
        made, copies = [report().case.pk for _ in range(CASES)], []
        lon, lat = spot()
        for _ in range(data.draw(st.integers(1, 12))):
            rows = Case.objects.filter(pk=data.draw(st.sampled_from(made)))
            match data.draw(STEPS):
                case "end":
                    rows.update(**ENDS, closed_at=clock.now())
                case "open":
                    rows.update(stage="received", closed_at=None)
                case "move":
                    x = lon + data.draw(st.floats(-0.015, 0.015))
                    y = lat + data.draw(st.floats(-0.015, 0.015))
                    rows.update(lon=x, lat=y, cell=cells.cell(x, y))
                case "secret":
                    rows.update(confidential=data.draw(st.booleans()))
                case "class":
                    rows.update(class_code=data.draw(st.sampled_from(["C0137", "E0110", ""])))
                case "town":
                    rows.update(town=None, village=None, grid=None)
                case "orders":
                    orgs = st.permutations([org(LEAD), org(ASSIST)])
                    ordered(rows.get().pk, data.draw(orgs)[: data.draw(st.integers(0, 2))])
                case "lose":
                    rows.update(lon=None, lat=None, cell=None)
                case "import":  # one that had ended before it came
                    copy = Case.objects.get(pk=made[0])
                    copy.pk, copy.stage, copy.closed_at = None, "declined", clock.now()
                    copy.save()
                    ordered(copy.pk, copy.order_org_ids)
                    copies.append(copy.pk)
                case "delete":
                    for gone in copies[:1]:
                        ordered(gone, [])
                        Case.objects.filter(pk=gone).delete()
                    copies = copies[1:]
                case "fold":
                    tiles.fold(data.draw(st.integers(1, 9)))
        for username in ("dispatch", "town", "mediate", LEAD_ACTOR):
            same(who(username))
        both = frozenset({org(LEAD), org(ASSIST)})
        same(replace(who(LEAD_ACTOR), org_ids=both))  # one with an order to each counts once
        same(SYSTEM)
        while tiles.fold():
            pass
        assert not TileChange.objects.exists()
        folded = kept()
        tiles.fill()
        assert kept() == folded
        transaction.set_rollback(True)


def kept() -> set[tuple[Any, ...]]:
    names = [each.name for each in Tile._meta.concrete_fields if each.name != "pk"]
    return {tuple(map(str, row)) for row in Tile.objects.exclude(n=0).values_list(*names)}


def test_what_is_open_notes_nothing() -> None:
    """Receiving and moving on costs no note; ending costs one."""
    before = TileChange.objects.count()
    case = case_at(Stage.CHECKING)
    assert TileChange.objects.count() == before
    Case.objects.filter(pk=case.pk).update(stage="declined", closed_at=clock.now())
    Case.objects.filter(pk=case.pk).update(updated_at=clock.now(), supervised=True)
    assert TileChange.objects.filter(case_id=case.pk).count() == 1


@pytest.mark.parametrize(
    ("username", "filters"),
    [
        ("audit", Filters()),
        ("dispatch", Filters(text="井盖")),
        ("dispatch", Filters(open=True)),
        ("dispatch", Filters(stages=(Stage.CLOSED,))),
        ("dispatch", Filters(days=3)),
    ],
)
def test_what_sums_cannot_say_is_read_from_cases(username: str, filters: Filters) -> None:
    assert ended.sums(who(username), filters, DISTRICT, 12) is None
