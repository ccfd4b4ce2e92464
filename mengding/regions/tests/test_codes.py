"""Division codes."""

import csv

import pytest

from mengding.core.actor import Level
from mengding.core.errors import Invalid
from mengding.regions import codes, demo
from mengding.regions.codes import Kind


@pytest.mark.parametrize(
    ("code", "level", "kind", "path"),
    [
        ("511803", Level.DISTRICT, Kind.DISTRICT, "511803"),
        ("511803001", Level.TOWN, Kind.SUBDISTRICT, "511803.511803001"),
        ("511803100", Level.TOWN, Kind.TOWN, "511803.511803100"),
        ("511803200", Level.TOWN, Kind.TOWNSHIP, "511803.511803200"),
        ("511803400", Level.TOWN, Kind.TOWN_LIKE, "511803.511803400"),
        ("511803001001", Level.VILLAGE, Kind.COMMUNITY, "511803.511803001.511803001001"),
        ("511803001200", Level.VILLAGE, Kind.VILLAGE, "511803.511803001.511803001200"),
    ],
)
def test_what_a_code_says(code: str, level: Level, kind: Kind, path: str) -> None:
    assert codes.level_of(code, 3) is level
    assert codes.kind(code) is kind
    assert codes.path(code) == path


def test_a_grids_suffix_has_the_length_of_the_place() -> None:
    assert codes.level_of("51180300100107", 2) is Level.GRID
    assert codes.parent_code("51180300100107") == "511803001001"
    with pytest.raises(Invalid, match="15"):
        codes.level_of("51180300100107", 3)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "5118",
        "51180x",
        "５１１８０３",
        "011803",
        "511803000",
        "511803001000",
        "511803001001000",
    ],
)
def test_bad_codes_name_the_field(code: str) -> None:
    with pytest.raises(Invalid) as refused:
        codes.level_of(code, 3)
    assert refused.value.field == "code"


def test_every_code_of_the_demo_district_says_what_its_name_says() -> None:
    with demo.DATA.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 115
    for row in rows:
        town = codes.kind(row["town_code9"])
        assert (town is Kind.SUBDISTRICT) == row["town"].endswith("街道")
        village = codes.kind(row["village_code12"])
        assert (village is Kind.COMMUNITY) == row["village"].endswith("居委会")
