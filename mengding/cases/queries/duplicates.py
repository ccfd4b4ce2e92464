"""Cases that may be the same matter: near by, recent, alike in class or words."""

import math
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from mengding.cases.models import Case
from mengding.cases.queries.filtering import Filters, filtered
from mengding.cases.queries.lists import COLUMNS, listed
from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.regions import locate
from mengding.regions.locate import RegionChain
from mengding.regions.models import Region
from mengding.search.queries import most_alike
from mengding.search.text import bigrams

RADIUS_M = 150.0
DAYS = 30
# What is only alike, not near, has to share this much of the shorter text, and two pairs.
ALIKE = 0.34
# So many newest cases of the town are compared by their words; the index ranks them, and the
# best are read. Both bound the work in a district of a million cases.
_COMPARED, _READ = 800, 30
_M_PER_DEGREE = 111_320.0


def duplicate_candidates(
    actor: Actor,
    *,
    lon: float | None = None,
    lat: float | None = None,
    region_code: str = "",
    class_code: str = "",
    text: str = "",
    address: str = "",
    limit: int = 8,
) -> list[dict[str, Any]]:
    """Open visible cases of the last 30 days, most alike first.

    A case is one when it lies within 150 m of the coordinates, or shares enough of its words
    with `text` and `address` inside the same town (of the whole area while no place is known).
    Score 0–1: two fifths each from nearness and from shared pairs of characters, one fifth from
    the same class. Each says `distance_m` (None without coordinates), `similarity` (0–1) and
    what it shares.
    """
    if (lon is None) != (lat is None):
        raise Invalid(
            "coordinate_missing",
            T("经纬度必须成对。", "Give both lon and lat."),
            field="lon" if lon is None else "lat",
        )
    mine = bigrams(f"{text}\n{address}")
    chain = _chain(lon, lat, region_code)
    recent = filtered(actor, Filters(open=True, since=clock.now() - timedelta(days=DAYS)))
    rows: dict[int, dict[str, Any]] = {}
    if lon is not None and lat is not None:
        around = _around(actor, lon, lat).order_by("-reported_at").values(*COLUMNS)[:200]
        rows = {row["id"]: row for row in around}
    if mine:
        pool = recent.filter(town_id=chain.town_id) if chain and chain.town_id else recent
        ids = list(pool.order_by("-reported_at", "-pk").values_list("pk", flat=True)[:_COMPARED])
        best = [pk for pk in most_alike(f"{text}\n{address}", ids, _READ) if pk not in rows]
        rows |= {row["id"]: row for row in recent.filter(pk__in=best).values(*COLUMNS)}
    now = clock.now()
    found = []
    for row in rows.values():
        distance = _distance(lon, lat, row)
        shared = mine & (theirs := bigrams(f"{row['description']}\n{row['address']}"))
        alike = len(shared) / min(len(mine), len(theirs)) if shared else 0.0
        close = distance is not None and distance <= RADIUS_M
        if not close and (alike < ALIKE or len(shared) < 2):
            continue
        same_class = bool(class_code) and row["class_code"] == class_code
        score = 0.4 * _nearness(distance, chain, row) + 0.2 * same_class + 0.4 * alike
        found.append(
            listed(row, now)
            | {
                "score": round(score, 3),
                "distance_m": None if distance is None else round(distance),
                "similarity": round(alike, 2),
                "same_class": same_class,
                "shared": sorted(shared)[:12],
            }
        )
    return sorted(found, key=lambda row: -row["score"])[:limit]


def _chain(lon: float | None, lat: float | None, region_code: str) -> RegionChain | None:
    """The divisions of the place, as far as it is known; Invalid for an unknown code."""
    if region_code:
        region = Region.objects.filter(code=region_code).values_list("pk", flat=True).first()
        if region is None:
            raise Invalid(
                "region_unknown",
                T("没有这个区划代码。", "No division has this code."),
                field="region_code",
            )
        return locate.chain(region)
    if lon is not None and lat is not None:
        located = locate.locate(lon, lat).region_id
        return locate.chain(located) if located is not None else None
    return None


def _around(actor: Actor, lon: float, lat: float) -> QuerySet[Case]:
    dlat = RADIUS_M / _M_PER_DEGREE
    dlon = dlat / max(0.01, math.cos(math.radians(lat)))
    return filtered(
        actor,
        Filters(
            open=True,
            bbox=(
                max(-180.0, lon - dlon),
                max(-90.0, lat - dlat),
                min(180.0, lon + dlon),
                min(90.0, lat + dlat),
            ),
            since=clock.now() - timedelta(days=DAYS),
        ),
    )


def _nearness(distance: float | None, chain: RegionChain | None, row: dict[str, Any]) -> float:
    """0–1: by distance where both have coordinates, else by the smallest division they share."""
    if distance is not None:
        return max(0.0, 1 - distance / RADIUS_M)
    if chain is None:
        return 0.0
    if chain.village_id and chain.village_id == row["village_id"]:
        return 0.6
    return 0.3 if chain.town_id and chain.town_id == row["town_id"] else 0.0


def _distance(lon: float | None, lat: float | None, row: dict[str, Any]) -> float | None:
    """Metres, equirectangular: exact enough within a town."""
    if lon is None or lat is None or row["lon"] is None:
        return None
    x = math.radians(row["lon"] - lon) * math.cos(math.radians((lat + row["lat"]) / 2))
    return 6_371_000 * math.hypot(x, math.radians(row["lat"] - lat))
