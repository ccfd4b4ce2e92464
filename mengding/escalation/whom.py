"""Which posts a step tells: a role at an organisation that stands in a relation to the case."""

from dataclasses import dataclass

from mengding.cases.models import Case, WorkOrder
from mengding.cases.visibility import bearings
from mengding.clocks.models import Clock
from mengding.core.actor import Level, Role
from mengding.escalation.steps import Whom
from mengding.people import queries as people
from mengding.people.models import Post
from mengding.policy.permissions import sees


@dataclass(frozen=True, slots=True)
class Found:
    """Who is told for one entry of a step. `organisation` None: named posts, or nobody."""

    whom: Whom
    organisation: int | None
    posts: tuple[int, ...]


def find(case: Case, clock: Clock | None, whom: Whom) -> Found:
    """The posts now; where an organisation has none, those of the nearest above that has.

    Posts that may not see the case are left out: they would be told of nothing.
    """
    if whom.relation == "post":
        return Found(whom, None, _allowed(case, Post.objects.filter(pk__in=whom.posts)))
    start = _start(case, clock, whom)
    for org in people.upwards(start, centre=whom.relation in {"owner", "above", "tier"}):
        roles = [whom.role]
        if whom.role == Role.HANDLER and org.region_id == case.village_id:
            roles.append(Role.COLLECTOR)  # 自办: there its grid workers handle
        posts = _allowed(case, Post.objects.filter(organisation=org.pk, role__in=roles))
        if posts:
            return Found(whom, org.pk, posts)
    return Found(whom, start, ())


def _start(case: Case, clock: Clock | None, whom: Whom) -> int | None:
    match whom.relation:
        case "holder":
            return holder(case, clock)
        case "parent":
            org = people.organisation(holder(case, clock))
            return org.parent_id if org else None
        case "owner":
            return case.owner_org_id
        case "above":
            above = people.centre_above(case.owner_org_id)
            return above.pk if above else case.owner_org_id
    place = {
        Level.DISTRICT: case.district_id,
        Level.TOWN: case.town_id,
        Level.VILLAGE: case.village_id,
    }[Level(whom.tier)]
    centre = people.centre_of(place or case.district_id)
    return centre.pk if centre else None


def holder(case: Case, clock: Clock | None) -> int:
    """Who the clock lies with: the organisation of its order, else the owning centre."""
    if clock is not None and clock.order_id is not None:
        org = WorkOrder.objects.filter(pk=clock.order_id).values_list("organisation_id", flat=True)
        if found := org.first():
            return found
    return case.owner_org_id


def _allowed(case: Case, rows: "object") -> tuple[int, ...]:
    active = rows.filter(  # type: ignore[attr-defined]
        active=True, account__is_active=True, organisation__active=True
    )
    known = bearings(case)
    return tuple(
        pk
        for pk, account in active.order_by("pk").values_list("pk", "account_id")
        if (actor := people.actor_in_post(account, pk)) is not None and sees(actor, known)
    )
