"""Hazards found by an inspection, said to be mended, and not inspected again in time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from mengding.warnings.facts import Facts, Found, Recheck
from mengding.warnings.kinds import Kind
from mengding.warnings.rules import Rules


class Overdue:
    """A watch."""

    def __init__(self, facts: Facts, rules: Rules, since: date, until: date) -> None:
        self._rechecks = [row for row in facts.rechecks if rules.takes_part(row.code)]
        self._grace = timedelta(days=rules.whole(Kind.OVERDUE, "grace_days"))

    def _late(self, now: datetime) -> Iterator[Recheck]:
        for row in self._rechecks:
            if now > row.due_at + self._grace and (row.ended_at is None or row.ended_at > now):
                yield row

    def keys(self, now: datetime) -> Iterator[tuple[str, frozenset[int]]]:
        """The finding."""
        for row in self._late(now):
            yield f"finding:{row.finding}", frozenset()

    def found(self, now: datetime) -> Iterator[Found]:
        """With the days it is late."""
        for row in self._late(now):
            days = (now - row.due_at).days
            yield Found(
                Kind.OVERDUE,
                f"finding:{row.finding}",
                row.region,
                row.due_at,
                now,
                days,
                0,
                self._grace.days,
                row.code,
                detail={"finding": row.finding, "days": days},
            )
