"""What the divisions ask of people: who acts for a division that shall go out of use."""

from collections.abc import Iterable

from mengding.core import dependents
from mengding.core.actor import Role
from mengding.core.dependents import NAMED, Dependents
from mengding.core.text import T
from mengding.people.models import ROLE_NAMES, Organisation, Post


def organisations_of_region(pk: int) -> Dependents | None:
    """Active organisations acting for a division."""
    rows = Organisation.objects.filter(region=pk, active=True).order_by("code")
    count = rows.count()
    text = T("{n} 个机构", "organisations: {n}").fill(n=count)
    names = tuple(rows.values_list("name", flat=True)[:NAMED])
    return Dependents("organisations", text, count, names) if count else None


def posts_of_region(pk: int) -> Dependents | None:
    """Active posts whose area a division is. Without names: who manages divisions sees no posts."""
    return _posts(Post.objects.filter(region=pk, active=True).values_list("role", flat=True))


def posts_of_organisation(pk: int) -> Dependents | None:
    """Active posts in an organisation."""
    return _posts(Post.objects.filter(organisation=pk, active=True).values_list("role", flat=True))


def organisations_below(pk: int) -> Dependents | None:
    """Active organisations directly below one."""
    rows = Organisation.objects.filter(parent=pk, active=True).order_by("code")
    count = rows.count()
    text = T("{n} 个下级机构", "organisations below it: {n}").fill(n=count)
    names = tuple(rows.values_list("name", flat=True)[:NAMED])
    return Dependents("children", text, count, names) if count else None


def _posts(roles: Iterable[str]) -> Dependents | None:
    held = list(roles)
    text = T("{n} 个在用岗位", "active posts: {n}").fill(n=len(held))
    names = tuple(ROLE_NAMES[Role(role)].said() for role in sorted(set(held)))[:NAMED]
    return Dependents("posts", text, len(held), names) if held else None


def register() -> None:
    """Called once, when the app is ready."""
    dependents.register("region", "organisations", organisations_of_region)
    dependents.register("region", "posts", posts_of_region)
    dependents.register("organisation", "posts", posts_of_organisation)
    dependents.register("organisation", "children", organisations_below)
