"""Division codes, pure: 6 digits of the county, 3 of the town, 3 of the village, then the grid.

Towns: 001–099 街道 (subdistrict), 100–199 镇 (town), 200–399 乡 (township). Villages: 001–199
社区 (community), from 200 村 (village). Numbers above 399 for towns are in use for town-like
units (开发区, farms) and accepted as such. How many digits a grid adds differs by place.
"""

from enum import StrEnum

from mengding.core.actor import Level
from mengding.core.errors import Invalid
from mengding.core.text import T

LENGTHS = {Level.DISTRICT: 6, Level.TOWN: 9, Level.VILLAGE: 12}
PARENTS = {
    Level.DISTRICT: None,
    Level.TOWN: Level.DISTRICT,
    Level.VILLAGE: Level.TOWN,
    Level.GRID: Level.VILLAGE,
}
LEVEL_NAMES = {
    Level.DISTRICT: T("区县", "district"),
    Level.TOWN: T("镇街", "town"),
    Level.VILLAGE: T("村（社区）", "village or community"),
    Level.GRID: T("网格", "grid"),
}
GRID_DIGITS = range(1, 9)


class Kind(StrEnum):
    """What a division is called in everyday life, as far as its code tells."""

    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"  # 街道
    TOWN = "town"  # 镇
    TOWNSHIP = "township"  # 乡
    TOWN_LIKE = "town_like"
    COMMUNITY = "community"  # 社区
    VILLAGE = "village"  # 村
    GRID = "grid"


def length(level: Level, grid_digits: int) -> int:
    """How many digits a code of the level has."""
    return LENGTHS[Level.VILLAGE] + grid_digits if level is Level.GRID else LENGTHS[level]


def level_of(code: str, grid_digits: int) -> Level:
    """The level of a well-formed code; raises `Invalid` naming `code` otherwise."""
    for level in Level:
        if len(code) == length(level, grid_digits):
            check(code, level, grid_digits)
            return level
    raise _bad(
        code,
        T(
            f"代码应为 6、9、12 或 {12 + grid_digits} 位数字",
            f"a code has 6, 9, 12 or {12 + grid_digits} digits",
        ),
    )


def check(code: str, level: Level, grid_digits: int) -> None:
    """Raise `Invalid` naming `code` unless it is a code of the level."""
    digits = length(level, grid_digits)
    if len(code) != digits or not (code.isascii() and code.isdigit()):
        name = LEVEL_NAMES[level]
        raise _bad(
            code,
            T(f"{name.zh}代码应为 {digits} 位数字", f"a {name.en} code has {digits} digits"),
        )
    if code[0] == "0":
        raise _bad(code, T("首位不能为 0", "the first digit cannot be 0"))
    for start, stop, name in (
        (6, 9, T("镇街", "town")),
        (9, 12, T("村（社区）", "village")),
        (12, digits, T("网格", "grid")),
    ):
        part = code[start:stop]
        if part and not int(part):
            raise _bad(
                code,
                T(f"{name.zh}部分不能全为 0", f"the {name.en} part cannot be all zeros"),
            )


def parent_code(code: str) -> str | None:
    """The code one level up; None for a district. `code` must be well formed."""
    for shorter in (12, 9, 6):
        if len(code) > shorter:
            return code[:shorter]
    return None


def path(code: str) -> str:
    """The codes from the district down to this one, joined by dots (an ltree path)."""
    above = parent_code(code)
    return f"{path(above)}.{code}" if above else code


def kind(code: str) -> Kind:
    """What a well-formed code stands for."""
    match len(code):
        case 6:
            return Kind.DISTRICT
        case 9:
            number = int(code[6:])
            if number < 100:
                return Kind.SUBDISTRICT
            if number < 200:
                return Kind.TOWN
            return Kind.TOWNSHIP if number < 400 else Kind.TOWN_LIKE
        case 12:
            return Kind.COMMUNITY if int(code[9:]) < 200 else Kind.VILLAGE
    return Kind.GRID


def _bad(code: str, why: T) -> Invalid:
    shown = code if len(code) <= 30 else code[:30] + "…"
    return Invalid(
        "region_code_invalid",
        T("区划代码“{code}”有误：{why}。", "Division code “{code}” is wrong: {why}.").fill(
            code=shown, why=why
        ),
        field="code",
    )
