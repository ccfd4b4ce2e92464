"""What the console's maps are drawn on."""

from django.http import HttpRequest
from ninja import Field, Router, Schema

from mengding.desk.tiles import Tiles, tiles
from mengding.http.auth import allows

router = Router(tags=["regions"])


class TilesOut(Schema):
    """A tile server, or none: then a map is drawn from the boundaries of the divisions alone."""

    layers: list[list[str]] = Field(
        ...,
        description="Layers from the bottom up; each the addresses that serve it.",
        examples=[[["https://tile.example/{z}/{x}/{y}.png"]]],
    )
    attribution: str = Field(..., examples=["© 天地图 Tianditu"])
    max_zoom: int = Field(..., examples=[18])


@router.get("/regions/tiles", response=TilesOut, operation_id="regions_tiles")
@allows("regions.read")
def read_tiles(request: HttpRequest) -> Tiles:
    """The tile server of this installation; web mercator, WGS-84."""
    return tiles()
