"""Where a case lies: from coordinates, from a named division, or from the post that took it."""

from dataclasses import dataclass

from mengding.cases.models import Case
from mengding.core.actor import Actor
from mengding.core.errors import Invalid
from mengding.core.text import T
from mengding.regions import cells, locate
from mengding.regions.models import Region


@dataclass(frozen=True, slots=True)
class Place:
    """A place with its chain of divisions; satisfies `policy.permissions.Place`.

    `region_codes`: from the district down. `lon`/`lat`: WGS-84 degrees, or None.
    """

    lon: float | None
    lat: float | None
    cell: int | None
    district_id: int | None
    town_id: int | None
    village_id: int | None
    grid_id: int | None
    region_codes: tuple[str, ...]

    @property
    def region_ids(self) -> list[int]:
        """Ids of the chain from the district down, as far as known."""
        chain = (self.district_id, self.town_id, self.village_id, self.grid_id)
        return [region for region in chain if region is not None]

    @property
    def region_id(self) -> int | None:
        """The deepest known division."""
        return self.grid_id or self.village_id or self.town_id or self.district_id

    @classmethod
    def stored(cls, case: Case) -> "Place":
        """The place a case was filed under."""
        region_id = case.grid_id or case.village_id or case.town_id or case.district_id
        return cls(
            lon=case.lon,
            lat=case.lat,
            cell=case.cell,
            district_id=case.district_id,
            town_id=case.town_id,
            village_id=case.village_id,
            grid_id=case.grid_id,
            region_codes=tuple(locate.chain(region_id).path.split(".")),
        )


def resolve(actor: Actor, lon: float | None, lat: float | None, region_code: str | None) -> Place:
    """The place of a report. A named division wins over the one the coordinates lie in.

    Raises `Invalid` naming `lon`, `lat` or `region_code`.
    """
    if (lon is None) != (lat is None):
        field = "lon" if lon is None else "lat"
        raise Invalid(
            "coordinate_missing", T("经纬度必须成对。", "Give both lon and lat."), field=field
        )
    cell = None
    if lon is not None and lat is not None:
        if not -180 <= lon <= 180:
            raise Invalid("lon_range", T("经度超出范围。", "lon is out of range."), field="lon")
        if not -90 <= lat <= 90:
            raise Invalid("lat_range", T("纬度超出范围。", "lat is out of range."), field="lat")
        cell = cells.cell(lon, lat)
    region_id = actor.region_id
    if region_code:
        region_id = (
            Region.objects.filter(code=region_code, active=True)
            .values_list("pk", flat=True)
            .first()
        )
        if region_id is None:
            raise Invalid(
                "region_unknown",
                T("没有代码为 {code} 的区划。", "No division has the code {code}.").fill(
                    code=region_code
                ),
                field="region_code",
            )
    elif lon is not None and lat is not None:
        located = locate.locate(lon, lat)
        if located.region_id is None:
            raise Invalid(
                "outside_area",
                T("该位置不在本平台覆盖范围内。", "This place is outside the area we cover."),
                field="lat",
            )
        region_id = located.region_id
    if region_id is None:
        raise Invalid(
            "place_missing", T("请给出位置或区划。", "Give a place or a division."), field="lat"
        )
    chain = locate.chain(region_id)
    return Place(
        lon=lon,
        lat=lat,
        cell=cell,
        district_id=chain.district_id,
        town_id=chain.town_id,
        village_id=chain.village_id,
        grid_id=chain.grid_id,
        region_codes=tuple(chain.path.split(".")),
    )
