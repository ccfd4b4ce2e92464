"""Who sees what in the admin site: the three administrators, each their own part.

Anything not listed is closed to everyone: cases, evidence and contact data never show there.
"""

from mengding.core.actor import Role
from mengding.policy.permissions import ROLES

# "app" or "app.model" -> (action to view, action to add and change); None: never.
PARTS: dict[str, tuple[str, str | None]] = {
    "regions": ("regions.read", "regions.manage"),
    "catalogue": ("catalogue.read", "catalogue.manage"),
    "clocks": ("calendars.read", "calendars.manage"),
    "routing": ("routing.read", "routing.manage"),
    "people.organisation": ("organisations.read", "organisations.manage"),
    "people.account": ("accounts.read", "accounts.manage"),
    "people.post": ("accounts.read", "accounts.manage"),
    "people.token": ("accounts.read", "tokens.manage"),
    "ledger": ("ledger.read", None),
}


def permits(role: Role | None, permission: str) -> bool:
    """Whether an administrator holds a Django permission ("people.change_post")."""
    app, _, codename = permission.partition(".")
    verb, _, model = codename.partition("_")
    part = PARTS.get(f"{app}.{model}") or PARTS.get(app)
    if role is None or part is None or verb not in {"view", "add", "change"}:
        return False  # nothing is ever deleted there: things end, and stay in the books
    action = part[0] if verb == "view" else part[1]
    return action is not None and role in ROLES[action]


def permits_any(role: Role | None, app: str) -> bool:
    """Whether an administrator sees anything of an app."""
    return role is not None and any(
        role in ROLES[view] for name, (view, _) in PARTS.items() if name.partition(".")[0] == app
    )
