"""Sums of ended cases for a map (see `cases.tiles`), where they answer what is asked."""

from dataclasses import replace
from typing import Any

from django.db.models import BigIntegerField, F, FloatField, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast

from mengding.cases.models import Tile, TileChange
from mengding.cases.queries.filtering import Filters, in_region
from mengding.cases.tiles import EXACT, LEVELS, OF_CLASSES, OF_ORGS
from mengding.cases.visibility import area, departments
from mengding.core.actor import Actor
from mengding.regions import cells

_RANGES = 16


def sums(
    actor: Actor, filters: Filters, bbox: tuple[float, float, float, float], level: int
) -> list[QuerySet[Any, Any]] | None:
    """Rows (tile, count, sum of lon, sum of lat, sum of ids, 0, 0, 0), tiles at `level`, more than
    once and around the box too; None where the cases themselves have to be read: close to the
    ground, and with other filters than division and class.
    """
    orgs, place = departments(actor), area(actor)
    plain = replace(filters, bbox=None, open=None, region_code="", classes=()) == Filters()
    if filters.classes:
        levels: tuple[int, ...] = (OF_CLASSES,)
    else:
        levels = LEVELS if orgs is None else (OF_ORGS,)
    fine = next((each for each in levels if each >= level), None)
    if orgs is not None:  # what they did, wherever it lies
        narrowed = Q(orgs__overlap=orgs)
    elif place is not None:
        narrowed = _within(place)
    else:
        return None
    if not plain or filters.open is True or fine is None:
        return None
    spans = cells.ranges(bbox, max_ranges=_RANGES)
    if filters.region_code:
        narrowed &= _within(in_region(filters.region_code))
    if filters.classes:
        narrowed &= filters.of_class()
    up = 2 * (cells.ZOOM - fine)
    inside, noted = Q(), Q()
    for low, high in spans:
        inside |= Q(cell__range=(low >> up, high >> up))
        noted |= Q(cell__range=(low, high))
    tiles = Tile.objects.filter(
        narrowed, inside, level=fine, by_class=bool(filters.classes)
    ).annotate(tile=F("cell").bitrightshift(2 * (fine - level)))
    waiting = TileChange.objects.filter(narrowed, noted).annotate(
        tile=F("cell").bitrightshift(2 * (cells.ZOOM - level))
    )
    sign = F("sign")
    return [
        _row(tiles, Sum("n"), Sum("lon"), Sum("lat"), Sum("ids")),
        _row(
            waiting, Sum("sign"), Sum(sign * F("lon")), Sum(sign * F("lat")),
            Sum(sign * F("case_id")),
        ),
    ]  # fmt: skip


def _within(place: dict[str, int]) -> Q:
    return Q(**{name.removesuffix("_id"): pk for name, pk in place.items()})


def _row(rows: QuerySet[Any], count: Any, lon: Any, lat: Any, ids: Any) -> QuerySet[Any, Any]:
    names = ("count", "x", "y", "one", "red", "yellow", "green")
    zero = Value(0, BigIntegerField())
    made: QuerySet[Any, Any] = (
        rows.values("tile")
        .order_by()
        .annotate(
            count=Cast(count, BigIntegerField()),
            x=Cast(lon, FloatField()) / float(EXACT),
            y=Cast(lat, FloatField()) / float(EXACT),
            one=Cast(ids, BigIntegerField()),
            red=zero,
            yellow=zero,
            green=zero,
        )
        .values_list("tile", *names)
    )
    return made
