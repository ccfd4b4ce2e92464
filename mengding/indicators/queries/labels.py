"""What the rows of a table of numbers are called, and in which order they stand."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from mengding.cases.queries.columns import CHANNEL_NAMES
from mengding.core.actor import Role
from mengding.core.cache import Versioned
from mengding.core.text import T
from mengding.people.cache import Memory
from mengding.people.models import ROLE_NAMES, Organisation, Post
from mengding.regions.models import Region

NONE = T("未确定", "Not set")
TIERS = {
    "district": T("区级", "District"),
    "town": T("乡镇街道", "Town"),
    "village": T("村社区", "Village"),
}


def labels(by: str, keys: set[str]) -> dict[str, tuple[str, T]]:
    """Key → (code to sort and to filter by, name). Keys nobody knows any more keep their code."""
    match by:
        case "org":
            return _organisations(keys)
        case "region":
            return _regions(keys)
        case "class":
            return _classes(keys)
        case "channel":
            return {key: (key, CHANNEL_NAMES.get(key, T(key, key))) for key in keys}
        case "tier":
            return {key: (key, TIERS.get(key, NONE)) for key in keys}
        case "post":
            return _posts(keys)
    return {key: (key, NONE) for key in keys}


def place_name(place: int | None) -> T:
    """A division by its id, of which numbers are."""
    return labels("region", {str(place)})[str(place)][1] if place else T("全部", "All")


def place_code(place: int) -> str:
    """The code of a division; "" where there is none."""
    return labels("region", {str(place)})[str(place)][0]


def _numbers(keys: Iterable[str]) -> list[int]:
    return [int(key) for key in keys if key.isdecimal() and key != "0"]


# Everything that has a name, for the few seconds that people and places are remembered.
_names: Memory[str, dict[str, tuple[str, T]]] = Memory("Region", "Organisation")


def _named(rows: QuerySet[Any], keys: set[str], nothing: T) -> dict[str, tuple[str, T]]:
    def read(some: QuerySet[Any]) -> dict[str, tuple[str, T]]:
        columns = some.order_by().values_list("pk", "code", "name", "name_en")
        return {str(pk): (code, T(zh, en or zh)) for pk, code, zh, en in columns}

    known = _names.get(rows.model.__name__, lambda: read(rows))
    if new := _numbers(keys - known.keys()):  # made by another process a moment ago
        known = known | read(rows.filter(pk__in=new))
    return {key: known.get(key, ("", nothing)) for key in keys}


def _organisations(keys: set[str]) -> dict[str, tuple[str, T]]:
    return _named(Organisation.objects.all(), keys, T("尚未派遣", "Not dispatched"))


def _regions(keys: set[str]) -> dict[str, tuple[str, T]]:
    return _named(Region.objects.all(), keys, T("未定位", "No place"))


def _read_classes() -> dict[str, tuple[str, T]]:
    from mengding.catalogue.models import CaseClass

    # The newest version that knows a code gives it its name.
    rows = CaseClass.objects.order_by("version__published_at", "pk")
    return {code: (code, T(zh, en or zh)) for code, zh, en in rows.values_list("code", "zh", "en")}


_class_names = Versioned(_read_classes, 30.0)


def _classes(keys: set[str]) -> dict[str, tuple[str, T]]:
    found = _class_names.get()
    return {key: found.get(key, (key, T("未分类", "Not classified") if not key else T(key, key)))
            for key in keys}  # fmt: skip


def _posts(keys: set[str]) -> dict[str, tuple[str, T]]:
    rows = Post.objects.filter(pk__in=_numbers(keys)).select_related("account", "organisation")
    found = {}
    for row in rows:
        role = ROLE_NAMES[Role(row.role)]
        org = T(row.organisation.name, row.organisation.name_en or row.organisation.name)
        name = T(
            f"{org.zh} {role.zh} {row.account.name}", f"{org.en}, {role.en}, {row.account.name}"
        )
        found[str(row.pk)] = (f"{row.organisation.code} {row.role} {row.pk}", name)
    return {key: found.get(key, ("", T("系统或导入", "System or import"))) for key in keys}
