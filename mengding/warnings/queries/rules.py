"""Settings of warnings: in force, and their history."""

import functools
from typing import Any

from mengding.catalogue import queries as catalogue
from mengding.core.actor import Actor, Level
from mengding.core.errors import NotAllowed
from mengding.core.text import T
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.warnings import classes
from mengding.warnings.kinds import Kind
from mengding.warnings.models import RuleSet, Spot
from mengding.warnings.rules import SETTINGS, SHIPPED, Rules, document, parse


@functools.lru_cache(maxsize=64)
def _parsed(pk: int) -> Rules:
    row = RuleSet.objects.get(pk=pk)  # a version never changes
    return parse(row.version, row.document)


def rules_of(district: int) -> Rules:
    """In force in a district; as shipped where nobody has published any."""
    rows = RuleSet.objects.filter(district=district).order_by("-version")
    newest = rows.values_list("pk", flat=True).first()
    return SHIPPED if newest is None else _parsed(newest)


def rules_at(district: int, version: int) -> Rules:
    """One version of a district; 0: as shipped."""
    if version == 0:
        return SHIPPED
    return _parsed(
        RuleSet.objects.values_list("pk", flat=True).get(district=district, version=version)
    )


def rules_for(region: int) -> Rules:
    """In force where a division lies."""
    district = locate.chain(region).district_id
    assert district is not None  # every division lies in a district
    return rules_of(district)


def district_of(actor: Actor) -> int:
    """The district whose settings the actor may read or change: the one of its own post."""
    if actor.region_id is None or actor.level is not Level.DISTRICT:
        raise NotAllowed(
            "district_only",
            T("参数由区级岗位设置。", "Settings are made by posts of the district."),
            action="warnings.configure",
        )
    return actor.region_id


def known_classes() -> list[str]:
    """Codes of the catalogue that take part at all."""
    return [each["code"] for each in _taking_part()]


def _taking_part() -> list[dict[str, Any]]:
    version = catalogue.active_version()
    return [
        {"code": each.code, "name": each.name}
        for each in catalogue.classes(version)
        if classes.takes_part(each.code, confidential=each.confidential)
    ]


def settings(actor: Actor) -> dict[str, Any]:
    """In force, with the limits of every setting, the classes that take part, and the history."""
    require(actor, "warnings.configure")
    district = district_of(actor)
    rules = rules_of(district)
    return {
        "version": rules.version,
        "document": document(rules),
        "limits": {
            kind.value: [
                {
                    "name": name, "shipped": each.shipped, "least": each.least,
                    "most": each.most, "whole": each.whole,
                }
                for name, each in SETTINGS[kind].items()
            ]
            for kind in Kind
        },
        "classes": _taking_part(),
        "history": _history(district),
    }  # fmt: skip


def _history(district: int) -> list[dict[str, Any]]:
    rows = list(RuleSet.objects.filter(district=district).order_by("version"))
    names = people.account_names({row.made_by for row in rows})
    said, before = [], document(SHIPPED)
    for row in rows:
        said.append(
            {
                "version": row.version,
                "made_at": row.made_at,
                "made_by": names.get(row.made_by),
                "changes": changes(before, row.document),
            }
        )
        before = row.document
    return said[::-1][:50]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What differs between two documents: field, before, after. A setting that one of them does
    not know is younger than it, and no change."""
    found = [
        {"field": f"kinds.{kind}.{name}", "before": was, "after": now[name]}
        for kind, values in before["kinds"].items()
        for name, was in values.items()
        if name in (now := after["kinds"].get(kind, {})) and now[name] != was
    ]
    if before["without"] != after["without"]:
        found.append({"field": "without", "before": before["without"], "after": after["without"]})
    return found


def own_stages(spot: Spot) -> tuple[int, int, int] | None:
    """A spot's own percentages, or None."""
    return (spot.stages[0], spot.stages[1], spot.stages[2]) if spot.stages else None
