"""Finding the posts that act in an import."""

from collections.abc import Callable

from mengding.core.actor import Actor, Role
from mengding.people import queries as people
from mengding.people.models import Post


def post_of(
    role: Role, *, organisation_id: int | None = None, region_id: int | None = None
) -> Actor | None:
    """The actor of the longest-standing active post of that role, there; or None."""
    posts = Post.objects.filter(role=role.value, active=True, account__is_active=True)
    if organisation_id is not None:
        posts = posts.filter(organisation_id=organisation_id)
    if region_id is not None:
        posts = posts.filter(region_id=region_id)
    found = posts.order_by("pk").values_list("account_id", "pk").first()
    return None if found is None else people.actor_in_post(*found)


def by_organisation() -> Callable[[int], Actor | None]:
    """The handler of an organisation, remembered."""
    known: dict[int, Actor | None] = {}

    def handler(org_id: int) -> Actor | None:
        if org_id not in known:
            known[org_id] = post_of(Role.HANDLER, organisation_id=org_id)
        return known[org_id]

    return handler
