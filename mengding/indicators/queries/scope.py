"""Whose numbers an actor may see.

- A post of a centre sees the cases of its area, without confidential ones: not even as a count.
- A mediator sees those of the area, confidential ones too.
- A department sees what was dispatched to it and what lies below it, its own confidential ones
  too, and nothing else.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q

from mengding.core.actor import Actor, ActorKind, Level, Role
from mengding.core.errors import Invalid, NotFound
from mengding.core.text import T
from mengding.indicators.models import FrozenFact, Period
from mengding.indicators.queries.labels import place_code
from mengding.indicators.queries.once import once
from mengding.people import queries as people
from mengding.policy.permissions import require
from mengding.regions.models import Region

_DEPTH = {Level.DISTRICT: 0, Level.TOWN: 1, Level.VILLAGE: 2, Level.GRID: 3}
NO_CLASS = "-"
COLUMN = ("district", "town", "village", "grid")


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows numbers; everything that is given holds.

    `region`: code of a division, with everything below it, or a code with "-" behind it: what lies
    in it and in none below; `org`: exactly this organisation, 0: none yet; `class_code`: a code,
    the beginning of codes ("E04") or "-" for not classified; `channel`, `tier` ("district", "town",
    "village": of the centre that owns the case), `post`: who received, dispatched, ended or called.
    """

    region: str = ""
    org: int | None = None
    class_code: str = ""
    channel: str = ""
    tier: str = ""
    post: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Filters within what the actor may see. `level`: 0 district … 3 grid; `place` None: all.

    `orgs`: only these organisations' facts; `confidential`: whether such matters are in.
    """

    level: int
    place: int | None
    confidential: bool
    orgs: tuple[int, ...] | None = None
    class_code: str = ""
    channel: str = ""
    tier: str = ""
    post: int | None = None
    loose: bool = False  # in the place, and in no division below it

    @property
    def dims(self) -> frozenset[str]:
        """Dimensions that are filtered by, beside the place."""
        given = {
            "org": self.orgs is not None,
            "class_code": bool(self.class_code),
            "channel": bool(self.channel),
            "tier": bool(self.tier),
            "post": self.post is not None,
        }
        return frozenset(name for name, there in given.items() if there)


def scope_of(actor: Actor, filters: Filters, action: str = "indicators.read") -> Scope:
    """The scope; `NotAllowed` without the permission, `NotFound` for a division or organisation
    outside of what the actor may see. `action`: the permission, for numbers of another kind."""
    require(actor, action)
    scope = _own(actor)
    if filters.region:
        scope = _narrowed(scope, filters.region)
    if filters.org is not None:
        if scope.orgs is not None and filters.org not in scope.orgs:
            raise NotFound(
                "org_unknown",
                T("没有这个单位，或不属于您。", "No such organisation, or not yours."),
                field="org",
            )
        scope = replace(scope, orgs=(filters.org,))
    if filters.post is not None and filters.post != actor.post_id:
        posts_allowed(actor)
    return replace(
        scope,
        class_code=filters.class_code,
        channel=filters.channel,
        tier=filters.tier,
        post=filters.post,
    )


def area_code(scope: Scope) -> str:
    """Code of the division the numbers are about; "" for the whole platform."""
    return place_code(scope.place) if scope.place else ""


def posts_allowed(actor: Actor) -> None:
    """Numbers by post are for those who answer for the work; `Invalid` for anybody else.

    They are listed by organisation and role and never ranked (docs/boundaries.md).
    """
    if actor.kind is ActorKind.SYSTEM or actor.role is Role.SUPERVISOR:
        return
    raise Invalid(
        "posts_for_supervisors",
        T("按岗位统计只供督办员使用；您可以看自己的。",
          "Numbers by post are for supervisors; you can see your own."),
        field="by",
    )  # fmt: skip


def _own(actor: Actor) -> Scope:
    if actor.kind is ActorKind.SYSTEM:
        return Scope(0, None, confidential=True)
    assert actor.region_id is not None  # staff have a place
    assert actor.level is not None
    if actor.role is Role.HANDLER:
        # What was dispatched to a department counts wherever in the district it lies.
        *_, district = people.tree().chain(actor.region_id)
        return Scope(0, district, confidential=True, orgs=tuple(sorted(actor.org_ids)))
    return Scope(_DEPTH[actor.level], actor.region_id, confidential=actor.role is Role.MEDIATOR)


def _narrowed(scope: Scope, code: str) -> Scope:
    loose = code.endswith("-")
    code = code.removesuffix("-")
    rows = Region.objects.filter(code=code).values_list("pk", "level")
    found = once(("region", code), rows.first)
    if found is None or (
        scope.place is not None and scope.place not in people.tree().chain(found[0])
    ):
        raise NotFound(
            "region_unknown",
            T("没有这个区划，或不在您的辖区。", "No such division in your area."),
            field="region",
        )
    return replace(scope, place=found[0], level=_DEPTH[Level(found[1])], loose=loose)


def cases_in(actor: Actor) -> Q:
    """The condition on `Case` rows for those that an actor's numbers of cases are about: open
    ones of these are as many as 期末在办 says."""
    scope = scope_of(actor, Filters())
    found = Q() if scope.place is None else Q(**{f"{COLUMN[scope.level]}_id": scope.place})
    if not scope.confidential:
        found &= Q(confidential=False)
    if scope.orgs is not None:
        found &= Q(lead_org__in=scope.orgs)
    return found


def where(scope: Scope) -> tuple[str, list[Any]]:
    """The scope as a condition on facts: SQL and its parameters."""
    parts: list[str] = []
    values: list[Any] = []
    if scope.loose and scope.level < len(COLUMN) - 1:
        parts.append(f"{COLUMN[scope.level + 1]} = 0")
    if scope.place is not None:
        parts.append(f"{COLUMN[scope.level]} = %s")
        values.append(scope.place)
    if not scope.confidential:
        parts.append("NOT confidential")
    if scope.orgs is not None:
        # One is said plainly: then an index by organisation and day is read in its order.
        one = len(scope.orgs) == 1
        parts.append("org = %s" if one else "org = ANY(%s)")
        values.append(scope.orgs[0] if one else list(scope.orgs))
    if scope.class_code == NO_CLASS:
        parts.append("class_code = ''")
    elif scope.class_code:
        parts.append("starts_with(class_code, %s)")
        values.append(scope.class_code)
    for name in ("channel", "tier"):
        if given := getattr(scope, name):
            parts.append(f"{name} = %s")
            values.append(given)
    if scope.post is not None:
        parts.append("post = %s")
        values.append(scope.post)
    return " AND ".join(parts) or "true", values


def stood_open(period: Period) -> str:
    """SQL condition on its frozen facts: a case that stood open when the period ended."""
    kept = FrozenFact._meta.db_table
    return (
        f"{kept}.kind = 'in' AND NOT EXISTS (SELECT FROM {kept} o WHERE o.period_id = {period.pk:d}"
        f" AND o.case_id = {kept}.case_id AND o.kind = 'out')"
    )
