"""The versions of a district's rates."""

from typing import Any

from mengding.core import clock
from mengding.core.actor import Actor
from mengding.core.errors import NotAllowed
from mengding.core.text import T
from mengding.costs.activities import (
    ACTIVITIES,
    GROUPS,
    MERGE_ASSUMES,
    MERGE_METHOD,
    SELF_ASSUMES,
    SELF_METHOD,
)
from mengding.costs.models import RateVersion, Recount
from mengding.costs.rates import SETTINGS, Version, version_of, version_on
from mengding.indicators.facts import local_day
from mengding.people import queries as people
from mengding.people.models import Organisation
from mengding.policy.permissions import can, require
from mengding.regions import locate


def district_of(actor: Actor) -> int:
    """The district the actor's area lies in; `NotAllowed` for who has none."""
    if actor.region_id is None:
        raise NotAllowed(
            "not_allowed", T("您没有所属区县。", "You belong to no district."), action="costs.read"
        )
    *_, district = people.tree().chain(actor.region_id)
    return district


def series(district: int) -> list[Version]:
    """All versions of a district, in the order of their numbers."""
    rows = list(RateVersion.objects.filter(district=district).order_by("number"))
    codes = {code for row in rows for code in row.document["departments"]}
    ids = dict(Organisation.objects.filter(code__in=codes).values_list("code", "pk"))
    return [version_of(row.number, row.starts_on, row.document, ids) for row in rows]


def names(ids: set[int]) -> dict[int, str]:
    """What the ledger calls versions of rates."""
    rows = RateVersion.objects.filter(pk__in=ids).select_related("district")
    return {row.pk: f"{row.district.name} 成本标准 v{row.number}" for row in rows}


def waiting(district: int) -> bool:
    """Whether cases of the district are still to be reckoned with its first rates."""
    return Recount.objects.filter(district=district).exists()


def rates_page(actor: Actor) -> dict[str, Any]:
    """All versions, newest first, what can be rated, and the methods in words."""
    require(actor, "costs.read")
    district = district_of(actor)
    rows = list(RateVersion.objects.filter(district=district).order_by("-number"))
    held = version_on(series(district), local_day(clock.now()))
    orgs = Organisation.objects.filter(active=True).order_by("code")
    return {
        "activities": [
            {
                "code": each.code,
                "name": each.name,
                "counts": each.counts,
                "group": each.group,
                "group_name": GROUPS[each.group],
                "timed": each.timed,
                "again": each.again,
            }
            for each in ACTIVITIES
        ],
        "settings": [
            {"code": code, "least": least, "most": most, "default": default}
            for code, (least, most, default) in SETTINGS.items()
        ],
        "methods": {
            "merge": {"formula": MERGE_METHOD, "assumes": MERGE_ASSUMES},
            "self": {"formula": SELF_METHOD, "assumes": SELF_ASSUMES},
        },
        "organisations": [
            {"code": row.code, "name": T(row.name, row.name_en or row.name)}
            for row in orgs
            if people.within(row.region_id, district)
        ],
        "items": [
            {
                "number": row.number,
                "starts_on": row.starts_on,
                "published_at": row.published_at,
                "document": row.document,
                "in_force": held is not None and held.number == row.number,
            }
            for row in rows
        ],
        "may_publish": can(actor, "costs.rates", locate.chain(district)),
        "recounting": waiting(district),
    }
