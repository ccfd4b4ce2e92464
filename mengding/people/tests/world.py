"""A small district: one town with two villages, a centre on each tier, three departments."""

from dataclasses import dataclass, field
from functools import cache

from django.contrib.auth.hashers import make_password

from mengding.core.actor import Actor, Level, Role
from mengding.people import queries
from mengding.people.models import Account, Organisation, Post
from mengding.people.queries.identity import actor_in_post
from mengding.regions.models import Region

PASSWORD = "Tea-garden-2026"


@cache
def hashed() -> str:
    """The hash of `PASSWORD`: Argon2 is slow on purpose, so made once."""
    return make_password(PASSWORD)


@dataclass
class World:
    """The rows by short name, and makers of more."""

    regions: dict[str, Region] = field(default_factory=dict)
    orgs: dict[str, Organisation] = field(default_factory=dict)

    def region(self, name: str, code: str, level: Level, parent: str | None = None) -> Region:
        """A region below `parent`."""
        above = self.regions[parent] if parent else None
        path = f"{above.path}.{code}" if above else code
        self.regions[name] = Region.objects.create(
            code=code, level=level.value, name=name, parent=above, path=path
        )
        return self.regions[name]

    def org(self, code: str, kind: str, region: str, parent: str | None = None) -> Organisation:
        """An organisation; a department's code is the part before the dash."""
        self.orgs[code] = Organisation.objects.create(
            code=code,
            kind=kind,
            name=code,
            region=self.regions[region],
            parent=self.orgs[parent] if parent else None,
            department_code=code.partition("-")[0] if kind == "department" else "",
        )
        return self.orgs[code]

    def account(self, username: str, **more: object) -> Account:
        """An account whose password is `PASSWORD`."""
        return Account.objects.create(username=username, name=username, password=hashed(), **more)

    def post(self, account: Account, role: Role, org: str, region: str | None = None) -> Post:
        """A post, written directly."""
        where = self.regions[region] if region else self.orgs[org].region
        return Post.objects.create(
            account=account, role=role.value, organisation=self.orgs[org], region=where
        )

    def actor(self, role: Role, org: str = "centre-district", region: str | None = None) -> Actor:
        """The actor of a fresh account in a fresh post."""
        account = self.account(f"{role.value}{Account.objects.count()}")
        post = self.post(account, role, org, region)
        found = actor_in_post(account.pk, post.pk)
        assert found is not None
        return found


def build() -> World:
    """The district; see the module."""
    queries.forget()
    world = World()
    world.region("district", "511803", Level.DISTRICT)
    world.region("town", "511803100", Level.TOWN, "district")
    world.region("elsewhere", "511803101", Level.TOWN, "district")
    world.region("village", "511803100201", Level.VILLAGE, "town")
    world.region("hamlet", "511803100202", Level.VILLAGE, "town")
    world.region("grid", "511803100201001", Level.GRID, "village")
    world.org("centre-district", "centre", "district")
    world.org("centre-town", "centre", "town", "centre-district")
    world.org("centre-village", "centre", "village", "centre-town")
    world.org("urban-district", "department", "district")
    world.org("urban-town", "department", "town", "urban-district")
    world.org("water-district", "department", "district")
    return world
