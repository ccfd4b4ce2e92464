"""What other parts are told at start."""

from mengding.ledger import naming
from mengding.people.queries import account_names
from mengding.positions.models import Device, Look


def device_names(ids: set[int]) -> dict[int, str]:
    """How the ledger calls devices: by what their owner called them."""
    return dict(Device.objects.filter(pk__in=ids).values_list("pk", "name"))


def look_names(ids: set[int]) -> dict[int, str]:
    """How the ledger calls looks: by the names of whose way was looked at."""
    rows = list(
        Look.objects.filter(pk__in=ids).values_list("pk", "subjects__account_id").order_by("pk")
    )
    names = account_names(account for _, account in rows)
    found: dict[int, list[str]] = {}
    for pk, account in rows:
        found.setdefault(pk, []).append(names.get(account, ""))
    return {pk: "、".join(people) for pk, people in found.items()}


def register() -> None:
    """Called when the app is ready."""
    naming.register("device", device_names)
    naming.register("look", look_names)
