"""How many warnings the last 90 days would have given with some settings and with those in force:
the real finder, once for each of those days. It takes a processor for up to a minute."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from mengding.core import clock
from mengding.regions import locate
from mengding.warnings import gathering
from mengding.warnings.facts import LOCAL, Facts, start_of
from mengding.warnings.finding import replayed
from mengding.warnings.kinds import Kind
from mengding.warnings.models import Crowd, Spot
from mengding.warnings.queries.rules import own_stages
from mengding.warnings.rules import Rules

DAYS = 90
_LOOKS = DAYS + 1
# The quick ones first, so that something is said soon; and about how long one of their looks
# takes beside the others', so that the progress moves evenly.
_WEIGHTS = {
    Kind.OVERDUE: 1,
    Kind.CROWD: 1,
    Kind.REPEAT: 2,
    Kind.SERIES: 4,
    Kind.SPIKE: 12,
    Kind.CLUSTER: 30,
}

Step = Callable[[int], None]


def size(kinds: list[str], tried: Rules, current: Rules) -> int:
    """What the progress adds up to."""
    return sum(_size(kind, tried, current) for kind in _wanted(kinds))


def counted(
    district: int, kinds: list[str], tried: Rules, current: Rules, step: Step
) -> Iterator[dict[str, Any]]:
    """{kind, tried, current}, each as soon as it is counted. `step`: told how much was done; what
    it raises ends the counting."""
    today = clock.now().astimezone(LOCAL).date()
    longest = max(tried.past_days, current.past_days) + DAYS
    facts = gathering.facts(district, start_of(today - timedelta(days=longest)), clock.now())
    for kind in _wanted(kinds):
        after = _raised(kind, district, facts, tried, today, step)
        same = _same(kind, tried, current)
        before = after if same else _raised(kind, district, facts, current, today, step)
        yield {"kind": kind.value, "tried": after, "current": before}


def following(kinds: list[str], answer: list[dict[str, Any]]) -> str | None:
    """The kind that is counted when these are."""
    have = {each["kind"] for each in answer}
    return next((kind.value for kind in _wanted(kinds) if kind.value not in have), None)


def _wanted(kinds: list[str]) -> list[Kind]:
    return [kind for kind in _WEIGHTS if kind.value in kinds]


def _size(kind: Kind, tried: Rules, current: Rules) -> int:
    return _WEIGHTS[kind] * _LOOKS * (1 if _same(kind, tried, current) else 2)


def _same(kind: Kind, tried: Rules, current: Rules) -> bool:
    return _settings_of(kind, tried) == _settings_of(kind, current)


def _settings_of(kind: Kind, rules: Rules) -> tuple[Any, ...]:
    """All that the number of its warnings depends on; `hours` is about their owners."""
    numbers = {name: value for name, value in rules.values[kind].items() if name != "hours"}
    return kind in rules.on, numbers, rules.without


def _raised(kind: Kind, district: int, facts: Facts, rules: Rules, today: date, step: Step) -> int:
    weight = _WEIGHTS[kind]
    if kind in rules.on and kind is not Kind.CROWD:
        return replayed(kind, facts, rules, today, DAYS, lambda: step(weight))
    raised = _crowds(district, rules, today) if kind in rules.on else 0
    step(weight * _LOOKS)
    return raised


def _crowds(district: int, rules: Rules, today: date) -> int:
    since = start_of(today - timedelta(days=DAYS))
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
