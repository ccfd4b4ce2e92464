"""Days that do not count for somebody: leave, training, an area that cannot be patrolled."""

from dataclasses import dataclass
from datetime import date

from mengding.duty.models import Closure, Leave
from mengding.people import queries as people
from mengding.people.models import Post


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a day does not count. `kind`: leave, training, or closure with its `reason` (rain,
    snow, flood, road, other); `id` of the leave or the closure."""

    kind: str
    id: int
    reason: str = ""


def excluded(account_id: int, day: date) -> list[Exclusion]:
    """Why `day` (local) does not count for an account; empty: it counts.

    A closure counts for the posts whose whole area lies in it.
    """
    leaves = Leave.objects.filter(
        account=account_id, state="granted", first__lte=day, last__gte=day
    )
    found = [Exclusion(leave.kind, leave.pk) for leave in leaves]
    closures = list(Closure.objects.filter(active=True, first__lte=day, last__gte=day))
    if closures:
        regions = Post.objects.filter(account=account_id, active=True).values_list(
            "region", flat=True
        )
        known = people.tree()
        above = {pk for region in set(regions) for pk in known.chain(region)}
        found += [
            Exclusion("closure", closure.pk, closure.reason)
            for closure in closures
            if closure.region_id in above
        ]
    return found
