"""Codes, parents and paths agree for every code there can be."""

from hypothesis import given
from hypothesis import strategies as st

from mengding.core.actor import Level
from mengding.regions import codes

counties = st.integers(110000, 659999).map(str)
parts = st.integers(1, 999).map(lambda n: f"{n:03d}")


@given(counties, parts, parts, st.integers(1, 8), st.data())
def test_levels_parents_and_paths_agree(
    county: str, town: str, village: str, digits: int, data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, 10**digits - 1))
    chain = [county, county + town, county + town + village]
    chain.append(f"{chain[-1]}{number:0{digits}d}")
    for level, code, above in zip(Level, chain, [None, *chain], strict=False):
        assert codes.level_of(code, digits) is level
        assert codes.parent_code(code) == above
        assert codes.path(code).split(".") == chain[: len(codes.path(code).split("."))]
        assert codes.path(code).endswith(code)
