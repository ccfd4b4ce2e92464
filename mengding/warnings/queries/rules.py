"""Settings of warnings: in force, their history, and what others would have given."""

import contextlib
import functools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection

from mengding.catalogue import queries as catalogue
from mengding.core import clock
from mengding.core.actor import Actor, Level
from mengding.core.errors import Conflict, NotAllowed
from mengding.core.text import T
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.regions import locate
from mengding.warnings import classes, gathering
from mengding.warnings.facts import LOCAL, Facts, start_of
from mengding.warnings.finding import replayed
from mengding.warnings.kinds import Kind
from mengding.warnings.models import Crowd, RuleSet, Spot
from mengding.warnings.rules import SETTINGS, SHIPPED, Rules, document, parse

PREVIEW_DAYS = 90
_LOCK = 0x7761  # first half of an advisory lock; the second is the district


@functools.lru_cache(maxsize=64)
def _parsed(pk: int) -> Rules:
    row = RuleSet.objects.get(pk=pk)  # a version never changes
    return parse(row.version, row.document)


def rules_of(district: int) -> Rules:
    """In force in a district; as shipped where nobody has published any."""
    rows = RuleSet.objects.filter(district=district).order_by("-version")
    newest = rows.values_list("pk", flat=True).first()
    return SHIPPED if newest is None else _parsed(newest)


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
    """What differs between two documents: field, before, after."""
    found = [
        {"field": f"kinds.{kind}.{name}", "before": was, "after": after["kinds"][kind].get(name)}
        for kind, values in before["kinds"].items()
        for name, was in values.items()
        if after["kinds"][kind].get(name) != was
    ]
    if before["without"] != after["without"]:
        found.append({"field": "without", "before": before["without"], "after": after["without"]})
    return found


def preview(actor: Actor, said: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    """How many warnings the last 90 days would have given, by kind, with these settings and with
    those in force: the real finder, once for each of those days. `kinds`: only these. It takes a
    processor for some seconds, so one at a time for a district: `Conflict` while another runs."""
    require(actor, "warnings.configure")
    district = district_of(actor)
    wanted = [kind for kind in Kind if not kinds or kind.value in kinds]
    tried, current = parse(0, said, known_classes()), rules_of(district)
    with _alone(district):
        today = clock.now().astimezone(LOCAL).date()
        longest = max(tried.past_days, current.past_days) + PREVIEW_DAYS
        facts = gathering.facts(district, start_of(today - timedelta(days=longest)), clock.now())
        rows = []
        for kind in wanted:
            after = _raised(kind, district, facts, tried, today)
            same = _settings_of(kind, tried) == _settings_of(kind, current)
            before = after if same else _raised(kind, district, facts, current, today)
            rows.append({"kind": kind.value, "tried": after, "current": before})
    return {"days": PREVIEW_DAYS, "items": rows}


@contextlib.contextmanager
def _alone(district: int) -> Iterator[None]:
    """Hold the district's only place for a preview; it ends with the connection at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, district % 2**31])
        if not cursor.fetchone()[0]:
            raise Conflict(
                "preview_running",
                T(
                    "本区正有一次试算在运行，请几秒后再试。",
                    "A preview of this district is being made just now: try again in some seconds.",
                ),
            )
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, district % 2**31])


def _settings_of(kind: Kind, rules: Rules) -> tuple[Any, ...]:
    """All that the number of its warnings depends on; `hours` is about their owners."""
    numbers = {name: value for name, value in rules.values[kind].items() if name != "hours"}
    return kind in rules.on, numbers, rules.without


def _raised(kind: Kind, district: int, facts: Facts, rules: Rules, today: date) -> int:
    if kind not in rules.on:
        return 0
    if kind is Kind.CROWD:
        return _crowds(district, rules, today)
    return replayed(kind, facts, rules, today, PREVIEW_DAYS)


def _crowds(district: int, rules: Rules, today: Any) -> int:
    since = start_of(today - timedelta(days=PREVIEW_DAYS))
    raised = 0
    spots = {spot.pk: spot for spot in Spot.objects.all()}
    inside = {
        pk for pk, spot in spots.items() if locate.chain(spot.region_id).district_id == district
    }
    stage: dict[int, int] = {}
    last: dict[tuple[int, int], Any] = {}
    rows = Crowd.objects.filter(spot__in=inside, until__gte=since).order_by("until")
    for row in rows.iterator(chunk_size=5000):
        spot = spots[row.spot_id]
        stages = rules.stages(own_stages(spot))
        now_at = stages.stage(row.people, spot.capacity, stage.get(row.spot_id, 0))
        stage[row.spot_id] = now_at
        if now_at:
            key = (row.spot_id, now_at)
            if key not in last or row.until - last[key] > timedelta(hours=3):
                raised += 1
            last[key] = row.until
    return raised


def own_stages(spot: Spot) -> tuple[int, int, int] | None:
    """A spot's own percentages, or None."""
    return (spot.stages[0], spot.stages[1], spot.stages[2]) if spot.stages else None
