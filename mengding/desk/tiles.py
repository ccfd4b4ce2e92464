"""Pictures behind the maps: none unless the installation names a tile server.

Without one, maps are drawn from our own boundaries and need nothing from elsewhere. Coordinates are
WGS-84 everywhere, so a server of tiles in GCJ-02 must not be named: everything would lie some
hundred metres off.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TIANDITU = (
    "https://t{server}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER={layer}&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
    "&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_OSM = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


@dataclass(frozen=True, slots=True)
class Tiles:
    """Layers from the bottom up, each with the addresses that serve it (`{z}`, `{x}`, `{y}`)."""

    layers: tuple[tuple[str, ...], ...] = ()
    attribution: str = ""
    max_zoom: int = 18

    @property
    def hosts(self) -> tuple[str, ...]:
        """Origins a page must be allowed to load pictures from, each once."""
        found = [urlsplit(address) for layer in self.layers for address in layer]
        return tuple(dict.fromkeys(f"{each.scheme}://{each.netloc}" for each in found))


def tiles() -> Tiles:
    """What MENGDING_TILES names; raises `ImproperlyConfigured` saying what it may be."""
    return named(
        os.environ.get("MENGDING_TILES", ""), os.environ.get("MENGDING_TILES_ATTRIBUTION", "")
    )


@lru_cache(maxsize=8)
def named(setting: str, attribution: str = "") -> Tiles:
    """Empty, `osm`, `tianditu:<key>`, or an address with {z}, {x} and {y} (`-y` of TMS is none).

    Several addresses of one layer are separated by spaces.
    """
    setting = setting.strip()
    if not setting:
        return Tiles()
    if setting == "osm":
        return Tiles(((_OSM,),), attribution or "© OpenStreetMap contributors", 19)
    kind, _, key = setting.partition(":")
    if kind == "tianditu" and key:
        layers = tuple(
            tuple(_TIANDITU.format(server=n, layer=layer, key=quote(key)) for n in range(8))
            for layer in ("vec", "cva")  # the picture, and the names above it
        )
        return Tiles(layers, attribution or "© 天地图 Tianditu", 18)
    addresses = tuple(setting.split())
    for address in addresses:
        parts = urlsplit(address)
        whole = all(part in address for part in ("{z}", "{x}", "{y}"))
        if parts.scheme not in ("http", "https") or not _plain(parts.netloc) or not whole:
            raise ImproperlyConfigured(
                "MENGDING_TILES: osm, tianditu:<key> or https://…/{z}/{x}/{y}.png"
            )
    return Tiles((addresses,), attribution, 18)


def _plain(host: str) -> bool:
    """Whether a host can stand in a policy header: names, numbers, a port, nothing else."""
    return bool(host) and all(sign.isalnum() or sign in ".-:[]" for sign in host)
