"""Routing rules: ordered, first match wins, and every match says why. Pure, no Django.

A rule looks at codes, never at labels; an empty condition means "any". When no rule matches, the
class's default department at district tier takes the case, and the match says so.
"""

from mengding.routing.rules.dry import Destination, DryRun, Sample, dry_run
from mengding.routing.rules.match import Index, route
from mengding.routing.rules.miss import Miss, misses
from mengding.routing.rules.parts import (
    CENTRE,
    DEFAULT_DEPARTMENT,
    TIERS,
    Codes,
    Conditions,
    Facts,
    Match,
    Rule,
    Target,
    Tier,
)
from mengding.routing.rules.reach import Unreachable, unreachable

__all__ = [
    "CENTRE",
    "DEFAULT_DEPARTMENT",
    "TIERS",
    "Codes",
    "Conditions",
    "Destination",
    "DryRun",
    "Facts",
    "Index",
    "Match",
    "Miss",
    "Rule",
    "Sample",
    "Target",
    "Tier",
    "Unreachable",
    "dry_run",
    "misses",
    "route",
    "unreachable",
]
