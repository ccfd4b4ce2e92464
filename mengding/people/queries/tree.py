"""Which organisation: the department or centre nearest to a region. From memory, no query."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from mengding.people.cache import Memory
from mengding.people.models import Organisation, OrgKind
from mengding.regions.models import Region


@dataclass(frozen=True, slots=True)
class Tree:
    """All active organisations and the parents of all regions, as of at most 10 s ago.

    The organisations are shared between requests: read them, never change or save them.
    """

    parent_of: dict[int, int | None]  # region id -> id of the region above
    regions_under: dict[int, frozenset[int]]  # region id -> ids of the regions directly below
    by_id: dict[int, Organisation]
    centres: dict[int, Organisation]  # by region id
    departments: dict[tuple[str, int], Organisation]  # by (department_code, region id)
    orgs_under: dict[int, frozenset[int]]  # organisation id -> ids directly below

    def chain(self, region_id: int) -> Iterator[int]:
        """The region's id and those above it, nearest first."""
        at: int | None = region_id
        while at is not None:
            yield at
            at = self.parent_of.get(at)

    def subtree(self, org_id: int) -> frozenset[int]:
        """The organisation and everything below it."""
        return _closure(org_id, self.orgs_under)

    def regions_below(self, region_id: int) -> frozenset[int]:
        """The region and everything below it."""
        return _closure(region_id, self.regions_under)


def _closure(start: int, under: dict[int, frozenset[int]]) -> frozenset[int]:
    found = {start}
    edge = [start]
    while edge:
        below = under.get(edge.pop(), frozenset()) - found
        found |= below
        edge.extend(below)
    return frozenset(found)


_memory: Memory[str, Tree] = Memory("Region", "Organisation")


def tree() -> Tree:
    """The current tree (two queries when it has to be read again)."""
    return _memory.get("tree", _load)


def _load() -> Tree:
    parent_of: dict[int, int | None] = dict(Region.objects.order_by().values_list("pk", "parent"))
    orgs = list(Organisation.objects.filter(active=True).order_by("pk"))
    regions_under: defaultdict[int, set[int]] = defaultdict(set)
    for region_id, above in parent_of.items():
        if above is not None:
            regions_under[above].add(region_id)
    orgs_under: defaultdict[int, set[int]] = defaultdict(set)
    for org in orgs:
        if org.parent_id is not None:
            orgs_under[org.parent_id].add(org.pk)
    return Tree(
        parent_of=parent_of,
        regions_under={k: frozenset(v) for k, v in regions_under.items()},
        by_id={org.pk: org for org in orgs},
        centres={org.region_id: org for org in orgs if org.kind == OrgKind.CENTRE},
        departments={
            (org.department_code, org.region_id): org for org in orgs if org.department_code
        },
        orgs_under={k: frozenset(v) for k, v in orgs_under.items()},
    )


def organisation(org_id: int) -> Organisation | None:
    """An active organisation by id."""
    return tree().by_id.get(org_id)


def organisation_for(department_code: str, region: Region | int) -> Organisation | None:
    """The department nearest up the region tree (village, then town, then district)."""
    known = tree()
    for region_id in known.chain(_pk(region)):
        if (department_code, region_id) in known.departments:
            return known.departments[department_code, region_id]
    return None


def centre_of(region: Region | int) -> Organisation | None:
    """The centre that owns the cases of a region: its own, else the nearest above."""
    known = tree()
    for region_id in known.chain(_pk(region)):
        if region_id in known.centres:
            return known.centres[region_id]
    return None


def centre_above(org: Organisation | int) -> Organisation | None:
    """The next centre above an organisation's region; None at the top."""
    known = tree()
    here = known.by_id.get(org) if isinstance(org, int) else org
    above = known.parent_of.get(here.region_id) if here else None
    return centre_of(above) if above is not None else None


def upwards(org_id: int | None, *, centre: bool = False) -> Iterator[Organisation]:
    """The organisation and those above it, nearest first; of centres, those of the areas above."""
    org = organisation(org_id) if org_id is not None else None
    while org is not None:
        yield org
        if centre:
            org = centre_above(org)
        else:
            org = organisation(org.parent_id) if org.parent_id is not None else None


def centre_below(org: Organisation | int, region: Region | int) -> Organisation | None:
    """The first centre below an organisation on the way down to `region`.

    None when the region does not lie below the organisation's, or no centre stands between.
    """
    known = tree()
    here = known.by_id.get(org) if isinstance(org, int) else org
    if here is None:
        return None
    below: Organisation | None = None
    for region_id in known.chain(_pk(region)):
        if region_id == here.region_id:
            return below
        below = known.centres.get(region_id, below)
    return None


def within(region: Region | int, area: Region | int) -> bool:
    """Whether `region` is `area` or lies below it."""
    return _pk(area) in tree().chain(_pk(region))


def _pk(region: Region | int) -> int:
    return region if isinstance(region, int) else region.pk
