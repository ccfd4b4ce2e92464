"""Which tile server a page may use."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from mengding.demo.secrets import token
from mengding.desk.tiles import Tiles, named
from mengding.desk.views import policy


def test_none_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENGDING_TILES", raising=False)
    assert named("") == Tiles()
    assert "http" not in policy()
    assert "worker-src 'self'" in policy()


@pytest.mark.parametrize(
    ("setting", "hosts", "layers"),
    [
        ("osm", ("https://tile.openstreetmap.org",), 1),
        ("https://tiles.example:8443/a/{z}/{x}/{y}.png", ("https://tiles.example:8443",), 1),
        (
            "https://a.example/{z}/{x}/{y} https://b.example/{z}/{x}/{y}",
            ("https://a.example", "https://b.example"),
            1,
        ),
    ],
)
def test_a_named_server_and_nothing_else_is_allowed(
    monkeypatch: pytest.MonkeyPatch, setting: str, hosts: tuple[str, ...], layers: int
) -> None:
    monkeypatch.setenv("MENGDING_TILES", setting)
    assert named(setting).hosts == hosts
    assert len(named(setting).layers) == layers
    assert f"connect-src 'self' {' '.join(hosts)};" in policy()
    assert f"img-src 'self' data: blob: {' '.join(hosts)};" in policy()


def test_tianditu_has_names_above_its_picture() -> None:
    found = named("tianditu:0123abc")
    assert len(found.layers) == 2
    assert len(found.hosts) == 8
    address = found.layers[0][0]
    assert address.startswith("https://t0.tianditu.gov.cn/vec_w/wmts?")
    assert address.endswith("&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=0123abc")
    assert "天地图" in found.attribution


@pytest.mark.parametrize(
    "setting",
    [
        "google",
        "tianditu:",
        "ftp://x/{z}/{x}/{y}",
        "https://x.example/{z}/{x}",
        "https://x;script-src/{z}/{x}/{y}",
        "https:///{z}/{x}/{y}",
    ],
)
def test_anything_else_is_refused_in_words(setting: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MENGDING_TILES"):
        named(setting)


@pytest.mark.usefixtures("world")
@pytest.mark.django_db
def test_the_page_asks_for_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENGDING_TILES", "https://x.example/{z}/{x}/{y}.png")
    monkeypatch.setenv("MENGDING_TILES_ATTRIBUTION", "某某测绘")
    answer = client.get(
        "/api/v1/regions/tiles", headers={"Authorization": f"Bearer {token('desk')}"}
    )
    assert answer.json() == {
        "layers": [["https://x.example/{z}/{x}/{y}.png"]],
        "attribution": "某某测绘",
        "max_zoom": 18,
    }
